/**
 * Splits a server's byte stream into lines and literals (RFC 3501 section 2.2 and 4.3) as it arrives. Bytes of literals are
 * never copied: they are handed on as slices of the chunks received. Knows nothing of what the lines mean, so that a
 * lane that moves bodies from one connection to another can use it as well as the wire.
 */

export interface ScannerSink {
  /**
   * One line, without CRLF, as a string of bytes. With `announced` it ends in `{n}` and a literal of so many bytes
   * follows, then another line of the same response; without it, the response ends here.
   */
  line(text: string, announced: number | undefined): void;
  /** The next bytes of the announced literal; not called for a literal of no bytes. */
  literal(slice: Buffer): void;
}

export interface ScannerLimits {
  /** Bytes of one response outside literals. */
  readonly maxLine: number;
  /** Bytes of all literals of one response. */
  readonly maxLiteral: number;
}

/** A `SEARCH` of a mailbox with a million messages is one line of eight megabytes; nothing sound is longer. */
export const DEFAULT_LIMITS: ScannerLimits = { maxLine: 16 * 1024 * 1024, maxLiteral: 512 * 1024 * 1024 };

/** The stream is not IMAP, or more than we are willing to take; nothing after it can be understood. */
export class ScanError extends Error {
  override readonly name = 'ScanError';
}

const NOTHING = Buffer.alloc(0);
const LEAST_CARRIED = 512;
/** Room for a line that is kept for the next one. */
const MOST_KEPT = 64 << 10;
const LF = 10;
const CR = 13;
const CLOSING_BRACE = 125;
const OPENING_BRACE = 123;
const PLUS = 43;
const STAR = 42;
const BLANK = 32;
const ZERO = 48;
const MOST_DIGITS = 15;
/** Human-readable text may end in anything, `{5}` included: status responses and continuations announce no literals. */
const FREE_TEXT = /^(?:\+|[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH)(?: |$))/i;

export class Scanner {
  readonly #sink: ScannerSink;
  readonly #limits: ScannerLimits;
  /** Begins with a line whose end has not arrived; many small pieces would take far more room than they have bytes. */
  #carried = NOTHING;
  #carriedBytes = 0;
  /** Bytes of the current literal that have not arrived. */
  #missing = 0;
  #continued = false;
  #lineBytes = 0;
  #literalBytes = 0;
  #stopped = false;

  constructor(sink: ScannerSink, limits: ScannerLimits = DEFAULT_LIMITS) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** From within the sink: the rest of the chunk, and all further ones, are ignored. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes the next chunk, which must not be changed afterwards. Throws a ScanError. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#missing > 0 ? this.#takeLiteral(chunk, at) : this.#takeLine(chunk, at);
    }
  }

  #takeLiteral(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#missing);
    this.#missing -= end - at;
    this.#sink.literal(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    return end;
  }

  #takeLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at);
    const taken = (end === -1 ? chunk.length : end + 1) - at;
    this.#lineBytes += taken;
    if (this.#lineBytes > this.#limits.maxLine) {
      throw new ScanError(`a response has more than ${this.#limits.maxLine} bytes outside literals`);
    }
    if (end === -1) {
      this.#carry(chunk, at, chunk.length);
      return chunk.length;
    }
    if (this.#carriedBytes === 0) {
      this.#endLine(chunk, at, end);
    } else {
      this.#carry(chunk, at, end + 1);
      const [whole, bytes] = [this.#carried, this.#carriedBytes];
      if (whole.length > MOST_KEPT) this.#carried = NOTHING;
      this.#carriedBytes = 0;
      this.#endLine(whole, 0, bytes - 1);
    }
    return end + 1;
  }

  #carry(chunk: Buffer, at: number, end: number): void {
    const bytes = this.#carriedBytes + end - at;
    if (bytes > this.#carried.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(LEAST_CARRIED, Math.min(2 * bytes, this.#limits.maxLine)));
      this.#carried.copy(larger, 0, 0, this.#carriedBytes);
      this.#carried = larger;
    }
    chunk.copy(this.#carried, this.#carriedBytes, at, end);
    this.#carriedBytes = bytes;
  }

  /** `end` is the position of the line feed. */
  #endLine(bytes: Buffer, start: number, end: number): void {
    if (end === start || bytes[end - 1] !== CR)
      throw new ScanError('a line ends in a line feed without carriage return');
    const text = bytes.toString('latin1', start, end - 1);
    const announced = bytes[end - 2] === CLOSING_BRACE ? this.#announced(bytes, start, end - 2, text) : undefined;
    this.#continued = announced !== undefined;
    this.#missing = announced ?? 0;
    if (announced === undefined) {
      this.#lineBytes = 0;
      this.#literalBytes = 0;
    }
    this.#sink.line(text, announced);
  }

  /** `brace` is the position of the closing brace. */
  #announced(bytes: Buffer, start: number, brace: number, text: string): number | undefined {
    if (!this.#continued && !beginsWithNumber(bytes, start) && FREE_TEXT.test(text)) return undefined;
    const announced = numberInBraces(bytes, start, brace);
    if (announced === undefined) return undefined;
    this.#literalBytes += announced;
    if (this.#literalBytes > this.#limits.maxLiteral) {
      throw new ScanError(
        `a literal of ${announced} bytes is announced, more than the ${this.#limits.maxLiteral} that are taken`,
      );
    }
    return announced;
  }
}

/** As `* 23 FETCH` does, which is never free text. */
function beginsWithNumber(bytes: Buffer, start: number): boolean {
  return bytes[start] === STAR && bytes[start + 1] === BLANK && isDigit(bytes[start + 2]);
}

/** `{4836}` or `{4836+}`, read from its end; undefined for what is neither. */
function numberInBraces(bytes: Buffer, start: number, brace: number): number | undefined {
  const last = bytes[brace - 1] === PLUS ? brace - 2 : brace - 1;
  let number = 0;
  let weight = 1;
  for (let at = last; at >= start && last - at <= MOST_DIGITS; at -= 1) {
    const byte = bytes[at] ?? 0;
    if (byte === OPENING_BRACE) return at === last ? undefined : number;
    if (!isDigit(byte)) return undefined;
    number += (byte - ZERO) * weight;
    weight *= 10;
  }
  return undefined;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 10;
}
