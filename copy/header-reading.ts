import { AskedUids } from '../imap/asked-uids.ts';
import type { IdentityRow } from '../imap/types.ts';
import { Blame, MOST_OF_FOLDER, type Verdict } from './blame.ts';
import type { Ledger } from './ledger.ts';
import { SideRefusal, type SourceSession } from './sides.ts';
import { failureOf } from './source-failure.ts';

/** Messages that were handled, for one of which the source tells headers if it does for any. */
const MOST_KNOWN = 50;

/** What is made of a source that fails at headers of one folder. */
export interface HeaderReadingOptions {
  /** Messages that were put aside because the source did not hand them out are asked for again. */
  readonly retryAside: boolean;
  /** What was left out is compared by its body afterwards, so that a few may be left out without any other to compare them with. */
  readonly bodiesFollow: boolean;
}

/**
 * Reads headers of one source folder so that messages at which the source fails are found, over new connections within one
 * attempt, by the same rule as those at whose bodies it does (`Blame`). They are left out then, as if they were gone: what
 * becomes of them is found out when their bodies are asked for.
 *
 * Those that were put aside because the source did not hand them out are left out from the beginning, unless they are tried again.
 */
export class HeaderReading {
  readonly #ledger: Ledger;
  readonly #options: HeaderReadingOptions;
  #blame = new Blame();
  #found = new Set<number>();
  /** The source has failed before it told these. Each is asked for alone. */
  #lone = new Set<number>();
  /** The source told its headers. */
  #known: number | undefined;
  /** UIDVALIDITY of the folder as it is open. */
  #validity: number | undefined;
  /** What the source failed with, where it may be because of a message. */
  #failure: unknown;

  constructor(ledger: Ledger, options: HeaderReadingOptions) {
    this.#ledger = ledger;
    this.#options = options;
  }

  /** Under another UIDVALIDITY nothing is known of any message. */
  opened(uidValidity: number): void {
    if (this.#validity !== uidValidity) {
      this.#blame = new Blame();
      this.#found = new Set();
      this.#lone = new Set();
      this.#known = undefined;
    }
    this.#validity = uidValidity;
  }

  /** How many messages were found at whose headers the source fails. */
  get found(): number {
    return this.#found.size;
  }

  get foundUids(): ReadonlySet<number> {
    return this.#found;
  }

  /** Whether it is worth reading on over new connections after this was thrown. */
  mayGoOn(error: unknown): boolean {
    return error === this.#failure;
  }

  /** Of the folder that is open. Rejects as the source does. */
  async *read(source: SourceSession, uids: readonly number[]): AsyncGenerator<IdentityRow, void, undefined> {
    const asked = uids.filter((uid) => !this.#isLeftOut(uid));
    const waiting = asked.filter((uid) => this.#blame.waiting.has(uid));
    const others = waiting.length === 0 ? asked : asked.filter((uid) => !waiting.includes(uid));
    const isHeard = waiting.length > 0 && (await this.#hearsAnother(source, asked, others));
    if (isHeard) yield* this.#readLone(source, waiting);
    const together = others.filter((uid) => !this.#lone.has(uid));
    const lone = others.filter((uid) => this.#lone.has(uid));
    yield* this.#ask(source, together);
    yield* this.#readLone(source, lone);
    if (!isHeard) yield* this.#readLone(source, waiting);
  }

  async *#readLone(source: SourceSession, uids: readonly number[]): AsyncGenerator<IdentityRow, void, undefined> {
    for (const uid of uids) {
      this.#lone.add(uid);
      yield* this.#ask(source, [uid]);
      this.#lone.delete(uid);
    }
  }

  /** The ledger is about the folder as it is open. */
  get #isTold(): boolean {
    return this.#ledger.head.sourceValidity === this.#validity;
  }

  #isLeftOut(uid: number): boolean {
    if (this.#found.has(uid)) return true;
    if (!this.#isTold || this.#ledger.asideCode(uid) !== 'source.message-unreadable') return false;
    return !this.#options.retryAside || uid <= this.#ledger.head.retriedUpTo;
  }

  async *#ask(source: SourceSession, asked: readonly number[]): AsyncGenerator<IdentityRow, void, undefined> {
    if (asked.length === 0) return;
    const awaited = new AskedUids(asked);
    try {
      for await (const row of source.fetchIdentities(asked)) {
        if (awaited.take(row.uid)) this.#answered(row.uid);
        yield row;
      }
    } catch (error) {
      this.#failed(asked, awaited.missing(), error);
      throw error;
    }
    this.#blame.clear(asked);
  }

  #answered(uid: number): void {
    this.#blame.clear([uid]);
    this.#blame.answered();
    this.#known = uid;
  }

  /** Where the source tells the headers of another message, its failing is the affair of those that wait. */
  async #hearsAnother(source: SourceSession, all: readonly number[], others: readonly number[]): Promise<boolean> {
    const isAnyKnown = this.#known !== undefined || (this.#isTold && this.#ledger.size > 0);
    if (this.#options.bodiesFollow && !isAnyKnown && all.length <= MOST_OF_FOLDER) {
      // Of so few it may tell none. They are left out, and the source is judged by what it does at their bodies.
      this.#blame.answered();
      return true;
    }
    const asked = this.#likelyKnown(others);
    this.#known = undefined;
    if (asked.length === 0) return false;
    try {
      for await (const { uid } of source.fetchIdentities(asked)) this.#answered(uid);
    } catch (error) {
      this.#failed([], [], error);
      throw error;
    }
    return this.#known !== undefined;
  }

  /** One whose headers have come, or such as were handled; else one that is not near those at which the source failed before. */
  #likelyKnown(others: readonly number[]): readonly number[] {
    if (this.#known !== undefined) return [this.#known];
    const handled = this.#isTold ? this.#ledger.handledUids().slice(-MOST_KNOWN) : [];
    const far = (others.length - 1) >> Math.max(0, this.#blame.unanswered - 1);
    return handled.length > 0 ? [...handled] : others.slice(far).slice(0, 1);
  }

  #failed(asked: readonly number[], missing: readonly number[], error: unknown): void {
    const how = error instanceof SideRefusal && error.side === 'source' ? failureOf(error.refusal.problem) : undefined;
    if (how === undefined) return;
    const [only] = missing;
    const isAlone = only !== undefined && asked.length === 1 && this.#lone.has(only);
    let verdict: Verdict | undefined;
    if (isAlone) verdict = this.#blame.failedAt(only, how);
    else if (asked.length === 0) verdict = this.#blame.failed(how);
    if (verdict === 'guilty' && isAlone) this.#found.add(only);
    // Those after the one that was found to be alone are asked for together again.
    this.#lone = new Set(isAlone ? [] : missing);
    if (verdict !== 'server') this.#failure = error;
  }
}

/** The same source, which reads headers of these folders so. */
export function readingHeaders(source: SourceSession, readings: ReadonlyMap<string, HeaderReading>): SourceSession {
  let open: HeaderReading | undefined;
  return {
    capabilities: source.capabilities,
    get usable() {
      return source.usable;
    },
    list: () => source.list(),
    examine: async (name) => {
      open = undefined;
      const folder = await source.examine(name);
      open = readings.get(name);
      open?.opened(folder.uidValidity);
      return folder;
    },
    search: (criteria) => source.search(criteria),
    fetchFlags: (uids) => source.fetchFlags(uids),
    fetchChangedFlags: (since) => source.fetchChangedFlags(since),
    fetchIdentities: (uids) =>
      uids === 'all' || open === undefined ? source.fetchIdentities(uids) : open.read(source, uids),
    fetchMessages: (uids) => source.fetchMessages(uids),
    readMessages: (uids, budget) => source.readMessages(uids, budget),
  };
}
