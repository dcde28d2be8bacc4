/** Watches how long a server says nothing while an answer is awaited. */
export class Silence {
  readonly #longest: number;
  readonly #tooLong: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Counts signs of life. */
  #heard = 0;

  /** `longest` in milliseconds; `tooLong` is called when nothing was heard or sent for that time. */
  constructor(longest: number, tooLong: () => void) {
    this.#longest = longest;
    this.#tooLong = tooLong;
  }

  /** An answer is awaited from now on. */
  begin(): void {
    this.#heard += 1;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#expired(), this.#longest);
    else this.#timer.refresh();
  }

  /** None is awaited any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The server said something, or took something. */
  alive(): void {
    this.#heard += 1;
    this.#timer?.refresh();
  }

  /** After this process was busy or suspended, what came meanwhile has not been read yet: it is first heard. */
  #expired(): void {
    const heard = this.#heard;
    const timer = this.#timer;
    setImmediate(() => {
      if (this.#timer === timer && this.#heard === heard) this.#tooLong();
    });
  }
}
