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
  multiappend: { window: 16, messages: 500 },
  pipelined: { window: 256, messages: 1 },
  plain: { window: 1, messages: 1 },
};
/** More is worth it while it makes things faster by this much. */
const FASTER = 1.05;
/** Full periods without growth after one that did not help. */
const CAUTION = 16;

/**
 * How much is sent before an answer is waited for: modest at first, more as long as that makes things faster, less when
 * something is refused. A period is as many acknowledged commands as fit into the window.
 */
export class Pace {
  readonly #mode: AppendMode;
  readonly #now: () => number;
  #step: Step;
  #since: number;
  #commands = 0;
  #bytes = 0;
  #bestRate = 0;
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
    const rate = this.#bytes / Math.max(1, this.#now() - this.#since);
    if (this.#caution > 0) {
      this.#caution -= 1;
      if (this.#caution === 0) this.#bestRate = 0;
    } else if (rate > this.#bestRate * FASTER) {
      this.#bestRate = rate;
      this.#grow();
    } else {
      this.#caution = CAUTION;
    }
    this.#begin();
  }

  /** Something was refused. */
  refused(): void {
    this.#shrink();
    this.#caution = CAUTION;
    this.#begin();
  }

  #begin(): void {
    this.#since = this.#now();
    this.#commands = 0;
    this.#bytes = 0;
  }

  /** Larger commands first: they cost a server less than more of them. */
  #grow(): void {
    const { window, messages } = this.#step;
    const most = MOST[this.#mode];
    this.#step =
      messages < most.messages
        ? { window, messages: Math.min(messages * 2, most.messages) }
        : { window: Math.min(window * 2, most.window), messages };
  }

  #shrink(): void {
    const { window, messages } = this.#step;
    this.#step = { window: Math.ceil(window / 2), messages: Math.ceil(messages / 2) };
  }
}
