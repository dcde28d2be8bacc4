const MOST_STREAMED = 1 << 20;
/** Who waits for room goes on when there is so much of it: a reader woken for each message that leaves reads one at a time. */
const ROOM = 1 / 8;

interface Waiting {
  readonly own: number;
  readonly wake: () => void;
}

/**
 * Bytes of message bodies that one copy holds at a time, whoever holds them: taken when a literal is announced, given back
 * when nobody needs the body any more. A literal is read while what others have taken leaves room for it.
 */
export class ByteBudget {
  readonly limit: number;
  /** The largest body that is held as a whole. */
  readonly largest: number;
  /** As much is held of a larger one on its way through. */
  readonly streamed: number;
  #ahead = Number.POSITIVE_INFINITY;
  #taken = 0;
  #peak = 0;
  #waiting: readonly Waiting[] = [];
  #onStall: () => void = () => undefined;

  /** All in bytes. */
  constructor(limit: number, largest = Math.floor(limit / 4)) {
    this.limit = limit;
    this.largest = largest;
    this.streamed = Math.min(MOST_STREAMED, largest);
  }

  /** The most that was ever held at one time, or admitted to be. */
  get peak(): number {
    return this.#peak;
  }

  /** Called whenever a reader begins to wait for room: whoever gathers messages had better send them. */
  whenStalled(act: () => void): void {
    this.#onStall = act;
  }

  /** No more than this has to be held: reading further would make nothing faster. Still within the limit. */
  suffice(bytes: number): void {
    this.#ahead = bytes;
    this.give(0);
  }

  /** So much is held from now on. */
  take(bytes: number): void {
    this.#taken += bytes;
    this.#peak = Math.max(this.#peak, this.#taken);
  }

  /** A literal of so many bytes is to be read, when it is admitted. */
  announce(bytes: number): void {
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    if (this.#waiting.length === 0) return;
    const served = this.#waiting.filter(({ own }) => this.#taken - own <= this.#mostBeside(own) * (1 - ROOM));
    if (served.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !served.includes(waiting));
    this.#admitted();
    for (const { wake } of served) wake();
  }

  /**
   * Whether there is room for somebody who has announced `own` bytes to read them: beside what others hold, also if what comes
   * next is a stream. What would never have room is read when nothing else is held.
   */
  admits(own: number): boolean {
    if (this.#taken - own > this.#mostBeside(own)) return false;
    this.#admitted();
    return true;
  }

  /** What others may hold beside somebody's own. */
  #mostBeside(own: number): number {
    return Math.min(this.#ahead, Math.max(0, this.limit - Math.max(own, this.streamed)));
  }

  #admitted(): void {
    this.#peak = Math.max(this.#peak, this.#taken);
  }

  /** Calls back once, when there is room. */
  onRoom(own: number, wake: () => void): void {
    this.#waiting = [...this.#waiting, { own, wake }];
    this.#onStall();
  }
}
