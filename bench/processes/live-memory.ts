import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Between two looks; and five times as long as a look took, so that heartbeats are sent in between. */
const LEAST_PAUSE_MS = 50;
const PAUSES = 5;

/**
 * What a process holds: its heap and what hangs on it outside, each time after everything else was collected. RSS has in it
 * what nobody holds any more and V8 has not collected yet. Collecting so often takes time, so a run that is looked at in this way
 * tells nothing of speed or RSS.
 */
export class LiveMemory {
  readonly #collect: () => void;
  readonly #rest: number;
  #timer: NodeJS.Timeout;
  #peak: number;

  /** Begins to look. What is held now is the rest, over which the peak is told. */
  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc');
    this.#rest = this.#look();
    this.#peak = this.#rest;
    this.#timer = this.#lookLater();
  }

  /** Ends looking. The most that was held over the rest, in bytes. */
  end(): number {
    clearTimeout(this.#timer);
    return this.#peak - this.#rest;
  }

  #lookLater(pause = LEAST_PAUSE_MS): NodeJS.Timeout {
    return setTimeout(() => {
      const began = performance.now();
      this.#peak = Math.max(this.#peak, this.#look());
      this.#timer = this.#lookLater(Math.max(LEAST_PAUSE_MS, PAUSES * (performance.now() - began)));
    }, pause);
  }

  #look(): number {
    this.#collect();
    // What the first has found dead outside the heap is given back by the second.
    this.#collect();
    // `external` has the bytes of buffers in it.
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
}
