import { Blame, type Failure, type Verdict } from './blame.ts';

/** A source that fails tells what it had ready, or loses it: the message is the first that did not come, or one soon after. */
const MOST_LONE = 16;
/** Questions for more messages than this are questions for all of them. */
const LARGE = 1 << 16;
/** Those that wait have their turn when they are so many, or after so many failures: every attempt goes further. */
const MOST_WAITING = 10;
const LONG_HUNT = 20;

/** Which messages the source is asked for at one time, and which are left for later. */
export interface Question {
  readonly asked: readonly number[];
  readonly later: Uint32Array;
}

/**
 * For how many messages the source is asked at one time, during one attempt. For all of them, until it fails in the middle:
 * then for one at a time, from the first that did not come, and later for ever more of them again. One at which it fails alone
 * waits behind the others (`Blame`).
 */
export class Questions {
  readonly #blame = new Blame();
  #most = Number.POSITIVE_INFINITY;
  /** Questions for one message since the last failure. */
  #lone = 0;
  /** Since a message was last found guilty. */
  #failures = 0;

  /** What to ask for next, at most so many. */
  next(uids: Uint32Array, limit: number): Question {
    const most = Math.min(this.#most, limit);
    return { asked: [...uids.subarray(0, most)], later: uids.subarray(most) };
  }

  /** The source has answered to the end; `missing`: those that did not come for all that. */
  answered(asked: readonly number[], missing: readonly number[]): void {
    if (missing.length < asked.length) this.#blame.answered();
    this.#blame.clear(asked);
    if (!this.#isHunting) return;
    this.#lone += 1;
    if (this.#most === 1 && this.#lone < MOST_LONE) return;
    this.#most = this.#most < LARGE ? this.#most * 2 : Number.POSITIVE_INFINITY;
  }

  /** It has handed out another message, which was asked for to see whether it does. */
  answeredElsewhere(): void {
    this.#blame.answered();
  }

  /** It failed at that. */
  failedElsewhere(how: Failure): 'server' | undefined {
    return this.#blame.failed(how);
  }

  /**
   * It failed before it had answered to the end. `missing`: those that did not come, at least one. Undefined: nobody knows yet
   * because of which.
   */
  failed(asked: readonly number[], missing: readonly number[], how: Failure): Verdict | undefined {
    const [only] = asked;
    const isWaiting = only !== undefined && this.#blame.waiting.has(only);
    const isAlone = asked.length === 1 && only !== undefined && (this.#isHunting || isWaiting);
    if (missing.length < asked.length) this.#blame.answered();
    this.#failures += 1;
    if (!isAlone || !isWaiting) this.#askForFewer(asked, missing, how);
    if (!isAlone) return undefined;
    const verdict = this.#blame.failedAt(only, how);
    if (verdict === 'guilty') this.#failures = 0;
    return verdict;
  }

  #askForFewer(asked: readonly number[], missing: readonly number[], how: Failure): void {
    const isRefusedWhole = how === 'refused' && missing.length === asked.length;
    this.#most = isRefusedWhole ? Math.ceil(asked.length / 2) : 1;
    this.#lone = 0;
  }

  /** Those of these messages that wait, in the order in which they were found. */
  waiting(uids: Uint32Array): readonly number[] {
    const { waiting } = this.#blame;
    if (waiting.size === 0) return [];
    const there = new Set(uids);
    return [...waiting.keys()].filter((uid) => there.has(uid));
  }

  /** Those of these messages that do not wait for others. */
  first(uids: Uint32Array): Uint32Array {
    const { waiting } = this.#blame;
    return waiting.size === 0 ? uids : uids.filter((uid) => !waiting.has(uid));
  }

  /** Where messages wait: at so many it has failed since it has handed out any. */
  get unheard(): number {
    return this.#blame.waiting.size > 0 ? this.#blame.unanswered : 0;
  }

  /** Of these, the one to ask for to see whether the source hands out anything: never near those at which it failed before. */
  other(uids: Uint32Array): number | undefined {
    return uids[(uids.length - 1) >> Math.max(0, this.unheard - 1)];
  }

  /** Whether those that wait have waited long enough, although there are others. */
  get isTheirTurn(): boolean {
    const { size } = this.#blame.waiting;
    return this.unheard === 0 && (size >= MOST_WAITING || (size > 0 && this.#failures >= LONG_HUNT));
  }

  get #isHunting(): boolean {
    return this.#most !== Number.POSITIVE_INFINITY;
  }
}
