import { randomUUID } from 'node:crypto';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import { Mailbox, type MailboxOptions } from './mailbox.ts';
import { type AppOptions, Registration } from './registration.ts';

export interface DirectoryOptions {
  /** Default: a new GUID. */
  readonly tenantId?: string;
  /** The tenant's verified domains. Default: `contoso.example`. */
  readonly domains?: readonly [string, ...string[]];
  /** How long a change of permissions takes to come into force, in milliseconds. Default: 0. */
  readonly propagationMs?: number;
}

/** Who and what there is in a tenant: applications and mailboxes, changeable at any time. */
export class Directory {
  readonly tenantId: string;
  readonly domains: readonly [string, ...string[]];
  /** Changes made from now on take so long to come into force, in milliseconds. */
  propagationMs: number;
  /** False: the tenant belongs to another national cloud (AADSTS900432). */
  inThisCloud = true;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #apps = new Map<string, Registration>();
  readonly #mailboxes = new Map<string, Mailbox>();

  constructor(clock: Clock, store: Store, options: DirectoryOptions = {}) {
    this.#clock = clock;
    this.#store = store;
    this.tenantId = options.tenantId ?? randomUUID();
    this.domains = options.domains ?? ['contoso.example'];
    this.propagationMs = options.propagationMs ?? 0;
  }

  /** Registers an application with its enterprise application, complete as it ought to be unless told otherwise. */
  registerApp(options: AppOptions = {}): Registration {
    const app = new Registration(this.#clock, () => this.propagationMs, options);
    this.#apps.set(app.clientId.toLowerCase(), app);
    return app;
  }

  findApp(clientId: string): Registration | undefined {
    return this.#apps.get(clientId.toLowerCase());
  }

  /** Adds a mailbox. A name without a domain belongs to the tenant's first. */
  addMailbox(name: string, options: MailboxOptions = {}): Mailbox {
    const address = name.includes('@') ? name : `${name}@${this.domains[0]}`;
    const store = this.#store.addUser({ name: address });
    const mailbox = new Mailbox(store, this.#clock, () => this.propagationMs, options);
    this.#mailboxes.set(address.toLowerCase(), mailbox);
    return mailbox;
  }

  /** Removes a mailbox with its mail, as when its licence ended. */
  removeMailbox(address: string): void {
    this.#store.removeUser(this.mailbox(address).address);
    this.#mailboxes.delete(address.toLowerCase());
  }

  findMailbox(address: string): Mailbox | undefined {
    return this.#mailboxes.get(address.toLowerCase());
  }

  /** The mailbox with this address; throws if there is none. */
  mailbox(address: string): Mailbox {
    const mailbox = this.findMailbox(address);
    if (mailbox === undefined) throw new Error(`The tenant has no mailbox ${address}`);
    return mailbox;
  }

  get mailboxes(): readonly Mailbox[] {
    return [...this.#mailboxes.values()];
  }

  /** Whether a name in an authority's path means this tenant: its ID or one of its domains. */
  isNamed(name: string): boolean {
    const wanted = name.toLowerCase();
    return [this.tenantId, ...this.domains].some((each) => each.toLowerCase() === wanted);
  }

  /** Whatever is on its way is in force now. */
  settle(): void {
    for (const app of this.#apps.values()) app.settle();
    for (const mailbox of this.#mailboxes.values()) mailbox.settle();
  }
}
