import { takenSince } from '../imap/date-proofs.ts';
import type { Batch } from './gathered.ts';
import type { Prepared } from './message.ts';
import type { DestinationSession } from './sides.ts';

/** Messages with flags or a date that the server has yet to take, in their order. */
export class Unproven {
  readonly #destination: Pick<DestinationSession, 'isProven' | 'isDateProven'>;
  readonly #folder: string;
  #messages: Prepared[] = [];
  /** Lists of flags that need no proof any more; messages share them. */
  readonly #proven = new WeakSet<readonly string[]>();

  /** `destination`: knows what the server takes; `folder`: the name to which they go. */
  constructor(destination: Pick<DestinationSession, 'isProven' | 'isDateProven'>, folder: string) {
    this.#destination = destination;
    this.#folder = folder;
  }

  get length(): number {
    return this.#messages.length;
  }

  /** Whether this message need not wait here. */
  isProven({ message }: Prepared): boolean {
    return this.#areProven(message.flags) && this.#destination.isDateProven(message);
  }

  #areProven(flags: readonly string[]): boolean {
    if (this.#proven.has(flags)) return true;
    if (!this.#takes(flags)) return false;
    this.#proven.add(flags);
    return true;
  }

  #takes(flags: readonly string[]): boolean {
    return this.#destination.isProven(this.#folder, flags);
  }

  add(prepared: Prepared): void {
    this.#messages.push(prepared);
  }

  /**
   * The message with which to ask the server next. It shows that the oldest date is taken as well; of those that do it is the one with
   * the most about which nothing is known, flags and the date together, so that as few as possible have to be asked about; of
   * several the first, and one of at most so many bytes if there is one.
   */
  next(bytes: number): Prepared | undefined {
    const oldest = this.#oldest();
    let best: { readonly prepared: Prepared; readonly worth: number } | undefined;
    for (const prepared of this.#messages) {
      if (takenSince(prepared.instant) > oldest) continue;
      const worth = this.#newsIn(prepared) + (prepared.message.bytes <= bytes ? 0.5 : 0);
      if (best === undefined || worth > best.worth) best = { prepared, worth };
    }
    return best?.prepared;
  }

  /** Epoch milliseconds; of the dates that the server has yet to take. */
  #oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { message, instant } of this.#messages) {
      if (instant < oldest && !this.#destination.isDateProven(message)) oldest = instant;
    }
    return oldest;
  }

  #newsIn({ message }: Prepared): number {
    const flags = message.flags.filter((flag) => !this.#takes([flag])).length;
    return flags + (this.#destination.isDateProven(message) ? 0 : 1);
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
