import type { AppendMode } from '../imap/types.ts';

const FIRST_BYTES = 256 << 10;
const LEAST_BYTES = 64 << 10;
/**
 * What is in flight is answered within so many milliseconds. It bounds what a process that dies can still have on the wire
 * when another takes over, and how long a batch in hand takes when the copy is asked to end.
 */
const IN_FLIGHT_MS = 1_000;
/** The window grows to what is answered in so long, at the rate at which the last answer came. */
const GROWN_MS = IN_FLIGHT_MS / 2;
/** The same where one command fills it: then nothing is asked of the server while an answer is on its way. */
const ALONE_MS = IN_FLIGHT_MS * 0.75;
/** And by no more than so many times what was answered: a wire that takes a first burst quickly may be slow all the same. */
const GROWTH = 7;
/** The round trip is at most so much of what an answer took: one that was measured on a bad moment says little. */
const MOST_OF_IT = 7 / 8;
/** The same after something was refused. */
const CAUTIOUS_GROWTH = 1 / 16;
/** Commands that fill the window: while one is answered, others are on their way. */
const COMMANDS = 4;
/** Larger commands save no more time: the disk's is spent by then on what they hold. */
const MOST_COMMAND_BYTES = 4 << 20;
const MOST_MESSAGES: Readonly<Record<AppendMode, number>> = { multiappend: 1_000, pipelined: 1, plain: 1 };
const MOST_COMMANDS: Readonly<Record<AppendMode, number>> = { multiappend: 6, pipelined: 256, plain: 1 };

/** A command on its way. */
export interface Departure {
  readonly bytes: number;
  readonly at: number;
  /** Bytes that had been answered when it left. */
  readonly answered: number;
}

/**
 * How much is sent before an answer is waited for. Each answer tells at what rate the server takes mail: what was answered
 * since its command left, by the time that took (as BBR samples delivery, draft-cardwell-iccrg-bbr-congestion-control
 * section 4.1), without the round trip that even nothing takes, where that is known. The window is what is answered within half
 * a second at that rate, so it is filled in few round trips, whatever the wire and however long the server takes to write.
 * Where answers take longer, fewer and larger commands fill it, for a server may need that long for each, however small; and
 * after more than a second the window is less at once. When something is refused it is halved, and grows slowly from there.
 */
export class Pace {
  /** Messages in one command. */
  readonly messages: number;
  /** Commands in flight. */
  readonly commands: number;
  readonly #now: () => number;
  readonly #most: number;
  #window: number;
  /** Commands that fill it. */
  #shares = COMMANDS;
  #growth = GROWTH;
  #answered = 0;
  /** The least that it took to hear anything, in milliseconds. */
  #roundTrip: number | undefined;
  /** Commands that left before tell nothing of the window as it is now. */
  #changedAt = Number.NEGATIVE_INFINITY;

  /** `now` in milliseconds; `most` bytes are ever in flight. */
  constructor(mode: AppendMode, most: number, now: () => number) {
    this.messages = MOST_MESSAGES[mode];
    this.commands = MOST_COMMANDS[mode];
    this.#most = most;
    this.#window = Math.min(FIRST_BYTES, most);
    this.#now = now;
  }

  /** Bytes in flight. */
  get window(): number {
    return this.#window;
  }

  /** Bytes in one command, where it holds more than one message. */
  get command(): number {
    return Math.min(this.#window / this.#shares, MOST_COMMAND_BYTES);
  }

  /**
   * The same for a command beside so many that are in flight, of so many bytes together: as large as lets those that may still
   * follow fill the window, also when it has just grown and what is in flight is small.
   */
  commandBeside(flying: number, bytes: number): number {
    const room = (this.#window - bytes) / Math.max(1, this.commands - flying);
    return Math.min(Math.max(this.#window / this.#shares, room), MOST_COMMAND_BYTES);
  }

  /** A command of so many bytes is handed to the connection. */
  departs(bytes: number): Departure {
    return { bytes, at: this.#now(), answered: this.#answered };
  }

  /** The server has asked for its bytes, which leave only now; that it did took a round trip at least. */
  asked({ bytes, at }: Departure): Departure {
    this.#roundTrip = Math.min(this.#roundTrip ?? Number.POSITIVE_INFINITY, this.#now() - at);
    return this.departs(bytes);
  }

  /** It was accepted. */
  accepted({ bytes, at, answered }: Departure): void {
    this.#answered += bytes;
    const took = Math.max(1, this.#now() - at);
    const told = this.#answered - answered;
    if (this.#roundTrip !== undefined) this.#roundTrip = Math.min(this.#roundTrip, took);
    if (took <= GROWN_MS || (took <= IN_FLIGHT_MS && this.#shares === 1)) return this.#grow(told, took, bytes);
    const rate = told / took;
    if (at < this.#changedAt) return;
    this.#changedAt = this.#now();
    this.#shares = Math.max(1, this.#shares / 2);
    if (took > IN_FLIGHT_MS) this.#resize(Math.min(this.#window, rate * ALONE_MS));
  }

  /** Something was refused. */
  refused(): void {
    this.#growth = CAUTIOUS_GROWTH;
    this.#resize(this.#window / 2);
  }

  #grow(told: number, took: number, bytes: number): void {
    const sustained = this.#answerable(told, took, this.#shares === 1 ? ALONE_MS : GROWN_MS);
    this.#resize(Math.max(this.#window, Math.min(sustained, this.#window + bytes * this.#growth)));
    if (took <= GROWN_MS / 2) this.#shares = Math.min(COMMANDS, this.#shares * 2);
  }

  /** Bytes that are answered within so long, by what was answered in the time that this took. */
  #answerable(told: number, took: number, within: number): number {
    const trip = Math.min(this.#roundTrip ?? 0, took * MOST_OF_IT);
    return Math.max((told / took) * within, (told / (took - trip)) * (within - trip));
  }

  #resize(bytes: number): void {
    this.#window = Math.min(Math.max(bytes, LEAST_BYTES), this.#most);
  }
}

const PACES = new WeakMap<object, { readonly pace: Pace; readonly most: number }>();

/** The pace of a connection, which is known from one folder and share to the next. */
export function paceOf(connection: object, mode: AppendMode, most: number, now: () => number): Pace {
  const known = PACES.get(connection);
  if (known?.most === most) return known.pace;
  const pace = new Pace(mode, most, now);
  PACES.set(connection, { pace, most });
  return pace;
}
