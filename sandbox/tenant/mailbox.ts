import type { StoredMessage } from '../store/message.ts';
import { type FolderName, type User, wireName } from '../store/user.ts';
import type { Clock } from './clock.ts';
import { addDefaultFolders, type MailboxLanguage } from './default-folders.ts';
import { Propagating } from './propagating.ts';
import type { Registration } from './registration.ts';
import { substitute, type Unreadability } from './unreadable.ts';

export interface MailboxOptions {
  /** Shared mailboxes need no licence and have no password; IMAP treats them alike. Default: `user`. */
  readonly kind?: 'user' | 'shared';
  /** Set-CASMailbox -ImapEnabled. Default: true. */
  readonly imapEnabled?: boolean;
  /** Whether every application of the tenant has FullAccess from the beginning. Default: true. */
  readonly fullAccess?: boolean;
  /** Set-Mailbox -MaxReceiveSize in octets. Default: the organisation's. */
  readonly maxReceiveBytes?: number;
  /** In which language its folders are named; null for a mailbox with nothing but INBOX. Default: `en`. */
  readonly language?: MailboxLanguage | null;
  /** How many items each folder that holds no mail has. Default: 1. */
  readonly itemsThatAreNoMail?: number;
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
  readonly #unreadable = new Map<string, Unreadability>();

  constructor(store: User, clock: Clock, delayMs: () => number, options: MailboxOptions = {}) {
    this.address = store.name;
    this.kind = options.kind ?? 'user';
    this.store = store;
    this.maxReceiveBytes = options.maxReceiveBytes;
    const { language = 'en', itemsThatAreNoMail = 1 } = options;
    if (language !== null) addDefaultFolders(store, language, itemsThatAreNoMail);
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

  /** From now on a message cannot be read over IMAP; `undefined` mends it. */
  setUnreadable(folder: FolderName, uid: number, how: Unreadability | undefined): void {
    const key = keyOf(wireName(folder), uid);
    if (how === undefined) this.#unreadable.delete(key);
    else this.#unreadable.set(key, how);
  }

  /** What a FETCH reads for a message; undefined for nothing. */
  read(message: StoredMessage, wire: string): Buffer | undefined {
    const how = this.#unreadable.get(keyOf(wire, message.uid));
    return how === undefined ? message.body : substitute(message, how);
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

function keyOf(wire: string, uid: number): string {
  return `${uid} ${wire}`;
}
