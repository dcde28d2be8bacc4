import type { User } from '../store/user.ts';
import type { Clock } from './clock.ts';
import { Propagating } from './propagating.ts';
import type { Registration } from './registration.ts';

export interface MailboxOptions {
  /** Shared mailboxes need no licence and have no password; IMAP treats them alike. Default: `user`. */
  readonly kind?: 'user' | 'shared';
  /** Set-CASMailbox -ImapEnabled. Default: true. */
  readonly imapEnabled?: boolean;
  /** Whether every application of the tenant has FullAccess from the beginning. Default: true. */
  readonly fullAccess?: boolean;
  /** Set-Mailbox -MaxReceiveSize in octets. Default: the organisation's. */
  readonly maxReceiveBytes?: number;
}

/** A mailbox of the tenant: its mail, and who may open it over IMAP. */
export class Mailbox {
  readonly address: string;
  readonly kind: 'user' | 'shared';
  /** Its mail: folders and messages, changeable while clients are connected. */
  readonly store: User;
  /** Set-Mailbox -MaxReceiveSize in octets; undefined leaves the organisation's limit. */
  maxReceiveBytes: number | undefined;
  readonly #imapEnabled: Propagating<boolean>;
  readonly #fullAccess = new Map<string, Propagating<boolean>>();
  readonly #newAccess: () => Propagating<boolean>;

  constructor(store: User, clock: Clock, delayMs: () => number, options: MailboxOptions = {}) {
    this.address = store.name;
    this.kind = options.kind ?? 'user';
    this.store = store;
    this.maxReceiveBytes = options.maxReceiveBytes;
    this.#imapEnabled = new Propagating(clock, delayMs, options.imapEnabled ?? true);
    this.#newAccess = () => new Propagating(clock, delayMs, options.fullAccess ?? true);
  }

  get imapEnabled(): boolean {
    return this.#imapEnabled.current;
  }

  /** Set-CASMailbox -ImapEnabled. */
  setImapEnabled(enabled: boolean, how?: 'at-once'): void {
    this.#imapEnabled.set(enabled, how);
  }

  /** Add-MailboxPermission -AccessRights FullAccess for the application's service principal. */
  grantFullAccess(app: Registration, how?: 'at-once'): void {
    this.#accessOf(app).set(true, how);
  }

  /** Remove-MailboxPermission. */
  revokeFullAccess(app: Registration, how?: 'at-once'): void {
    this.#accessOf(app).set(false, how);
  }

  isOpenTo(app: Registration): boolean {
    return this.#accessOf(app).current;
  }

  /** Whatever is on its way is in force now. */
  settle(): void {
    this.#imapEnabled.settle();
    for (const access of this.#fullAccess.values()) access.settle();
  }

  #accessOf(app: Registration): Propagating<boolean> {
    const access = this.#fullAccess.get(app.clientId) ?? this.#newAccess();
    this.#fullAccess.set(app.clientId, access);
    return access;
  }
}
