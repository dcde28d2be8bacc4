import type { Batch } from './gathered.ts';
import type { Prepared } from './message.ts';

/** Messages with flags that the server has yet to take, in their order. */
export class Unproven {
  readonly #takes: (flags: readonly string[]) => boolean;
  #messages: Prepared[] = [];
  /** Lists that need no proof any more; messages share them. */
  readonly #proven = new WeakSet<readonly string[]>();

  /** `takes`: whether the server is known to take these. */
  constructor(takes: (flags: readonly string[]) => boolean) {
    this.#takes = takes;
  }

  get length(): number {
    return this.#messages.length;
  }

  /** Whether this message need not wait here. */
  isProven({ message: { flags } }: Prepared): boolean {
    if (this.#proven.has(flags)) return true;
    if (!this.#takes(flags)) return false;
    this.#proven.add(flags);
    return true;
  }

  add(prepared: Prepared): void {
    this.#messages.push(prepared);
  }

  /**
   * The message with which to ask the server next: the one with the most flags about which nothing is known, so that as few as
   * possible have to be asked about; of several the first, and one of at most so many bytes if there is one.
   */
  next(bytes: number): Prepared | undefined {
    let best: { readonly prepared: Prepared; readonly worth: number } | undefined;
    for (const prepared of this.#messages) {
      const { message } = prepared;
      const news = message.flags.filter((flag) => !this.#takes([flag])).length;
      const worth = news + (message.bytes <= bytes ? 0.5 : 0);
      if (best === undefined || worth > best.worth) best = { prepared, worth };
    }
    return best?.prepared;
  }

  /** False when this message does not wait here. */
  take(prepared: Prepared): boolean {
    const before = this.#messages.length;
    this.#messages = this.#messages.filter((each) => each !== prepared);
    return this.#messages.length < before;
  }

  /** Gives out those that need not wait any more. */
  takeProven(): Batch {
    const proven = this.#messages.filter((each) => this.isProven(each));
    if (proven.length > 0) this.#messages = this.#messages.filter((each) => !this.isProven(each));
    return proven;
  }

  /** Gives everything out. */
  takeAll(): Batch {
    const all = this.#messages;
    this.#messages = [];
    return all;
  }
}
