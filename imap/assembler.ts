import type { Literal, RawResponse } from './response.ts';
import type { ScannerSink } from './scanner.ts';
import { Slices } from './slices.ts';

/** Takes the bytes of one literal instead of the response that it belongs to. */
export interface LiteralSink {
  readonly take: (slice: Buffer) => void;
}

/** Asked when a literal is announced, with the response's lines so far; what it gives takes the literal's bytes. */
export type ClaimLiteral = (lines: readonly string[], bytes: number) => LiteralSink | undefined;

/** Collects lines and literals into whole responses. */
export class Assembler implements ScannerSink {
  readonly #deliver: (raw: RawResponse) => void;
  readonly #claim: ClaimLiteral;
  #lines: string[] = [];
  #literals: Literal[] = [];
  readonly #pieces = new Slices();
  #bytes = 0;
  #inLiteral = false;
  #sink: LiteralSink | undefined;

  constructor(deliver: (raw: RawResponse) => void, claim: ClaimLiteral = () => undefined) {
    this.#deliver = deliver;
    this.#claim = claim;
  }

  line(text: string, announced: number | undefined): void {
    this.#endLiteral();
    this.#lines.push(text);
    this.#inLiteral = announced !== undefined;
    if (announced !== undefined) {
      this.#sink = this.#claim(this.#lines, announced);
      return;
    }
    const raw = { lines: this.#lines, literals: this.#literals };
    this.#lines = [];
    this.#literals = [];
    this.#deliver(raw);
  }

  literal(slice: Buffer): void {
    if (this.#sink === undefined) this.#pieces.add(slice);
    else this.#sink.take(slice);
    this.#bytes += slice.length;
  }

  #endLiteral(): void {
    if (!this.#inLiteral) return;
    this.#literals.push({ pieces: this.#pieces.take(), bytes: this.#bytes });
    this.#bytes = 0;
    this.#sink = undefined;
  }
}
