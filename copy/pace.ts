import type { AppendMode } from '../imap/types.ts';

interface Step {
  /** Commands in flight. */
  readonly window: number;
  /** Messages in one command. */
  readonly messages: number;
}

const FIRST: Readonly<Record<AppendMode, Step>> = {
  multiappend: { window: 2, messages: 50 },
  pipelined: { window: 4, messages: 1 },
  plain: { window: 1, messages: 1 },
};
const MOST: Readonly<Record<AppendMode, Step>> = {
  multiappend: { window: 16, messages: 1_000 },
  pipelined: { window: 256, messages: 1 },
  plain: { window: 1, messages: 1 },
};
/** A period that is this much slower than the one before was too much. */
const TOO_SLOW = 0.7;
/** Full periods without growth after one that was too much. */
const CAUTION = 8;

/**
 * How much is sent before an answer is waited for: modest at first, more as long as it does not make things slower, less
 * when something is refused. A period is as many acknowledged commands as fit into the window.
 */
export class Pace {
  readonly #mode: AppendMode;
  readonly #now: () => number;
  #step: Step;
  #since: number;
  #commands = 0;
  #bytes = 0;
  #lastRate = 0;
  #caution = 0;

  /** `now` in milliseconds. */
  constructor(mode: AppendMode, now: () => number) {
    this.#mode = mode;
    this.#now = now;
    this.#step = FIRST[mode];
    this.#since = now();
  }

  get window(): number {
    return this.#step.window;
  }

  get messages(): number {
    return this.#step.messages;
  }

  /** One command was accepted. */
  accepted(bytes: number): void {
    this.#commands += 1;
    this.#bytes += bytes;
    if (this.#commands < this.#step.window) return;
    const elapsed = Math.max(1, this.#now() - this.#since);
    const rate = this.#bytes / elapsed;
    if (rate < this.#lastRate * TOO_SLOW) this.#caution = CAUTION;
    else if (this.#caution > 0) this.#caution -= 1;
    else this.#scale(2);
    this.#lastRate = Math.max(rate, this.#lastRate * TOO_SLOW);
    this.#begin();
  }

  /** Something was refused. */
  refused(): void {
    this.#scale(1 / 2);
    this.#caution = CAUTION;
    this.#begin();
  }

  #begin(): void {
    this.#since = this.#now();
    this.#commands = 0;
    this.#bytes = 0;
  }

  #scale(factor: number): void {
    const { window, messages } = this.#step;
    const [least, most] = [FIRST[this.#mode], MOST[this.#mode]];
    this.#step = {
      window: within(window * factor, Math.min(least.window, 2), most.window),
      messages: within(messages * factor, 1, most.messages),
    };
  }
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.round(value), least), most);
}
