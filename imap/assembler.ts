import type { Literal, RawResponse } from './response.ts';
import type { ScannerSink } from './scanner.ts';

/** Collects lines and literals into whole responses. */
export class Assembler implements ScannerSink {
  readonly #deliver: (raw: RawResponse) => void;
  #lines: string[] = [];
  #literals: Literal[] = [];
  #pieces: Buffer[] = [];
  #bytes = 0;
  #inLiteral = false;

  constructor(deliver: (raw: RawResponse) => void) {
    this.#deliver = deliver;
  }

  line(text: string, announced: number | undefined): void {
    this.#endLiteral();
    this.#lines.push(text);
    this.#inLiteral = announced !== undefined;
    if (this.#inLiteral) return;
    const raw = { lines: this.#lines, literals: this.#literals };
    this.#lines = [];
    this.#literals = [];
    this.#deliver(raw);
  }

  literal(slice: Buffer): void {
    this.#pieces.push(slice);
    this.#bytes += slice.length;
  }

  #endLiteral(): void {
    if (!this.#inLiteral) return;
    this.#literals.push({ pieces: this.#pieces, bytes: this.#bytes });
    this.#pieces = [];
    this.#bytes = 0;
  }
}
