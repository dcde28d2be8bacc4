import type { AppendMode } from '../imap/types.ts';

const FIRST_BYTES = 256 << 10;
const LEAST_BYTES = 64 << 10;
/**
 * What is in flight is answered within so many milliseconds at the rate measured. It bounds what a process that dies can
 * still have on the wire when another takes over, and how long a batch in hand takes when the copy is asked to end.
 */
const IN_FLIGHT_MS = 1_000;
/** Commands that fill the window: while one is answered, others are on their way. */
const COMMANDS = 4;
const MOST_MESSAGES: Readonly<Record<AppendMode, number>> = { multiappend: 500, pipelined: 1, plain: 1 };
const MOST_COMMANDS: Readonly<Record<AppendMode, number>> = { multiappend: 32, pipelined: 256, plain: 1 };
/** A larger window is worth it when it makes things faster by this much. */
const FASTER = 1.05;
/** Periods for which nothing is tried after a larger window did not help, or something was refused. */
const PATIENCE = 12;

/**
 * How much is sent before an answer is waited for: modest at first, twice as much as long as that makes things faster, less
 * when something is refused. What was best before is tried again from time to time, since networks change.
 */
export class Pace {
  /** Messages in one command. */
  readonly messages: number;
  /** Commands in flight. */
  readonly commands: number;
  readonly #now: () => number;
  readonly #most: number;
  #bytes = FIRST_BYTES;
  #since: number;
  #accepted = 0;
  /** Bytes in a millisecond, before the window was made larger; undefined when it was not. */
  #before: number | undefined = 0;
  #patience = 0;

  /** `now` in milliseconds; `most` bytes are ever in flight. */
  constructor(mode: AppendMode, most: number, now: () => number) {
    this.messages = MOST_MESSAGES[mode];
    this.commands = MOST_COMMANDS[mode];
    this.#most = most;
    this.#bytes = Math.min(FIRST_BYTES, most);
    this.#now = now;
    this.#since = now();
  }

  /** Bytes in flight. */
  get window(): number {
    return this.#bytes;
  }

  /** Bytes in one command, where it holds more than one message. */
  get command(): number {
    return this.#bytes / COMMANDS;
  }

  /** A command of so many bytes was accepted. A period is over when a whole window was. */
  accepted(bytes: number): void {
    this.#accepted += bytes;
    if (this.#accepted < this.#bytes) return;
    const rate = this.#accepted / Math.max(1, this.#now() - this.#since);
    if (this.#patience > 0) {
      this.#patience -= 1;
    } else if (this.#before === undefined || rate > this.#before * FASTER) {
      this.#before = rate;
      this.#bytes = Math.min(this.#bytes * 2, this.#most);
    } else {
      this.#shrink();
    }
    this.#bytes = Math.max(Math.min(this.#bytes, rate * IN_FLIGHT_MS), Math.min(LEAST_BYTES, this.#most));
    this.#begin();
  }

  /** Something was refused. */
  refused(): void {
    this.#shrink();
    this.#begin();
  }

  #begin(): void {
    this.#since = this.#now();
    this.#accepted = 0;
  }

  #shrink(): void {
    this.#bytes = Math.max(this.#bytes / 2, Math.min(LEAST_BYTES, this.#most));
    this.#before = undefined;
    this.#patience = PATIENCE;
  }
}
