import type { Digest, Identity } from './identity.ts';

const NONE = -1;
const SEEN = 1;
const TAKEN = 2;

/**
 * Messages by identity, as a multiset: each can be taken once, equal ones in the order in which they were added. In
 * typed arrays, 29 bytes a message, so that a folder of 500,000 fits into 15 MB.
 */
export class IdentityIndex {
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #next: Int32Array;
  readonly #uids: Uint32Array;
  readonly #high: Uint32Array;
  readonly #middle: Uint32Array;
  readonly #low: Uint32Array;
  readonly #loose: Uint32Array;
  readonly #state: Uint8Array;
  #rows = 0;
  #left = 0;

  /** `capacity`: the largest number of messages that will be added. */
  constructor(capacity: number) {
    const room = Math.max(1, capacity);
    this.#heads = new Int32Array(room).fill(NONE);
    this.#tails = new Int32Array(room).fill(NONE);
    this.#next = new Int32Array(room).fill(NONE);
    this.#uids = new Uint32Array(room);
    this.#high = new Uint32Array(room);
    this.#middle = new Uint32Array(room);
    this.#low = new Uint32Array(room);
    this.#loose = new Uint32Array(room);
    this.#state = new Uint8Array(room);
  }

  /** Messages that nobody has taken. */
  get size(): number {
    return this.#left;
  }

  /** Throws a RangeError beyond the capacity. */
  add(uid: number, { exact, loose }: Identity): void {
    const row = this.#rows;
    if (row === this.#uids.length) throw new RangeError('an index of identities is full');
    this.#rows += 1;
    this.#left += 1;
    this.#uids[row] = uid;
    this.#high[row] = exact.high;
    this.#middle[row] = exact.middle;
    this.#low[row] = exact.low;
    this.#loose[row] = loose;
    const bucket = exact.low % this.#heads.length;
    const tail = this.#tails[bucket] ?? NONE;
    if (tail === NONE) this.#heads[bucket] = row;
    else this.#next[tail] = row;
    this.#tails[bucket] = row;
  }

  has(identity: Identity): boolean {
    return this.#rowsOf(identity.exact).next().done !== true;
  }

  /** Takes the first message of this identity: its UID, or undefined when there is none left. */
  take(identity: Identity): number | undefined {
    let taken: number | undefined;
    for (const row of this.#rowsOf(identity.exact)) {
      const state = this.#state[row] ?? 0;
      if ((state & TAKEN) !== 0) continue;
      if (taken === undefined) {
        taken = this.#takeRow(row);
        if ((state & SEEN) !== 0) return taken;
      }
      this.#state[row] = (this.#state[row] ?? 0) | SEEN;
    }
    return taken;
  }

  /** Takes a message by its UID; false when it is not there or was taken. */
  takeUid(uid: number): boolean {
    const row = this.#uids.subarray(0, this.#rows).indexOf(uid);
    if (row < 0 || ((this.#state[row] ?? 0) & TAKEN) !== 0) return false;
    this.#takeRow(row);
    return true;
  }

  /** The headers of all that is left. */
  looseLeft(): ReadonlySet<number> {
    return new Set(this.#left === 0 ? [] : [...this.#rowsLeft()].map((row) => this.#loose[row] ?? 0));
  }

  /** UIDs of what is left and has one of these headers, ascending. */
  leftWithLoose(wanted: ReadonlySet<number>): readonly number[] {
    if (wanted.size === 0) return [];
    return this.#uidsOf((row) => wanted.has(this.#loose[row] ?? 0));
  }

  /** Tells that a message of this identity is accounted for, by whatever else. */
  see(identity: Identity): void {
    for (const row of this.#rowsOf(identity.exact)) this.#state[row] = (this.#state[row] ?? 0) | SEEN;
  }

  /** UIDs of what is left although a message of the same identity was taken or seen, ascending. */
  leftBesideSeen(): readonly number[] {
    return this.#uidsOf((row) => ((this.#state[row] ?? 0) & SEEN) !== 0);
  }

  /** UIDs of all that is left, ascending. */
  left(): readonly number[] {
    return this.#uidsOf(() => true);
  }

  #uidsOf(fits: (row: number) => boolean): readonly number[] {
    const uids: number[] = [];
    for (const row of this.#rowsLeft()) if (fits(row)) uids.push(this.#uids[row] ?? 0);
    return uids.toSorted((a, b) => a - b);
  }

  #takeRow(row: number): number {
    this.#state[row] = (this.#state[row] ?? 0) | TAKEN;
    this.#left -= 1;
    return this.#uids[row] ?? 0;
  }

  *#rowsOf({ high, middle, low }: Digest): Generator<number> {
    for (let row = this.#heads[low % this.#heads.length] ?? NONE; row !== NONE; row = this.#next[row] ?? NONE) {
      if (this.#low[row] === low && this.#middle[row] === middle && this.#high[row] === high) yield row;
    }
  }

  *#rowsLeft(): Generator<number> {
    for (let row = 0; row < this.#rows; row++) if (((this.#state[row] ?? 0) & TAKEN) === 0) yield row;
  }
}
