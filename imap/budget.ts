interface Waiting {
  readonly own: number;
  readonly wake: () => void;
}

/**
 * Bytes of message bodies that one copy holds at a time, whoever holds them: taken when a literal is announced, given back
 * when nobody needs the body any more. A literal is read while what others have taken leaves room for the largest one.
 */
export class ByteBudget {
  readonly limit: number;
  /** The largest body that is held as a whole. */
  readonly largest: number;
  #ahead = Number.POSITIVE_INFINITY;
  #taken = 0;
  #peak = 0;
  #waiting: readonly Waiting[] = [];
  #onStall: () => void = () => undefined;

  /** All in bytes. */
  constructor(limit: number, largest = Math.floor(limit / 4)) {
    this.limit = limit;
    this.largest = largest;
  }

  /** The most that was ever taken at one time. */
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

  take(bytes: number): void {
    this.#taken += bytes;
    this.#peak = Math.max(this.#peak, this.#taken);
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    if (this.#waiting.length === 0) return;
    const served = this.#waiting.filter(({ own }) => this.hasRoom(own));
    this.#waiting = this.#waiting.filter((waiting) => !served.includes(waiting));
    for (const { wake } of served) wake();
  }

  /** Whether somebody who has taken `own` bytes may read them. */
  hasRoom(own: number): boolean {
    return this.#taken - own <= Math.min(this.#ahead, this.limit - this.largest);
  }

  /** Calls back once, when there is room. */
  onRoom(own: number, wake: () => void): void {
    this.#waiting = [...this.#waiting, { own, wake }];
    this.#onStall();
  }
}
