import { ascending } from './ascending.ts';

/**
 * UIDs that were asked for, and which of them have come: five bytes each, however many. Servers tell messages in the order of
 * their UIDs nearly always, so each is looked for where the one before it was found.
 */
export class AskedUids {
  readonly #uids: Uint32Array;
  readonly #hasCome: Uint8Array;
  #last = -1;

  /** In any order; each counts once. */
  constructor(uids: ArrayLike<number>) {
    this.#uids = ascending(Uint32Array.from(uids));
    this.#hasCome = new Uint8Array(this.#uids.length);
  }

  get size(): number {
    return this.#uids.length;
  }

  /** Where a UID stands among those asked for, from 0; -1 for one that was not. */
  positionOf(uid: number): number {
    const next = this.#last + 1;
    if (next < this.#uids.length && this.#uids[next] === uid) return (this.#last = next);
    if (this.#last >= 0 && this.#uids[this.#last] === uid) return this.#last;
    const position = this.#search(uid);
    if (position >= 0) this.#last = position;
    return position;
  }

  /** Whether it was asked for and has not come. */
  awaits(uid: number): boolean {
    const position = this.positionOf(uid);
    return position >= 0 && this.#hasCome[position] === 0;
  }

  /** It has come; false when it was not awaited. */
  take(uid: number): boolean {
    if (!this.awaits(uid)) return false;
    this.#hasCome[this.#last] = 1;
    return true;
  }

  /** It is awaited once more. */
  putBack(uid: number): void {
    const position = this.positionOf(uid);
    if (position >= 0) this.#hasCome[position] = 0;
  }

  /** Those that have not come, ascending. */
  missing(): readonly number[] {
    const missing: number[] = [];
    for (let position = this.#hasCome.indexOf(0); position >= 0; position = this.#hasCome.indexOf(0, position + 1)) {
      missing.push(this.#uids[position] ?? 0);
    }
    return missing;
  }

  #search(uid: number): number {
    let low = 0;
    let high = this.#uids.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const there = this.#uids[middle] ?? 0;
      if (there === uid) return middle;
      if (there < uid) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
