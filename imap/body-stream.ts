import type { ByteBudget } from './budget.ts';
import type { LiteralSink } from './assembler.ts';
import { Slices } from './slices.ts';

/** What a body stream asks of the connection that it comes from. */
export interface Tap {
  readonly close: () => void;
  readonly open: () => void;
}

/**
 * The body of one message on its way through: read once, in slices, of which no more are held than the budget says. It
 * ends only when the server has closed the response that it belongs to, so whoever passes it on must not commit before.
 */
export class BodyStream implements AsyncIterable<Buffer>, LiteralSink {
  readonly #tap: Tap;
  readonly #budget: ByteBudget;
  readonly #slices = new Slices();
  #held = 0;
  #ended: 'whole' | Error | undefined;
  #unwanted = false;
  #wake: () => void = () => undefined;

  constructor(tap: Tap, budget: ByteBudget) {
    this.#tap = tap;
    this.#budget = budget;
  }

  readonly take = (slice: Buffer): void => {
    if (this.#unwanted) return;
    this.#slices.add(slice);
    this.#held += slice.length;
    this.#budget.take(slice.length);
    if (this.#held >= this.#budget.streamed) this.#tap.close();
    this.#wake();
  };

  /** The server has closed the response. */
  end(): void {
    this.#ended ??= 'whole';
    this.#wake();
  }

  fail(error: Error): void {
    this.#ended ??= error;
    this.#wake();
  }

  /** Nobody reads any further; what still comes is thrown away. */
  discard(): void {
    this.#unwanted = true;
    this.#release();
    this.#tap.open();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        const slices = this.#release();
        if (slices.length > 0) {
          this.#tap.open();
          yield* slices;
          continue;
        }
        if (this.#ended === 'whole') return;
        if (this.#ended !== undefined) throw this.#ended;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.discard();
    }
  }

  #release(): readonly Buffer[] {
    const slices = this.#slices.take();
    this.#budget.give(this.#held);
    this.#held = 0;
    return slices;
  }
}
