import { isStream } from '../imap/body.ts';
import type { ByteBudget } from '../imap/budget.ts';
import type { Appended } from '../imap/types.ts';
import type { Care } from './care.ts';
import { bytesOf, Gathered, heldBytesOf, type Batch } from './gathered.ts';
import type { Prepared } from './message.ts';
import { paceOf, type Departure, type Pace } from './pace.ts';
import { suspectOf, WatchedBody } from './read-back.ts';
import { findFault } from './refused-command.ts';
import { recordSent, type Sending } from './sending.ts';
import { SideRefusal } from './sides.ts';
import { Unproven } from './unproven.ts';
import { endOfShare } from './work.ts';

/**
 * Where each command holds one message, a window that was full is filled again up to so much of it first: otherwise each answer
 * would be followed by one message, and wake everybody on its way.
 */
const REFILLED = 7 / 8;
/** At least so much is read ahead. */
const LEAST_AHEAD = 8 << 20;
/** So much of the budget is on its way at most; what the next commands hold is read meanwhile. */
const MOST_FLYING = 3 / 4;

/**
 * Sends messages to the destination: gathers them into commands, keeps as many on their way as the pace allows, and records
 * what became of each. Messages keep their order, but for those with flags or a date that the server has yet to take: with as few
 * of them as have all of these it is asked, each alone, and the others wait for that.
 *
 * Bodies are given back to the budget when their fate is known.
 */
export class Lane {
  readonly #sending: Sending;
  readonly #budget: ByteBudget;
  readonly #care: Care;
  readonly #pace: Pace;
  readonly #gathered = new Gathered();
  readonly #unproven: Unproven;
  /** Whole commands, ahead of what is gathered. */
  #ready: readonly Batch[] = [];
  /** Everything is to leave, be it ever so little. */
  #isDraining = false;
  readonly #flying = new Map<Batch, Departure>();
  #flyingBytes = 0;
  #isFull = false;
  /** With this it is asked whether the server takes certain flags and a date; nothing can be written until it has said so. */
  #question: Batch | undefined;
  #isLost = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(sending: Sending, budget: ByteBudget, care: Care) {
    this.#sending = sending;
    this.#budget = budget;
    this.#care = care;
    const { destination, task, now } = sending.work;
    this.#unproven = new Unproven(destination, task.folder.destination);
    this.#pace = paceOf(destination.connection, destination.appendMode, budget.limit * MOST_FLYING, now);
    budget.whenStalled(() => this.nudge());
    this.#sufficeNow();
  }

  /** Takes a message, and sends it in due time. */
  add(prepared: Prepared): void {
    if (this.isOver) return this.#giveBack([prepared]);
    if (!this.#unproven.isProven(prepared)) return this.#unproven.add(prepared);
    this.#gathered.add(prepared);
    if (this.#isCommandful()) this.#launch();
  }

  /** No more comes for the moment: what is gathered is sent if the destination has nothing to do. */
  nudge(): void {
    this.#launch();
    this.#ask();
  }

  /**
   * Resolves when everything taken has been sent and answered, or the share has ended. Rejects with what nobody expected.
   * `onSent` is called each time when there is nothing left but to wait for answers.
   */
  async drained(onSent?: () => void): Promise<void> {
    this.#isDraining = true;
    this.nudge();
    while (this.#failure === undefined && this.#hasWork()) {
      if (!this.#hasUnsent()) onSent?.();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#isDraining = false;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #hasWork(): boolean {
    return this.#flying.size > 0 || this.#hasUnsent();
  }

  #hasUnsent(): boolean {
    return this.#ready.length > 0 || this.#gathered.length > 0 || this.#unproven.length > 0;
  }

  /** Sends a message whose body is a stream, alone. The same promises as `drained`. */
  async pass(prepared: Prepared): Promise<void> {
    await this.drained();
    if (this.isOver) return;
    const body = new WatchedBody(prepared);
    this.#ready = [[body.watched()]];
    await this.drained();
    const suspect = body.suspect();
    if (suspect !== undefined && this.#sending.work.ledger.has(prepared.uid)) this.#sending.suspects.push(suspect);
  }

  /** What is on its way, and as much again being read. */
  #sufficeNow(): void {
    this.#budget.suffice(Math.max(LEAST_AHEAD, 2 * this.#pace.window));
  }

  /** Nothing more is sent. */
  get isOver(): boolean {
    return this.#sending.end !== undefined || this.#failure !== undefined || this.#isLost;
  }

  /** Sends what may leave now. */
  #launch(): void {
    while (!this.isOver && this.#question === undefined) {
      const batch = this.#ready[0] ?? this.#cut();
      if (batch === undefined || !this.#mayFly(batch)) return;
      if (this.#goesOn()) this.#leave(batch);
    }
    if (this.isOver) this.#drop();
  }

  /**
   * Asks whether the server takes flags and dates that it has not seen yet: when nothing else may leave, for nothing can be written until it
   * has answered; and however full the window is, for what asks is itself written when the server has read all before it.
   */
  #ask(): void {
    if (this.isOver || this.#question !== undefined || this.#ready.length > 0) return;
    const prepared = this.#unproven.next(this.#pace.window);
    if (prepared === undefined) return;
    const batch = [prepared];
    if (this.#flying.size > 0 && this.#mustBeAlone(batch)) return;
    if (this.#goesOn()) this.#leave(batch);
    else this.#drop();
  }

  /** False when the share is over; what is to leave now is left to another. */
  #goesOn(): boolean {
    this.#sending.end = endOfShare(this.#sending.work);
    return this.#sending.end === undefined;
  }

  /** What the next command would hold, where there is one worth sending. */
  #cut(): Batch | undefined {
    const isWorthIt = this.#isDraining || this.#flying.size === 0 || this.#isCommandful();
    if (!isWorthIt || !this.#hasRoom()) return undefined;
    const bytes = this.#pace.commandBeside(this.#flying.size, this.#flyingBytes);
    const { messages } = this.#pace;
    return this.#gathered.cut({ bytes, messages, mostWith: (uid) => this.#care.mostWith(uid) });
  }

  #isCommandful(): boolean {
    return this.#gathered.bytes >= this.#pace.command || this.#gathered.length >= this.#pace.messages;
  }

  /** For a command of the usual size, or whatever there is of it. */
  #hasRoom(): boolean {
    const { command } = this.#pace;
    return this.#fits(Math.min(this.#isOneByOne ? this.#gathered.firstBytes : this.#gathered.bytes, command));
  }

  get #isOneByOne(): boolean {
    return this.#pace.messages === 1;
  }

  #mayFly(batch: Batch): boolean {
    return this.#flying.size === 0 || (!this.#mustBeAlone(batch) && this.#fits(bytesOf(batch)));
  }

  /** Whether another command of so many bytes may be on its way; what is alone always may. */
  #fits(bytes: number): boolean {
    const { size } = this.#flying;
    if (size === 0) return true;
    const part = this.#isFull && this.#isOneByOne ? REFILLED : 1;
    const { commands, window } = this.#pace;
    this.#isFull = size >= commands * part || this.#flyingBytes + bytes > window * part;
    return !this.#isFull;
  }

  /** Messages under suspicion are in commands of their own, with nothing beside them. */
  #mustBeAlone(batch: Batch): boolean {
    if (this.#isSuspicious(batch)) return true;
    for (const flying of this.#flying.keys()) if (this.#isSuspicious(flying)) return true;
    return false;
  }

  #isSuspicious([first]: Batch): boolean {
    return first !== undefined && this.#care.isAlone(first.uid);
  }

  #leave(batch: Batch): void {
    const [first] = batch;
    if (batch === this.#ready[0]) this.#ready = this.#ready.slice(1);
    else if (first !== undefined && this.#unproven.take(first)) this.#question = batch;
    else this.#gathered.take(batch);
    const bytes = bytesOf(batch);
    this.#flying.set(batch, this.#pace.departs(bytes));
    this.#flyingBytes += bytes;
    this.#sending.look = undefined;
    this.#send(batch).catch((error: unknown) => this.#fail(batch, error));
  }

  async #send(batch: Batch): Promise<void> {
    const { destination, task, lease } = this.#sending.work;
    const messages = batch.map(({ message }) => message);
    const { destination: folder } = task.folder;
    try {
      const appended = await destination.append(
        folder,
        messages,
        () => lease.check(),
        () => this.#isTaken(batch),
      );
      await this.#stored(batch, appended);
    } catch (error) {
      if (!(error instanceof SideRefusal)) throw error;
      lease.check();
      await this.#refused(batch, error);
    }
    this.#lands(batch);
    this.#isAnswered(batch);
    this.nudge();
    this.#wake();
  }

  /** The server has taken its flags and date, and reads it from now on. */
  #isTaken(batch: Batch): void {
    const departure = this.#flying.get(batch);
    if (this.#question !== batch || departure === undefined) return;
    this.#flying.set(batch, this.#pace.asked(departure));
    this.#isAnswered(batch);
    // What else the server has answered is heard first: then more may leave than another question.
    this.#launch();
    setImmediate(() => this.nudge());
  }

  /** If this was the question: those that waited for it go on. */
  #isAnswered(batch: Batch): void {
    if (this.#question !== batch) return;
    this.#question = undefined;
    this.#gathered.insert(this.#unproven.takeProven());
  }

  #lands(batch: Batch): void {
    this.#flyingBytes -= this.#flying.get(batch)?.bytes ?? 0;
    this.#flying.delete(batch);
  }

  /** What has not been sent is left to another share. */
  #drop(): void {
    const unsent = [...this.#gathered.takeAll(), ...this.#ready.flat(), ...this.#unproven.takeAll()];
    this.#ready = [];
    this.#giveBack(unsent);
    this.#wake();
  }

  /** What nobody expected; whoever reads for us must not wait for room for ever. */
  #fail(batch: Batch, error: unknown): void {
    this.#failure ??= { error };
    this.#lands(batch);
    this.#giveBack(batch);
    this.#drop();
  }

  async #stored(batch: Batch, appended: readonly Appended[]): Promise<void> {
    const departure = this.#flying.get(batch);
    recordSent(this.#sending, batch, appended);
    for (const prepared of batch) {
      if (prepared.isSuspect && !isStream(prepared.message.body))
        this.#sending.suspects.push(await suspectOf(prepared));
    }
    this.#care.passed(batch.map(({ uid }) => uid));
    if (departure !== undefined) this.#pace.accepted(departure);
    this.#sufficeNow();
    this.#giveBack(batch);
  }

  async #refused(batch: Batch, error: SideRefusal): Promise<void> {
    const sending = this.#sending;
    this.#pace.refused();
    if (error.side === 'destination' && error.refusal.stored === 'in-doubt') sending.inDoubt = true;
    if (this.#isLost || sending.end !== undefined) return this.#giveBack(batch);
    const flying = [...this.#flying.keys()];
    this.#isLost = !sending.work.destination.usable;
    const again = await findFault(sending, this.#care, { batch, flying, isLost: this.#isLost, error });
    if (again.length === 0) this.#giveBack(batch);
    this.#ready = [...again, ...this.#ready];
  }

  #giveBack(batch: Batch): void {
    this.#budget.give(heldBytesOf(batch));
  }
}
