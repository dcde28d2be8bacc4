/** What a server says that answers nothing: allowed at any time (RFC 3501 section 5.2), but not for ever. */
import type { RawResponse } from './response.ts';

/** All messages of the largest mailboxes, flagged or expunged by somebody else meanwhile, are told in less. */
export const MOST_IDLE_BYTES = 64 << 20;
/** So many times as long as a server may be silent it may talk without coming to the point. */
const TIMES_THE_SILENCE = 15;

/** Counts what was said since something was of use, and watches how long that is ago while an answer is awaited. */
export class IdleTalk {
  readonly #longest: number;
  readonly #most: number;
  readonly #tired: (why: string) => void;
  #bytes = 0;
  #wasUseful = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * `silence`: milliseconds for which a server may say nothing; `most`: bytes of no use. `tired` is called when it is enough,
   * with the reason.
   */
  constructor(silence: number, most: number, tired: (why: string) => void) {
    this.#longest = silence * TIMES_THE_SILENCE;
    this.#most = most;
    this.#tired = tired;
  }

  /** An answer is awaited from now on. */
  begin(): void {
    this.#bytes = 0;
    this.goOn();
  }

  /** Nothing is read for the moment. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** It is read again; what was said before still counts. */
  goOn(): void {
    const tired = (): void => this.#tired(`it talked for ${this.#longest} ms and did not answer`);
    if (this.#timer === undefined) this.#timer = setTimeout(tired, this.#longest);
    else this.#timer.refresh();
  }

  /** None is awaited any more. */
  end(): void {
    this.pause();
    this.#bytes = 0;
  }

  /** Something was of use, or the command goes on being sent. */
  useful(): void {
    this.#wasUseful = true;
    this.#bytes = 0;
    this.#timer?.refresh();
  }

  /** A response is over; it was idle unless something of it was of use. */
  heard({ lines, literals }: RawResponse): void {
    const wasUseful = this.#wasUseful;
    this.#wasUseful = false;
    if (wasUseful) return;
    for (const line of lines) this.#bytes += line.length;
    for (const { bytes } of literals) this.#bytes += bytes;
    if (this.#bytes > this.#most) this.#tired(`it said ${this.#bytes} bytes that answer nothing`);
  }
}
