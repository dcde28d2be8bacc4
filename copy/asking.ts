import { AskedUids } from '../imap/asked-uids.ts';
import type { Problem } from '../model/mailbox.ts';
import { MOST_OF_FOLDER, type Failure, type Verdict } from './blame.ts';
import type { Question, Questions } from './questions.ts';
import { putAside, type Sending } from './sending.ts';
import { SideRefusal, type SourceSession } from './sides.ts';
import { failureOf } from './source-failure.ts';
import { handsOut, type Witness } from './witness.ts';
import { endOfShare, refused } from './work.ts';

/** What is known, during one attempt, of messages at which the source fails. */
export interface Inquiry {
  readonly questions: Questions;
  readonly witness: Witness;
}

/** What one share asks the source for, and what it makes of the source's failing. */
export class Asking {
  readonly #sending: Sending;
  readonly #questions: Questions;
  readonly #witness: Witness;
  readonly #uids: Uint32Array;
  /** Asked for and not answered to the end; `awaited`: what has not come. */
  #open: { readonly asked: readonly number[]; readonly awaited: AskedUids } | undefined;

  /** `uids`: what is to be carried over. */
  constructor(sending: Sending, { questions, witness }: Inquiry, uids: Uint32Array) {
    this.#sending = sending;
    this.#questions = questions;
    this.#witness = witness;
    this.#uids = uids;
  }

  /** What to ask for next, at most so many. */
  next(uids: Uint32Array, limit: number): Question {
    return this.#questions.next(uids, limit);
  }

  /** These are asked for. What comes is to be taken out of what is returned. */
  begin(asked: readonly number[]): AskedUids {
    const awaited = new AskedUids(asked);
    this.#open = { asked, awaited };
    return awaited;
  }

  /** The answer is over, unless the source has failed. */
  end(): void {
    if (this.#open === undefined || this.hasFailed) return;
    const { asked, awaited } = this.#open;
    this.#questions.answered(asked, awaited.missing());
    this.#open = undefined;
  }

  get hasFailed(): boolean {
    const { end } = this.#sending;
    return end?.kind === 'refused' && end.side === 'source';
  }

  /** Those that wait, where it is their turn before others. */
  turn(): readonly number[] {
    return this.#questions.isTheirTurn ? this.waiting() : [];
  }

  /** Those that wait until the others are through. */
  waiting(): readonly number[] {
    return this.#questions.waiting(this.#uids);
  }

  /** Without those that wait, and those whose turn it is. */
  others(uids: Uint32Array, turn: readonly number[]): Uint32Array {
    const others = this.#questions.first(uids);
    return turn.length === 0 ? others : others.filter((uid) => !turn.includes(uid));
  }

  /**
   * While the source hands out nothing, it is asked for another message, best for one that it has handed out before: where it
   * does, its failing is the affair of those that wait. Nothing is done with what comes. Of a folder with few messages, none
   * of which it has handed out, each may be one at which it fails: then it is asked for one that is not among them.
   */
  async hearOther(): Promise<void> {
    if (this.#questions.unheard === 0) return;
    const handled = this.#handled();
    const unread = handled.length === 0 && this.#uids.length <= MOST_OF_FOLDER ? this.#unread() : undefined;
    if (unread !== undefined && unread.length <= MOST_OF_FOLDER) return this.#hearWitness(new Set(unread));
    const known = this.#questions.other(handled.length > 0 ? handled : this.#questions.first(this.#uids));
    if (known === undefined) return;
    this.begin([]);
    if (await handsOut(this.#sending.work.source, known)) this.#questions.answeredElsewhere();
    this.#open = undefined;
  }

  #handled(): Uint32Array {
    const { order, work } = this.#sending;
    return order.filter((uid) => work.ledger.has(uid));
  }

  /** Those that are to be carried over, which are few, and those that were put aside because the source did not hand them out. */
  #unread(): Uint32Array {
    const { order, work } = this.#sending;
    return order.filter(
      (uid) => this.#uids.includes(uid) || work.ledger.asideCode(uid) === 'source.message-unreadable',
    );
  }

  /** Where the mailbox has no other message, that the source opens the folder and tells the flags of these has to do. */
  async #hearWitness(accused: ReadonlySet<number>): Promise<void> {
    const { work } = this.#sending;
    const { source, sourceFolder, task } = work;
    const folder = task.folder.source;
    this.begin([]);
    const testimony = await this.#witness.hear(work, { folder, uids: accused });
    const { uidValidity } = await source.examine(folder);
    const isSame = uidValidity === sourceFolder.uidValidity;
    if (isSame && testimony !== 'withheld' && (await tellsFlags(source, this.#uids)))
      this.#questions.answeredElsewhere();
    this.#open = undefined;
    this.#sending.end ??= isSame ? endOfShare(work) : { kind: 'share-ended' };
  }

  /** Reads a message that waits and does nothing with it, since the share is over. False when the source has failed again. */
  async isReadable(uid: number): Promise<boolean> {
    const { end, work } = this.#sending;
    if (end?.kind !== 'share-ended') return false;
    this.#sending.mayGoOn = true;
    if (!work.source.usable) return false;
    try {
      const isThere = await handsOut(work.source, uid);
      this.#questions.answered([uid], isThere ? [] : [uid]);
      this.#sending.mayGoOn = false;
      return true;
    } catch (error) {
      if (!(error instanceof SideRefusal)) throw error;
      const outcome = refused(work, error);
      if (outcome.kind === 'refused') this.#failed(outcome.problem, [uid], [uid]);
      return false;
    }
  }

  /** Who is at fault that the source has failed, if it has: puts the message aside that is, and says whether to go on. */
  judge(): void {
    const { end } = this.#sending;
    if (this.#open === undefined || end?.kind !== 'refused' || end.side !== 'source') return;
    const { asked, awaited } = this.#open;
    this.#failed(end.problem, asked, awaited.missing());
  }

  #failed(problem: Problem, asked: readonly number[], missing: readonly number[]): void {
    const failure = failureOf(problem);
    if (failure === undefined) return;
    const verdict = this.#verdict(asked, missing, failure);
    this.#sending.mayGoOn = verdict !== 'server';
    const [first] = missing;
    if (verdict === 'guilty' && first !== undefined)
      putAside(this.#sending, first, 'source.message-unreadable', wordsOf(problem));
  }

  #verdict(asked: readonly number[], missing: readonly number[], failure: Failure): Verdict | undefined {
    if (asked.length === 0) return this.#questions.failedElsewhere(failure);
    if (missing.length > 0) return this.#questions.failed(asked, missing, failure);
    this.#questions.answered(asked, missing);
    return undefined;
  }
}

/** What the server said, or else what it did. */
function wordsOf({ text, serverText }: Problem): string {
  return serverText ?? text;
}

async function tellsFlags(source: SourceSession, asked: Uint32Array): Promise<boolean> {
  const awaited = new AskedUids(asked);
  for await (const { uid } of source.fetchFlags([...asked])) awaited.take(uid);
  return awaited.missing().length === 0;
}
