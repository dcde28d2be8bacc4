import type { Moment } from './faults/fault.ts';

/** What happened on one connection. Never a secret, never the words of a message. */
export interface JournalEntry {
  /** Counts all entries of this server from 1. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Counts the server's connections from 1. */
  readonly connection: number;
  /** A moment of a command, or a change of the connection. */
  readonly event: Moment | 'connected' | 'secured' | 'login' | 'fault' | 'closed' | 'error';
  /** Whose store is open. */
  readonly user?: string;
  /** Who opened it, where that is somebody else. */
  readonly administrator?: string;
  /** `SELECT`, `UID FETCH`, …; `?` for anything that is no command. */
  readonly command?: string;
  /** The folder a command names, otherwise the selected one; its name on the wire. */
  readonly folder?: string;
  /** OK, NO or BAD. */
  readonly status?: string;
  /** In words: which mechanism, which fault. */
  readonly detail?: string;
}

/** How long `when` and `until` wait before they give up, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Older entries are forgotten beyond this number. */
const KEPT_ENTRIES = 500_000;

type Waiter = { readonly check: () => void; readonly abandon: (error: Error) => void };

/** The server's memory of what it was asked, and the means to wait for what will happen. */
export class Journal {
  #entries: JournalEntry[] = [];
  #count = 0;
  readonly #waiters = new Set<Waiter>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** The number of the last entry; hand it to `when` to look only at what comes after. */
  get last(): number {
    return this.#count;
  }

  /** The commands that were received whole, in their order. */
  commands(filter: { readonly user?: string; readonly command?: string } = {}): readonly JournalEntry[] {
    return this.#entries.filter(
      (entry) =>
        entry.event === 'received' &&
        (filter.user === undefined || filter.user === entry.user) &&
        (filter.command === undefined || filter.command === entry.command),
    );
  }

  record(entry: Omit<JournalEntry, 'number' | 'at'>): void {
    this.#count += 1;
    this.#entries.push({ number: this.#count, at: this.#now(), ...entry });
    if (this.#entries.length >= 2 * KEPT_ENTRIES) this.#entries = this.#entries.slice(-KEPT_ENTRIES);
    for (const waiter of this.#waiters) waiter.check();
  }

  /**
   * The first entry that fits, of those that came after entry number `after` (default 0: all that are remembered) or
   * are still to come. Rejects after `timeoutMs` (default 10 seconds) and when the server closes.
   */
  when(
    predicate: (entry: JournalEntry) => boolean,
    options: { readonly after?: number; readonly timeoutMs?: number } = {},
  ): Promise<JournalEntry> {
    let seen = options.after ?? 0;
    const search = (): JournalEntry | undefined => {
      const oldest = this.#entries[0]?.number ?? 1;
      for (let index = Math.max(0, seen + 1 - oldest); index < this.#entries.length; index += 1) {
        const entry = this.#entries[index];
        if (entry !== undefined && predicate(entry)) return entry;
      }
      seen = this.#count;
      return undefined;
    };
    return this.#await(search, options.timeoutMs);
  }

  /** Waits until a condition holds; it is looked at now and after every entry. */
  async until(condition: () => boolean, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    await this.#await(() => (condition() ? true : undefined), options.timeoutMs);
  }

  /** Rejects whoever still waits. */
  close(): void {
    for (const waiter of this.#waiters)
      waiter.abandon(new Error('The sandbox server was closed while this was awaited'));
  }

  #await<T>(search: () => T | undefined, timeoutMs = PATIENCE_MS): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        check: () => {
          try {
            const found = search();
            if (found === undefined) return;
            settle();
            resolve(found);
          } catch (error) {
            settle();
            reject(error instanceof Error ? error : new Error('The condition threw', { cause: error }));
          }
        },
        abandon: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.abandon(this.#tooLong(timeoutMs)), timeoutMs);
      this.#waiters.add(waiter);
      waiter.check();
    });
  }

  #tooLong(timeoutMs: number): Error {
    const tail = this.#entries.slice(-10).map((entry) => JSON.stringify({ ...entry, at: undefined }));
    return new Error(`Not seen on the sandbox server within ${timeoutMs} ms. Its last entries:\n${tail.join('\n')}`);
  }
}
