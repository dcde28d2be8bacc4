/** Entries sorted by source UID, one in each place of all columns; whoever is given them owns them. */
export interface Columns {
  readonly uids: Uint32Array<ArrayBuffer>;
  readonly counterparts: Uint32Array<ArrayBuffer>;
  readonly flagSets: Uint32Array<ArrayBuffer>;
}

/** Where there is no room left for an entry, room is made for a quarter more. */
const GROWTH = 1.25;

/**
 * The entries of a ledger in columns, sorted by source UID: 13 bytes each, so that a folder of 500,000 messages costs
 * about 7 MB. New entries come in ascending order nearly always; the others move what is above them.
 */
export class EntryColumns {
  #uids = new Uint32Array(64);
  #counterparts = new Uint32Array(64);
  #flagSets = new Uint32Array(64);
  #touched = new Uint8Array(64);
  #size = 0;
  /** Where the last search ended. */
  #near = 0;
  #touchedFrom = 0;

  get size(): number {
    return this.#size;
  }

  /** Position of a source UID; -1 when there is no such entry. */
  positionOf(uid: number): number {
    const position = this.#firstNotBelow(uid);
    return position < this.#size && this.#uids[position] === uid ? position : -1;
  }

  uidAt(position: number): number {
    return this.#uids[position] ?? 0;
  }

  counterpartAt(position: number): number {
    return this.#counterparts[position] ?? 0;
  }

  flagSetAt(position: number): number {
    return this.#flagSets[position] ?? 0;
  }

  /** The first position that may be touched. */
  get touchedFrom(): number {
    return this.#touchedFrom;
  }

  touchedAt(position: number): boolean {
    return this.#touched[position] === 1;
  }

  put(uid: number, counterpart: number, flagSet: number, touched: boolean): void {
    const position = this.#firstNotBelow(uid);
    const isNew = position === this.#size || this.#uids[position] !== uid;
    if (isNew) this.#makeRoomAt(position);
    if (touched) this.#touchedFrom = Math.min(this.#touchedFrom, position);
    this.#uids[position] = uid;
    this.#counterparts[position] = counterpart;
    this.#flagSets[position] = flagSet;
    this.#touched[position] = touched || (!isNew && this.touchedAt(position)) ? 1 : 0;
  }

  /** Holds these instead of what was there; none of them touched. */
  replace({ uids, counterparts, flagSets }: Columns): void {
    this.#uids = uids;
    this.#counterparts = counterparts;
    this.#flagSets = flagSets;
    this.#touched = new Uint8Array(uids.length);
    this.#touchedFrom = uids.length;
    this.#size = uids.length;
  }

  /** In one walk, since each removal of its own would move all that is above it. */
  remove(uids: ReadonlySet<number>): void {
    let kept = 0;
    for (let position = 0; position < this.#size; position++) {
      if (uids.has(this.uidAt(position))) continue;
      for (const column of [this.#uids, this.#counterparts, this.#flagSets, this.#touched]) {
        column[kept] = column[position] ?? 0;
      }
      kept += 1;
    }
    this.#size = kept;
    this.#touchedFrom = 0;
  }

  clear(): void {
    this.#size = 0;
    this.#touchedFrom = 0;
  }

  /** Who walks a folder asks for one UID after the other: each is looked for where the one before it was found. */
  #firstNotBelow(uid: number): number {
    if (this.#size === 0 || this.uidAt(this.#size - 1) < uid) return this.#size;
    if (this.#isFirstNotBelow(this.#near, uid)) return this.#near;
    this.#near = this.#isFirstNotBelow(this.#near + 1, uid) ? this.#near + 1 : this.#search(uid);
    return this.#near;
  }

  #isFirstNotBelow(position: number, uid: number): boolean {
    if (position >= this.#size || this.uidAt(position) < uid) return false;
    return position === 0 || this.uidAt(position - 1) < uid;
  }

  #search(uid: number): number {
    let low = 0;
    let high = this.#size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.uidAt(middle) < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #makeRoomAt(position: number): void {
    if (this.#size === this.#uids.length) this.#grow();
    if (position < this.#size) {
      for (const column of [this.#uids, this.#counterparts, this.#flagSets, this.#touched]) {
        column.copyWithin(position + 1, position, this.#size);
      }
    }
    this.#size += 1;
  }

  #grow(): void {
    const capacity = Math.max(64, Math.ceil(this.#uids.length * GROWTH));
    const larger = (column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const copy = new Uint32Array(capacity);
      copy.set(column);
      return copy;
    };
    this.#uids = larger(this.#uids);
    this.#counterparts = larger(this.#counterparts);
    this.#flagSets = larger(this.#flagSets);
    const touched = new Uint8Array(capacity);
    touched.set(this.#touched);
    this.#touched = touched;
  }
}
