import type { Fault, FaultSubject } from './fault.ts';

/** A fault that was switched on. */
export interface FaultHandle {
  /** How often it has struck. */
  readonly hits: number;
  /** Resolves once it has struck so often (default: once). */
  hit(times?: number): Promise<void>;
  /** Switches it off, and lets go the commands it holds. */
  release(): void;
}

/** One switched-on fault: whom it strikes, how often it still may, and who waits for it. */
export class ActiveFault<F extends Fault = Fault> implements FaultHandle {
  readonly fault: F;
  readonly released: Promise<void>;
  hits = 0;
  #matches = 0;
  #over = false;
  #letGo: () => void = () => {};
  readonly #now: () => number;
  readonly #onOver: () => void;
  #waiting: { readonly times: number; readonly resolve: () => void }[] = [];

  constructor(fault: F, context: { readonly now: () => number; readonly onOver: () => void }) {
    this.fault = fault;
    this.#now = context.now;
    this.#onOver = context.onOver;
    this.released = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  /** Whether it can strike this connection at all, now. */
  concerns(subject: FaultSubject): boolean {
    const { user, until } = this.fault;
    if (this.#over) return false;
    if (until !== undefined && this.#now() >= until.getTime()) return false;
    return user === undefined || user.toLowerCase() === subject.user?.toLowerCase();
  }

  /** Counts a matching command; true if it is this one's turn. */
  isTurn(nth = 1): boolean {
    this.#matches += 1;
    return this.#matches >= nth;
  }

  /** Notes that it has struck. Commands it holds stay held when its number is used up. */
  strike(): void {
    this.hits += 1;
    this.#waiting = this.#waiting.filter(({ times, resolve }) => {
      if (this.hits < times) return true;
      resolve();
      return false;
    });
    const limit = this.fault.times ?? (this.fault.until === undefined ? 1 : 'always');
    if (limit !== 'always' && this.hits >= limit) this.#end();
  }

  hit(times = 1): Promise<void> {
    if (this.hits >= times) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ times, resolve });
    });
  }

  release(): void {
    this.#end();
    this.#letGo();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onOver();
  }
}
