/**
 * One attempt's right to write to the destination.
 *
 * Temporal gives a folder to another worker when it has received no heartbeat of this attempt for `heartbeatTimeout`. Two
 * writers would double mail, so this attempt must have stopped by then, whatever is wrong: Temporal unreachable, the
 * process stopped, the machine asleep, the attempt ended by hand. The argument:
 *
 * 1. A heartbeat that Temporal acknowledged was received after it was *sent*. Nobody else gets the folder before
 *    `sent + heartbeatTimeout`. The moment of sending counts, never that of the answer.
 * 2. The lease holds until `sent + heartbeatTimeout / 3` of the newest acknowledged heartbeat. The other two thirds are for
 *    what the kernel and the network have already taken over from us and still deliver.
 * 3. It is looked at twice. `check` is called in the tick of every write that commits something and compares clocks, for a
 *    process that was stopped runs on in the middle of its code, before any timer. An alarm destroys the sockets of an
 *    attempt that waits, in its own tick, so that what is buffered goes nowhere.
 * 4. Age is what the monotonic *or* the wall clock says, the larger: the first may stand still while a machine sleeps, the
 *    second may be set back. A clock set forward costs one retry and nothing else.
 * 5. Once lost it is lost for good: there may be another writer, and only a new attempt may find out what was written.
 * 6. Before the first acknowledgement it does not hold at all: a task that lay in a queue may have been given away again.
 * 7. Temporal also ends an attempt after `attemptTimeout`, whatever its heartbeats say; the lease ends before that.
 *
 * The worker's own heartbeats (`Context.heartbeat`) prove nothing: they are throttled, retried in the background, and their
 * answers are not passed on. They have to be sent all the same (see `tellWorker`), and then one that was held up may replace
 * newer details of ours at the server until our next heartbeat, a second later. What a copy must not lose, it waits to have
 * acknowledged before it writes; so such a wait first lets a worker's heartbeat that may be under way arrive, and none is sent
 * while it lasts. What remains is a worker's heartbeat that is held up for longer than `SETTLED_MS` while ours get through,
 * in an attempt that is killed in the very second before our next one.
 */
import { LeaseLost } from '../copy/lease-lost.ts';
import { ageOf, momentOf, type Clock, type Moment } from './clock.ts';
import type { HeartbeatAnswer, SendHeartbeat } from './heartbeats.ts';
import type { Lease } from '../copy/types.ts';
import type { CopyHeartbeat } from '../model/activities.ts';

/** Why an attempt is to end after the batch in hand. */
export type Interruption = 'cancel-requested' | 'paused' | 'reset' | 'worker-stopping';

export interface LeaseOptions {
  readonly send: SendHeartbeat;
  /** Milliseconds. */
  readonly heartbeatTimeout: number;
  /** Milliseconds from now after which Temporal ends the attempt; absent: never. */
  readonly attemptTimeout?: number;
  readonly clock: Clock;
  /** What heartbeats carry until `carry` is called: at least the growth that the attempt found. */
  readonly first: CopyHeartbeat;
  /**
   * Hands details to the worker's own heartbeat, after Temporal has acknowledged them from us. It has to be called: sdk-core
   * keeps a timer of its own that only its own heartbeats reset, `heartbeatTimeout` and 5 seconds long, after which it
   * takes the attempt for timed out and *never reports its result* (sdk-core, worker/activities.rs; seen on server 1.32 after
   * 7.0 seconds of a timeout of 2); and a failure is reported with the details that the worker was told last.
   */
  readonly tellWorker: (details: CopyHeartbeat) => void;
}

const LEASE_PART = 1 / 3;
const INTERVAL_PART = 1 / 6;
const LONGEST_INTERVAL_MS = 1_000;
/** An answer is waited for during this part of the lease, so that a lost one leaves time for another try. */
const ANSWER_PART = 1 / 2;
const RETRY_PAUSE_MS = 100;
/** How often the worker is told: well within the time after which sdk-core would give the attempt up. */
const WORKER_PART = 1 / 2;
/** It may be told as late as this where an acknowledgement is being waited for. */
const WORKER_LATEST_PART = 0.9;
/** After so long the worker's heartbeat has arrived, where it arrives at all. */
const SETTLED_MS = 2_000;
const LONGEST_SETTLED_PART = 1 / 3;

interface Waiter {
  /** Heartbeats that had been sent when the wait began: only a later one counts. */
  readonly after: number;
  /** On the monotonic clock: one that was sent earlier may be followed by an older one of the worker. */
  readonly notBefore: number;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export class AttemptLease implements Lease {
  readonly #options: LeaseOptions;
  readonly #length: number;
  readonly #started: Moment;
  readonly #lost = new AbortController();
  readonly #interrupt = new AbortController();
  readonly #interruptions = new Set<Interruption>();
  #carried: () => CopyHeartbeat;
  #last: CopyHeartbeat;
  /** When the newest acknowledged heartbeat was sent. */
  #held: Moment | undefined;
  #toldWorker: Moment | undefined;
  #sent = 0;
  #inFlight = false;
  #stopped = false;
  #waiters: readonly Waiter[] = [];
  #failure: unknown;
  #callOffBeat = (): void => undefined;
  #callOffAlarm = (): void => undefined;

  /** Begins to send heartbeats. The caller ends it with `stop`. */
  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#length = options.heartbeatTimeout * LEASE_PART;
    this.#carried = () => options.first;
    this.#last = options.first;
    this.#started = momentOf(options.clock);
    this.#setAlarm(this.#started);
    void this.#beat();
  }

  /** Aborted, with a LeaseLost, in the tick in which the lease is lost: what listens destroys its sockets. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborted when the attempt shall end after the batch in hand. */
  get interrupt(): AbortSignal {
    return this.#interrupt.signal;
  }

  /** True when the workflow asked for the end, and so waits for what the attempt has to return. */
  get cancelRequested(): boolean {
    return this.#interruptions.has('cancel-requested');
  }

  readonly check = (): void => {
    this.#lost.signal.throwIfAborted();
    if (this.#stopped) throw over();
    if (this.#held === undefined) throw new LeaseLost('No heartbeat of this attempt has been acknowledged yet');
    if (this.#hasExpired(this.#held)) this.lose(this.#expiry());
    this.#lost.signal.throwIfAborted();
  };

  readonly carry = (beat: () => CopyHeartbeat): void => {
    this.#carried = beat;
  };

  readonly acknowledged = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (this.#stopped) return reject(this.#lost.signal.aborted ? this.#lost.signal.reason : over());
      this.#waiters = [...this.#waiters, { after: this.#sent, notBefore: this.#settled(), resolve, reject }];
      return void this.#beat();
    });

  /** What the next heartbeat would carry; what the last one carried where the next could not be made. */
  get newest(): CopyHeartbeat {
    return this.#details() ?? this.#last;
  }

  /** Ends the attempt after the batch in hand; may be called again. */
  end(why: Interruption): void {
    this.#interruptions.add(why);
    this.#interrupt.abort(why);
  }

  /** The attempt is over, or may be. Everything that hangs on `lost` is gone when this returns. */
  lose(why: string, cause?: unknown): void {
    if (this.#stopped) return;
    const loss = new LeaseLost(why, cause === undefined ? undefined : { cause });
    this.#lost.abort(loss);
    this.#finish(loss);
  }

  /** Sends no more heartbeats. */
  stop(): void {
    if (!this.#stopped) this.#finish(over());
  }

  #finish(reason: LeaseLost): void {
    this.#stopped = true;
    this.#callOffBeat();
    this.#callOffAlarm();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(reason);
  }

  /** One heartbeat and its answer; never two at a time, never rejects. */
  async #beat(): Promise<void> {
    if (this.#inFlight || this.#stopped) return;
    this.#callOffBeat();
    const details = this.#details();
    if (details === undefined) return;
    const sent = momentOf(this.#options.clock);
    const number = ++this.#sent;
    this.#inFlight = true;
    try {
      const answer = await this.#options.send(details, this.#length * ANSWER_PART);
      this.#failure = undefined;
      this.#answered(answer, sent, details);
      this.#resolveWaiters(number, sent);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#inFlight = false;
    }
    this.#beatAgain(sent);
  }

  #resolveWaiters(acknowledged: number, sent: Moment): void {
    if (this.#stopped) return;
    const served = ({ after, notBefore }: Waiter): boolean => after < acknowledged && notBefore <= sent.monotonic;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => !served(waiter));
    for (const waiter of waiters) if (served(waiter)) waiter.resolve();
  }

  /** When, on the monotonic clock, what the worker was last told has arrived. */
  #settled(): number {
    if (this.#toldWorker === undefined) return Number.NEGATIVE_INFINITY;
    const { heartbeatTimeout } = this.#options;
    return this.#toldWorker.monotonic + Math.min(SETTLED_MS, heartbeatTimeout * LONGEST_SETTLED_PART);
  }

  #details(): CopyHeartbeat | undefined {
    try {
      this.#last = this.#carried();
      return this.#last;
    } catch (error) {
      this.lose('What the heartbeat is to carry could not be made', error);
      return undefined;
    }
  }

  #answered(answer: HeartbeatAnswer, sent: Moment, details: CopyHeartbeat): void {
    if (this.#stopped) return;
    if (answer === 'unknown') return this.lose('Temporal does not know this attempt any more');
    if (this.#hasExpired(this.#held ?? this.#started) || this.#hasExpired(sent)) return this.lose(this.#expiry());
    this.#held = sent;
    this.#setAlarm(sent);
    if (answer !== 'going-on') this.end(answer);
    this.#tellWorker(details);
  }

  #tellWorker(details: CopyHeartbeat): void {
    const { clock, heartbeatTimeout, tellWorker } = this.#options;
    const part = this.#waiters.length > 0 ? WORKER_LATEST_PART : WORKER_PART;
    if (ageOf(this.#toldWorker ?? this.#started, clock) < heartbeatTimeout * part) return;
    this.#toldWorker = momentOf(clock);
    tellWorker(details);
  }

  #beatAgain(sent: Moment): void {
    if (this.#stopped) return;
    const { clock, heartbeatTimeout } = this.#options;
    const interval = Math.min(LONGEST_INTERVAL_MS, heartbeatTimeout * INTERVAL_PART);
    const rest = Math.max(0, interval - ageOf(sent, clock));
    const awaited = Math.min(...this.#waiters.map(({ notBefore }) => Math.max(0, notBefore - clock.monotonic())));
    const pause = this.#failure === undefined ? Math.min(rest, awaited) : RETRY_PAUSE_MS;
    this.#callOffBeat = clock.after(pause, () => void this.#beat());
  }

  #setAlarm(since: Moment): void {
    this.#callOffAlarm();
    const { clock, attemptTimeout } = this.#options;
    const left = this.#length - ageOf(since, clock);
    const attemptLeft = attemptTimeout === undefined ? left : this.#attemptLeft(attemptTimeout);
    this.#callOffAlarm = clock.after(Math.max(0, Math.min(left, attemptLeft)), () => this.#ring(since));
  }

  /** Timers may come a moment early; then the alarm is set again. */
  #ring(since: Moment): void {
    if (this.#hasExpired(since)) this.lose(this.#expiry());
    else this.#setAlarm(since);
  }

  #hasExpired(since: Moment): boolean {
    const { clock, attemptTimeout } = this.#options;
    if (ageOf(since, clock) >= this.#length) return true;
    return attemptTimeout !== undefined && this.#attemptLeft(attemptTimeout) <= 0;
  }

  #attemptLeft(attemptTimeout: number): number {
    return attemptTimeout - this.#length - ageOf(this.#started, this.#options.clock);
  }

  #expiry(): string {
    const seconds = (ageOf(this.#held ?? this.#started, this.#options.clock) / 1_000).toFixed(1);
    const why = this.#failure instanceof Error ? ` (${this.#failure.message})` : '';
    return `Temporal has acknowledged no heartbeat that was sent in the last ${seconds} seconds${why}`;
  }
}

function over(): LeaseLost {
  return new LeaseLost('This attempt is over');
}
