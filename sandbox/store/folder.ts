import { formatDateTime } from '../message/dates.ts';
import { sameFlags } from '../message/flags.ts';
import type { NewMessage, StoredMessage } from './message.ts';

/** Told about changes in a folder: a session that has it selected. */
export interface FolderWatcher {
  added(): void;
  expunged(message: StoredMessage): void;
  flagsChanged(message: StoredMessage): void;
  /** Nothing the watcher knows about the folder holds any longer: it was deleted, or its UIDVALIDITY changed. */
  invalidated(): void;
}

/** The attributes of RFC 6154 §2. */
export type SpecialUse = '\\All' | '\\Archive' | '\\Drafts' | '\\Flagged' | '\\Junk' | '\\Sent' | '\\Trash';

export interface FolderOptions {
  /** False makes it \Noselect. */
  readonly selectable?: boolean;
  readonly specialUse?: SpecialUse;
  readonly uidValidity?: number;
  readonly uidNext?: number;
  readonly subscribed?: boolean;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/**
 * One mailbox in the sense of RFC 3501: messages in the order of their UIDs. Every change, by a client or by a test,
 * goes through here, so that sessions are told and the quota is kept.
 */
export class Folder {
  readonly selectable: boolean;
  readonly specialUse: SpecialUse | undefined;
  /** Bytes of the largest message that it takes, which STATUS tells where APPENDLIMIT is listed (RFC 7889). */
  appendLimit: number | undefined;
  /** Messages from this UID on are \Recent for the next session that selects the folder for writing. */
  firstRecentUid = 1;
  #uidValidity: number;
  #uidNext: number;
  #messages: Mutable<StoredMessage>[] = [];
  readonly #watchers = new Set<FolderWatcher>();
  readonly #account: (bytes: number, messages: number) => void;
  readonly #now: () => number;

  constructor(
    options: FolderOptions & { readonly uidValidity: number },
    context: { readonly account: (bytes: number, messages: number) => void; readonly now: () => number },
  ) {
    this.selectable = options.selectable ?? true;
    this.specialUse = options.specialUse;
    this.#uidValidity = options.uidValidity;
    this.#uidNext = options.uidNext ?? 1;
    this.#account = context.account;
    this.#now = context.now;
  }

  get uidValidity(): number {
    return this.#uidValidity;
  }

  get uidNext(): number {
    return this.#uidNext;
  }

  /** All messages in the order of their UIDs. */
  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  message(uid: number): StoredMessage | undefined {
    return this.#find(uid);
  }

  /** Stores a message under the next UID. Its octets are kept, not copied. */
  add(message: NewMessage): StoredMessage {
    const date = message.internalDate ?? new Date(this.#now());
    const stored: Mutable<StoredMessage> = {
      uid: this.#uidNext,
      body: message.body,
      internalDate: typeof date === 'string' ? date : formatDateTime(date),
      flags: message.flags ?? [],
      gmailId: message.gmailId ?? String((BigInt(this.#uidValidity) << 32n) + BigInt(this.#uidNext)),
      expunged: false,
    };
    this.#uidNext += 1;
    this.#messages.push(stored);
    this.#account(stored.body.length, 1);
    for (const watcher of this.#watchers) watcher.added();
    return stored;
  }

  /** Removes the messages with these UIDs for good; answers those that were there. */
  expunge(uids: Iterable<number>): readonly StoredMessage[] {
    const doomed = new Set(uids);
    const removed: StoredMessage[] = [];
    const kept: Mutable<StoredMessage>[] = [];
    for (const message of this.#messages) {
      if (!doomed.has(message.uid)) {
        kept.push(message);
        continue;
      }
      message.expunged = true;
      removed.push(message);
    }
    this.#messages = kept;
    for (const message of removed) {
      this.#account(-message.body.length, -1);
      for (const watcher of this.#watchers) watcher.expunged(message);
    }
    return removed;
  }

  /** Replaces a message's flags. `except` is not told: it is the session that changed them and answers itself. */
  setFlags(uid: number, flags: readonly string[], except?: FolderWatcher): void {
    const message = this.#find(uid);
    if (message === undefined || sameFlags(message.flags, flags)) return;
    message.flags = flags;
    for (const watcher of this.#watchers) if (watcher !== except) watcher.flagsChanged(message);
  }

  /** Jumps ahead, as when messages were stored and removed again. */
  skipUids(count: number): void {
    this.#uidNext += count;
  }

  /** A new UIDVALIDITY, as after a restored backup: every message gets a new UID, and sessions lose the folder. */
  bumpUidValidity(uidValidity = this.#uidValidity + 1): void {
    this.#uidValidity = uidValidity;
    this.#messages = this.#messages.map((message, index) => ({ ...message, uid: index + 1 }));
    this.#uidNext = this.#messages.length + 1;
    this.firstRecentUid = 1;
    this.invalidate();
  }

  /** Tells every session that has the folder selected that it is lost. */
  invalidate(): void {
    for (const watcher of this.#watchers) watcher.invalidated();
  }

  watch(watcher: FolderWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: FolderWatcher): void {
    this.#watchers.delete(watcher);
  }

  #find(uid: number): Mutable<StoredMessage> | undefined {
    const found = this.#messages[firstAtOrAfter(this.#messages, uid)];
    return found?.uid === uid ? found : undefined;
  }
}

/** The index of the first message whose UID is not below `uid`, in messages ordered by UID. */
export function firstAtOrAfter(messages: readonly StoredMessage[], uid: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((messages[middle]?.uid ?? 0) < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}
