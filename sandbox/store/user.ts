import { encodeMailboxName } from '../utf7.ts';
import { Folder, type FolderOptions } from './folder.ts';
import type { NewMessage, StoredMessage } from './message.ts';

/** A limit on one user's store; exceeding it is answered `NO [OVERQUOTA]`. */
export interface Quota {
  readonly bytes?: number;
  readonly messages?: number;
}

export interface UserOptions {
  readonly name: string;
  /** Without one, only tokens or an administrator open the store. */
  readonly password?: string;
  /** Whose stores this user may open by an authorisation identity (RFC 4616). Default: nobody's. */
  readonly actsFor?: 'everyone' | readonly string[];
  readonly quota?: Quota;
}

/**
 * How the methods for tests name folders: a Unicode path as the server lists it (with the namespace's prefix and
 * delimiter), or the exact octets on the wire, for names that are no valid modified UTF-7.
 */
export type FolderName = string | { readonly wire: string };

/** One user's store: folders by their names on the wire, subscriptions, quota. INBOX is always there. */
export class User {
  readonly name: string;
  password: string | undefined;
  actsFor: 'everyone' | readonly string[];
  quota: Quota;
  readonly #folders = new Map<string, Folder>();
  readonly #subscriptions = new Set<string>();
  readonly #usage = { bytes: 0, messages: 0 };
  readonly #context: { readonly now: () => number; readonly nextUidValidity: () => number };

  constructor(options: UserOptions, context: { readonly now: () => number; readonly nextUidValidity: () => number }) {
    this.name = options.name;
    this.password = options.password;
    this.actsFor = options.actsFor ?? [];
    this.quota = options.quota ?? {};
    this.#context = context;
    this.addFolder('INBOX');
  }

  /** Folders by their names on the wire, in the order of creation. */
  get folders(): ReadonlyMap<string, Folder> {
    return this.#folders;
  }

  /** Names on the wire. */
  get subscriptions(): ReadonlySet<string> {
    return this.#subscriptions;
  }

  get usage(): Readonly<Required<Quota>> {
    return this.#usage;
  }

  /** The folder, or undefined. */
  findFolder(name: FolderName): Folder | undefined {
    return this.#folders.get(wireName(name));
  }

  /** The folder; throws if it is not there. */
  folder(name: FolderName): Folder {
    const folder = this.findFolder(name);
    if (folder === undefined) throw new Error(`${this.name} has no folder ${wireName(name)} in the sandbox`);
    return folder;
  }

  /** Creates a folder, or answers the one that is there. Parents need not exist: LIST shows them as \Noselect. */
  addFolder(name: FolderName, options: FolderOptions = {}): Folder {
    const wire = wireName(name);
    const present = this.#folders.get(wire);
    if (present !== undefined) return present;
    const folder = new Folder(
      { ...options, uidValidity: options.uidValidity ?? this.#context.nextUidValidity() },
      {
        now: this.#context.now,
        account: (bytes, messages) => {
          this.#usage.bytes += bytes;
          this.#usage.messages += messages;
        },
      },
    );
    this.#folders.set(wire, folder);
    if (options.subscribed === true) this.#subscriptions.add(wire);
    return folder;
  }

  /** Removes a folder with its messages; sessions that have it selected lose it. */
  removeFolder(name: FolderName): void {
    const folder = this.folder(name);
    this.#folders.delete(wireName(name));
    folder.expunge(folder.messages.map((message) => message.uid));
    folder.invalidate();
  }

  /** Renames one folder; what lies below it is not touched. UIDs and UIDVALIDITY stay. */
  renameFolder(from: FolderName, to: FolderName): void {
    const folder = this.folder(from);
    if (this.findFolder(to) !== undefined) throw new Error(`${this.name} has a folder ${wireName(to)} already`);
    this.#folders.delete(wireName(from));
    this.#folders.set(wireName(to), folder);
  }

  /** Adds a message to a folder, which is created where it is missing. */
  addMessage(folder: FolderName, message: NewMessage): StoredMessage {
    return this.addFolder(folder).add(message);
  }

  /** Moves messages as their user would in another client; answers them with their new UIDs. */
  moveMessages(from: FolderName, uids: Iterable<number>, to: FolderName): readonly StoredMessage[] {
    const target = this.addFolder(to);
    return this.folder(from)
      .expunge(uids)
      .map((message) => target.add(message));
  }

  subscribe(name: FolderName): void {
    this.#subscriptions.add(wireName(name));
  }

  unsubscribe(name: FolderName): void {
    this.#subscriptions.delete(wireName(name));
  }

  /** Whether that much more fits within the quota. */
  hasRoomFor(bytes: number, messages: number): boolean {
    return (
      this.#usage.bytes + bytes <= (this.quota.bytes ?? Number.POSITIVE_INFINITY) &&
      this.#usage.messages + messages <= (this.quota.messages ?? Number.POSITIVE_INFINITY)
    );
  }
}

/** The name on the wire; INBOX is INBOX however it is spelt (RFC 3501 §5.1). */
export function wireName(name: FolderName): string {
  const wire = typeof name === 'string' ? encodeMailboxName(name) : name.wire;
  return wire.toUpperCase() === 'INBOX' ? 'INBOX' : wire;
}
