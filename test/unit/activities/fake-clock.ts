import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../activities/clock.ts';

interface Alarm {
  readonly at: number;
  readonly act: () => void;
}

/** A clock that a test moves; both clocks start at the same moment. */
export class FakeClock implements Clock {
  #wall = 1_000_000;
  #monotonic = 0;
  #alarms: readonly Alarm[] = [];

  readonly wall = (): number => this.#wall;
  readonly monotonic = (): number => this.#monotonic;

  readonly after = (ms: number, act: () => void): (() => void) => {
    const alarm: Alarm = { at: this.#monotonic + ms, act };
    this.#alarms = [...this.#alarms, alarm];
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  };

  /** Lets time pass, alarms ring in their order, and what was promised happen. */
  async pass(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    await settle();
    for (;;) {
      const [next] = this.#alarms.toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > until) break;
      this.#moveTo(next.at);
      this.#alarms = this.#alarms.filter((other) => other !== next);
      next.act();
      await settle();
    }
    this.#moveTo(until);
    await settle();
  }

  /** The process stands still: time passes and no alarm rings. */
  stop(ms: number): void {
    this.#moveTo(this.#monotonic + ms);
  }

  /** The machine sleeps: only the wall clock goes on. */
  sleep(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(monotonic: number): void {
    this.#wall += Math.max(0, monotonic - this.#monotonic);
    this.#monotonic = Math.max(this.#monotonic, monotonic);
  }
}

/** Until everything that is promised already has happened. */
export async function settle(): Promise<void> {
  await setImmediate();
}
