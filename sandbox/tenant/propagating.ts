import type { Clock } from './clock.ts';

/**
 * A setting of the directory that is not in force at once: consent, permissions and service principals take minutes to an
 * hour to reach all of Microsoft's servers ("Role Based Access Control for Applications in Exchange Online" speaks of
 * 30 minutes to two hours; seen in threads of migration tools).
 */
export class Propagating<T> {
  readonly #clock: Clock;
  readonly #delayMs: () => number;
  /** In the order in which they come into force; the first is in force. */
  #values: { readonly from: number; readonly value: T }[];

  /** `delayMs` is asked at every change. */
  constructor(clock: Clock, delayMs: () => number, initial: T) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#values = [{ from: Number.NEGATIVE_INFINITY, value: initial }];
  }

  /** What is in force now. */
  get current(): T {
    this.#forget();
    const [first] = this.#values;
    if (first === undefined) throw new Error('A setting without a value');
    return first.value;
  }

  /** Comes into force after the delay, or at once. Takes the place of what was on its way. */
  set(value: T, how: 'in-time' | 'at-once' = 'in-time'): void {
    const now = this.#clock.now();
    const before = { from: Number.NEGATIVE_INFINITY, value: this.current };
    const after = { from: now + this.#delayMs(), value };
    this.#values = how === 'at-once' || after.from <= now ? [after] : [before, after];
  }

  /** Brings into force what is on its way. */
  settle(): void {
    this.#values = this.#values.slice(-1).map(({ value }) => ({ from: Number.NEGATIVE_INFINITY, value }));
  }

  #forget(): void {
    const now = this.#clock.now();
    while ((this.#values[1]?.from ?? Number.POSITIVE_INFINITY) <= now) this.#values.shift();
  }
}
