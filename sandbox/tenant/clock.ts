/** The tenant's sense of time: handed in, so that a test moves an hour instead of waiting for it. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls `act` once, when `at` (milliseconds since 1970) has come. What it answers takes the order back. */
  readonly when: (at: number, act: () => void) => () => void;
}

/** The longest wait that setTimeout takes. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's clock. Its orders do not keep a process alive. */
export const systemClock: Clock = {
  now: Date.now,
  when: (at, act) => {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const left = at - Date.now();
      timer = setTimeout(left > LONGEST_TIMEOUT_MS ? wait : act, Math.min(Math.max(left, 0), LONGEST_TIMEOUT_MS));
      timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number;
  readonly #orders = new Set<{ readonly at: number; readonly act: () => void }>();

  constructor(start: number = Date.now()) {
    this.#now = start;
  }

  readonly now = (): number => this.#now;

  readonly when = (at: number, act: () => void): (() => void) => {
    const order = { at, act };
    this.#orders.add(order);
    return () => this.#orders.delete(order);
  };

  /** Moves on by so many milliseconds; whatever falls due on the way is done in its order, at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#orders].filter(({ at }) => at <= end).toSorted((left, right) => left.at - right.at);
      if (next === undefined) break;
      this.#orders.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
    this.#now = end;
  }
}
