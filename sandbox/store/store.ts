import { User, type UserOptions } from './user.ts';

/**
 * The mail of all users, each with a store of their own. It outlives the server that shows it, so that a test can take
 * a server down and start another on the same mail.
 */
export class Store {
  readonly #users = new Map<string, User>();
  readonly #now: () => number;
  #uidValidity: number;

  constructor(options: { readonly now?: () => number } = {}) {
    this.#now = options.now ?? Date.now;
    this.#uidValidity = Math.floor(this.#now() / 1000);
  }

  get users(): readonly User[] {
    return [...this.#users.values()];
  }

  addUser(options: UserOptions): User {
    const key = options.name.toLowerCase();
    if (this.#users.has(key)) throw new Error(`The sandbox has a user ${options.name} already`);
    const user = new User(options, {
      now: this.#now,
      nextUidValidity: () => {
        this.#uidValidity += 1;
        return this.#uidValidity;
      },
    });
    this.#users.set(key, user);
    return user;
  }

  /** The user of that name, whatever its case; throws if there is none. */
  user(name: string): User {
    const user = this.findUser(name);
    if (user === undefined) throw new Error(`The sandbox has no user ${name}`);
    return user;
  }

  findUser(name: string): User | undefined {
    return this.#users.get(name.toLowerCase());
  }

  removeUser(name: string): void {
    const user = this.user(name);
    for (const wire of user.folders.keys()) user.removeFolder({ wire });
    this.#users.delete(name.toLowerCase());
  }
}
