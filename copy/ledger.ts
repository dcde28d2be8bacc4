import type { AsideNote } from '../model/pass.ts';
import type { RefusalCode } from '../model/refusals.ts';
import { EntryColumns, type Columns } from './entry-columns.ts';

/** A counterpart whose UID is not known, since its user moved or deleted it, or nobody could tell. */
export const NOWHERE = 0;
/** A counterpart whose UID is still to be found: the server gave none (RFC 4315), or UIDVALIDITY changed. */
export const SOUGHT = 0xffff_ffff;

/** A handled source message. */
export interface LedgerEntry {
  /** On the source. */
  readonly uid: number;
  /** Destination UID, NOWHERE or SOUGHT. */
  readonly counterpart: number;
  /** The source's flags when they were last carried over: the base of the three-way merge. */
  readonly flags: readonly string[];
}

/** What is known of the two folders besides their messages. 0 stands for: not known, or none. */
export interface LedgerHead {
  readonly sourceValidity: number;
  readonly destinationValidity: number;
  /** Epoch ms: every message with an earlier INTERNALDATE was handled or put aside when a pass last completed. */
  readonly completeBefore: number;
  /**
   * Destination messages with lower UIDs are either in the ledger or have been compared with all that was on the source;
   * 1 before adoption.
   */
  readonly settledBelow: number;
  /** The first destination UID that may be a copy of ours without the ledger knowing of it; 0: no doubt. */
  readonly doubtFrom: number;
  /** UIDNEXT of the destination when this move first wrote there: what is below is not ours. */
  readonly writtenFrom: number;
  /** UIDNEXT of the destination when this move last wrote there. */
  readonly writtenBelow: number;
  /** The source's UIDVALIDITY has changed, and what it lists now has not been recognised yet. */
  readonly rematch: boolean;
  /** While messages put aside are tried again: those up to this source UID have been. */
  readonly retriedUpTo: number;
  /** The source's HIGHESTMODSEQ (RFC 7162) up to which changes of flags have been carried over; 0: compare all. */
  readonly highestModseq: number;
}

const LONGEST_WORDS = 200;
const MOST_WORDS = 50;

const NEW_HEAD: LedgerHead = {
  sourceValidity: 0,
  destinationValidity: 0,
  completeBefore: 0,
  settledBelow: 1,
  doubtFrom: 0,
  writtenFrom: 0,
  writtenBelow: 0,
  rematch: false,
  retriedUpTo: 0,
  highestModseq: 0,
};

/**
 * What happened to each message of one source folder. It also keeps which of it changed since it was decoded, so that
 * the growth alone can be told.
 */
export class Ledger {
  #head: LedgerHead = NEW_HEAD;
  readonly #entries = new EntryColumns();
  readonly #flagSets = new FlagSets();
  readonly #aside = new Map<number, RefusalCode>();
  readonly #asideTouched = new Set<number>();
  /** Servers' words about the newest of them; they travel with results only. */
  readonly #words = new Map<number, string>();
  /** Source UIDs of messages that were sent, may have been altered in silence, and are still to be read back. */
  readonly #unread = new Set<number>();
  #baseSize = 0;
  #wasReset = false;

  get head(): LedgerHead {
    return this.#head;
  }

  /** Handled messages. */
  get size(): number {
    return this.#entries.size;
  }

  /** Handled messages when it was decoded. */
  get baseSize(): number {
    return this.#baseSize;
  }

  /** Whether what it held when it was decoded was given up. */
  get wasReset(): boolean {
    return this.#wasReset;
  }

  get columns(): Pick<EntryColumns, 'size' | 'uidAt' | 'counterpartAt' | 'flagSetAt' | 'touchedAt' | 'touchedFrom'> {
    return this.#entries;
  }

  flagsOfSet(flagSet: number): readonly string[] {
    return this.#flagSets.at(flagSet);
  }

  update(change: Partial<LedgerHead>): void {
    this.#head = { ...this.#head, ...change };
  }

  has(uid: number): boolean {
    return this.#entries.positionOf(uid) >= 0;
  }

  get(uid: number): LedgerEntry | undefined {
    const position = this.#entries.positionOf(uid);
    return position < 0 ? undefined : this.entryAt(position);
  }

  /** `position` counts from 0 in the order of source UIDs. */
  entryAt(position: number): LedgerEntry {
    return {
      uid: this.#entries.uidAt(position),
      counterpart: this.#entries.counterpartAt(position),
      flags: this.#flagSets.at(this.#entries.flagSetAt(position)),
    };
  }

  /** Records a message as handled; it is no longer aside then. */
  handle(uid: number, counterpart: number, flags: readonly string[]): void {
    this.#entries.put(uid, counterpart, this.#flagSets.idOf(flags), true);
    if (this.#aside.delete(uid)) this.#asideTouched.add(uid);
  }

  /** Where the counterpart of a handled message is; its flags stay. */
  place(uid: number, counterpart: number): void {
    const position = this.#entries.positionOf(uid);
    if (position >= 0) this.#entries.put(uid, counterpart, this.#entries.flagSetAt(position), true);
  }

  isAside(uid: number): boolean {
    return this.#aside.has(uid);
  }

  asideCode(uid: number): RefusalCode | undefined {
    return this.#aside.get(uid);
  }

  /** In the order of source UIDs. */
  get aside(): readonly AsideNote[] {
    return [...this.#aside].map(([uid, code]) => ({ uid, code })).toSorted((a, b) => a.uid - b.uid);
  }

  /** Messages put aside, again or for the first time, since the ledger was decoded. */
  get newlyAside(): readonly AsideNote[] {
    return this.aside.flatMap(({ uid, code }) => {
      if (!this.#asideTouched.has(uid)) return [];
      const words = this.#words.get(uid);
      return [words === undefined ? { uid, code } : { uid, code, words }];
    });
  }

  get asideChanged(): boolean {
    return this.#asideTouched.size > 0;
  }

  /** `words`: the server's own; those of the newest 50 are kept, cut to 200 characters. */
  putAside(uid: number, code: RefusalCode, words?: string): void {
    this.#aside.set(uid, code);
    this.#asideTouched.add(uid);
    this.#words.delete(uid);
    if (words !== undefined) this.#words.set(uid, words.slice(0, LONGEST_WORDS));
    const [oldest] = this.#words.size > MOST_WORDS ? this.#words.keys() : [];
    if (oldest !== undefined) this.#words.delete(oldest);
  }

  /** The whole list, as another attempt left it. */
  replaceAside(notes: readonly AsideNote[]): void {
    const next = new Map(notes.map(({ uid, code }) => [uid, code]));
    for (const uid of this.#aside.keys()) if (!next.has(uid)) this.#asideTouched.add(uid);
    for (const [uid, code] of next) if (this.#aside.get(uid) !== code) this.#asideTouched.add(uid);
    this.#aside.clear();
    for (const [uid, code] of next) this.#aside.set(uid, code);
  }

  /** Source UIDs of messages that are still to be read back from the destination, ascending. */
  get unread(): readonly number[] {
    return [...this.#unread].toSorted((a, b) => a - b);
  }

  /** A message that the destination may have altered in silence: whoever comes after us has to know of it as well. */
  awaitReadBack(uid: number): void {
    this.#unread.add(uid);
  }

  wasReadBack(uid: number): void {
    this.#unread.delete(uid);
  }

  /** All that are still to be read back, as another attempt left them. */
  replaceUnread(uids: readonly number[]): void {
    this.#unread.clear();
    for (const uid of uids) this.#unread.add(uid);
  }

  /** Destination UIDs of counterparts from `from` on, ascending. */
  knownCounterparts(from: number): Uint32Array {
    const known: number[] = [];
    for (let position = 0; position < this.size; position++) {
      const counterpart = this.#entries.counterpartAt(position);
      if (counterpart >= from && counterpart !== NOWHERE && counterpart !== SOUGHT) known.push(counterpart);
    }
    return Uint32Array.from(known).toSorted();
  }

  /** Source UIDs of messages whose counterpart is still to be found. */
  sought(): readonly number[] {
    const sought: number[] = [];
    for (let position = 0; position < this.size; position++) {
      if (this.#entries.counterpartAt(position) === SOUGHT) sought.push(this.#entries.uidAt(position));
    }
    return sought;
  }

  /** Source UIDs of all that is handled, ascending. */
  handledUids(): Uint32Array {
    const uids = new Uint32Array(this.size);
    for (let position = 0; position < uids.length; position++) uids[position] = this.#entries.uidAt(position);
    return uids;
  }

  /**
   * Messages that another folder's ledger answers for from now on. Only a whole ledger tells this: growth does not, so
   * nothing but what hands ledgers over whole may call it.
   */
  handOver(uids: ReadonlySet<number>): void {
    this.#entries.remove(uids);
    for (const uid of uids) this.#unread.delete(uid);
  }

  /**
   * These turned out not to be handled. Growth cannot tell that of what it told before, so it is for messages that were recorded
   * since the ledger was decoded only.
   */
  withdraw(uids: ReadonlySet<number>): void {
    this.#entries.remove(uids);
    for (const uid of uids) this.#unread.delete(uid);
  }

  /** The source's UIDs mean nothing any more: everything is unhandled until it has been recognised at the destination. */
  forgetSource(): void {
    this.#entries.clear();
    this.#unread.clear();
    for (const uid of this.#aside.keys()) this.#asideTouched.add(uid);
    this.#aside.clear();
    this.#wasReset = true;
  }

  /** The destination's UIDs mean nothing any more; what is handled stays handled. */
  forgetCounterparts(): void {
    for (let position = 0; position < this.size; position++) {
      if (this.#entries.counterpartAt(position) === NOWHERE) continue;
      this.#entries.put(this.#entries.uidAt(position), SOUGHT, this.#entries.flagSetAt(position), true);
    }
  }

  /** For decoders: the entries that were there before anything changed. */
  load(entries: Columns): void {
    this.#entries.replace(entries);
    this.#baseSize = this.#entries.size;
  }

  /** For decoders: a message that was put aside before anything changed. */
  loadAside({ uid, code }: AsideNote): void {
    this.#aside.set(uid, code);
  }

  /** The number under which a set of flags is kept in the columns. */
  flagSetOf(flags: readonly string[]): number {
    return this.#flagSets.idOf(flags);
  }
}

/** Each set of flags once; messages share few of them. */
class FlagSets {
  readonly #sets: (readonly string[])[] = [];
  readonly #ids = new Map<string, number>();
  /** Those who hand flags over share lists, too. */
  readonly #idsOfLists = new WeakMap<readonly string[], number>();

  idOf(flags: readonly string[]): number {
    const known = this.#idsOfLists.get(flags);
    if (known !== undefined) return known;
    const key = flags.join(' ');
    const id = this.#ids.get(key) ?? this.#sets.push([...flags]) - 1;
    this.#ids.set(key, id);
    this.#idsOfLists.set(flags, id);
    return id;
  }

  at(id: number): readonly string[] {
    const set = this.#sets[id];
    if (set === undefined) throw new RangeError(`there is no set of flags number ${id}`);
    return set;
  }
}
