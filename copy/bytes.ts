/** Thrown when encoded bytes are not what an encoder of this room writes. */
export class DamagedBytes extends Error {
  override readonly name = 'DamagedBytes';
}

/** Collects bytes; numbers are unsigned LEB128 up to 2^53 - 1. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(1_024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written so far; shares memory with the writer. */
  taken(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  text(value: string): void {
    this.block(Buffer.from(value, 'utf8'));
  }

  /** Bytes preceded by their number. */
  block(bytes: Buffer): void {
    this.number(bytes.length);
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Reads what a ByteWriter wrote. Everything else is a DamagedBytes. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes that are still to be read. */
  get left(): number {
    return this.#bytes.length - this.#position;
  }

  /** At most `largest`. */
  number(largest: number = Number.MAX_SAFE_INTEGER): number {
    const first = this.#bytes[this.#position];
    if (first !== undefined && first < 0x80 && first <= largest) {
      this.#position += 1;
      return first;
    }
    return this.#longNumber(largest);
  }

  #longNumber(largest: number): number {
    let value = 0;
    for (let weight = 1; ; weight *= 0x80) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new DamagedBytes('a number is cut off');
      value += (byte & 0x7f) * weight;
      if (value > largest) throw new DamagedBytes(`a number is larger than ${largest}`);
      if (byte < 0x80) {
        if (byte === 0 && weight > 1) throw new DamagedBytes('a number is longer than it has to be');
        return value;
      }
    }
  }

  text(): string {
    const bytes = this.block();
    try {
      return UTF8.decode(bytes);
    } catch (error) {
      throw new DamagedBytes('a text is not UTF-8', { cause: error });
    }
  }

  block(): Buffer {
    const length = this.number(this.#bytes.length);
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new DamagedBytes('a block is cut off');
    const block = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return block;
  }

  /** A reader of the next block. */
  inner(): ByteReader {
    return new ByteReader(this.block());
  }

  end(): void {
    if (this.#position !== this.#bytes.length) throw new DamagedBytes('there are bytes after the end');
  }
}
