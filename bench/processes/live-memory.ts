import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const PAUSE_MS = 1_000;

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

  /** So long after the last look, however long that took: in between heartbeats have to be sent. */
  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#peak = Math.max(this.#peak, this.#look());
      this.#timer = this.#lookLater();
    }, PAUSE_MS);
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
