const SMALL = 512;
const BLOCK = 16 << 10;

/**
 * Slices of the chunks that a server sent, in their order, as they are. Only where it sends a few bytes at a time they are
 * copied together, since each slice takes some hundred bytes of its own.
 */
export class Slices {
  #slices: Buffer[] = [];
  /** What the last slice is the beginning of, where it is a copy. */
  #block: Buffer | undefined;

  add(slice: Buffer): void {
    const last = this.#slices.at(-1);
    const isJoined = last !== undefined && slice.length < SMALL && (this.#block !== undefined || last.length < SMALL);
    if (isJoined) return this.#join(last, slice);
    this.#block = undefined;
    this.#slices.push(slice);
  }

  /** Gives all of them out. */
  take(): Buffer[] {
    const slices = this.#slices;
    this.#slices = [];
    this.#block = undefined;
    return slices;
  }

  #join(last: Buffer, slice: Buffer): void {
    const bytes = last.length + slice.length;
    if (this.#block !== undefined && bytes > BLOCK) {
      this.#block = undefined;
      this.#slices.push(slice);
      return;
    }
    if (this.#block === undefined) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
      last.copy(this.#block);
    }
    slice.copy(this.#block, last.length);
    this.#slices[this.#slices.length - 1] = this.#block.subarray(0, bytes);
  }
}
