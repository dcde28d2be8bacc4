import { isStream } from '../imap/body.ts';
import type { ByteBudget } from '../imap/budget.ts';
import type { Appended } from '../imap/types.ts';
import type { RefusalCode } from '../model/refusals.ts';
import type { Care } from './care.ts';
import { likelyFault } from './likely-fault.ts';
import type { Prepared } from './message.ts';
import { paceOf, type Departure, type Pace } from './pace.ts';
import { suspectOf, WatchedBody } from './read-back.ts';
import {
  afterFolderIsGone,
  faultOf,
  learnLimit,
  neighboursWereRefused,
  recordRefused,
  recordSent,
  type Sending,
} from './sending.ts';
import { saysFolderIsGone } from './open-folders.ts';
import { SideRefusal } from './sides.ts';
import { endOfShare, refused } from './work.ts';

type Batch = readonly Prepared[];

/** At least so much is read ahead. */
const LEAST_AHEAD = 8 << 20;
/** So long the first question about flags waits for messages with more of them. */
const LOOK_AHEAD_MS = 50;
const MUCH_LARGER = 8;

/**
 * Sends messages to the destination: gathers them into commands, keeps as many on their way as the pace allows, and records
 * what became of each. Messages keep their order, but for those with flags that the server has yet to accept: as few of them
 * as have all those flags go ahead, each alone, and the others wait for them.
 *
 * Bodies are given back to the budget when their fate is known.
 */
export class Lane {
  readonly #sending: Sending;
  readonly #budget: ByteBudget;
  readonly #care: Care;
  readonly #pace: Pace;
  /** In their order; commands are cut from it when they leave, so that they are as large as they may be by then. */
  #gathered: Prepared[] = [];
  #gatheredBytes = 0;
  /** Whole commands, ahead of what is gathered. */
  #ready: Batch[] = [];
  /** Everything is to leave, be it ever so little. */
  #isDraining = false;
  readonly #flying = new Map<Batch, Departure>();
  #flyingBytes = 0;
  /** Waiting until the server has accepted their flags. */
  #unproven: Prepared[] = [];
  readonly #now: () => number;
  readonly #began: number;
  /** Enough has been read to choose with which messages to ask. */
  #hasLookedAhead = false;
  /** The messages with which it is asked, one each. */
  readonly #proofs = new Set<Batch>();
  /** Lists that need no proof any more. */
  readonly #proven = new WeakSet<readonly string[]>();
  #isLost = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(sending: Sending, budget: ByteBudget, care: Care) {
    this.#sending = sending;
    this.#budget = budget;
    this.#care = care;
    const { destination, now } = sending.work;
    this.#now = now;
    this.#began = now();
    this.#pace = paceOf(destination.connection, destination.appendMode, budget.limit / 2, now);
    budget.whenStalled(() => {
      this.#hasLookedAhead = true;
      this.nudge();
    });
    this.#sufficeNow();
  }

  /** Takes a message, and sends it in due time. */
  add(prepared: Prepared): void {
    if (this.isOver) return this.#giveBack([prepared]);
    if (!this.#isProven(prepared)) return void this.#unproven.push(prepared);
    this.#gathered.push(prepared);
    this.#gatheredBytes += prepared.message.bytes;
    if (this.#isCommandful()) this.#launch();
  }

  /** No more comes for the moment: what is gathered is sent if the destination has nothing to do. */
  nudge(): void {
    this.#prove();
    this.#launch();
  }

  /** Resolves when everything taken has been sent and answered, or the share has ended. Rejects with what nobody expected. */
  async drained(): Promise<void> {
    this.#isDraining = true;
    this.nudge();
    while (this.#failure === undefined && this.#hasWork()) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#isDraining = false;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #hasWork(): boolean {
    return this.#flying.size > 0 || this.#ready.length > 0 || this.#gathered.length > 0 || this.#unproven.length > 0;
  }

  /** Sends a message whose body is a stream, alone. The same promises as `drained`. */
  async pass(prepared: Prepared): Promise<void> {
    await this.drained();
    if (this.isOver) return;
    const body = new WatchedBody(prepared);
    this.#ready.push([body.watched()]);
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

  #isProven({ message: { flags } }: Prepared): boolean {
    if (this.#proven.has(flags)) return true;
    const { destination, task } = this.#sending.work;
    if (!destination.isProven(task.folder.destination, flags)) return false;
    this.#proven.add(flags);
    return true;
  }

  /**
   * Asks whether the server takes flags that it has not seen yet. Ahead of all others: nothing else is sent while it is asked,
   * so the sooner it is over the better; and several times in a row while there is nothing else to send. The more messages to
   * choose from, the fewer have to ask.
   */
  #prove(): void {
    this.#hasLookedAhead ||= this.#isDraining || this.#now() - this.#began >= LOOK_AHEAD_MS;
    if (!this.#hasLookedAhead) return;
    while (this.#unproven.length > 0 && (this.#proofs.size === 0 || this.#isIdle())) {
      const next = this.#nextProof();
      if (next === undefined) return;
      const batch = [next];
      this.#unproven = this.#unproven.filter((each) => each !== next);
      this.#proofs.add(batch);
      this.#ready.unshift(batch);
      this.#launch();
    }
  }

  /** Nothing is under way but proofs, which the server reads one by one. */
  #isIdle(): boolean {
    return this.#gathered.length === 0 && this.#ready.length === 0 && this.#flying.size === this.#proofs.size;
  }

  /**
   * Of those that wait, that with the most flags about which nobody has asked yet; of several the first, but for one that is
   * much larger and still within the window: its answer tells more of the line.
   */
  #nextProof(): Prepared | undefined {
    const { destination, task } = this.#sending.work;
    const asked = new Set([...this.#proofs].flatMap((batch) => batch.flatMap(({ message }) => message.flags)));
    const isNew = (flag: string): boolean => !asked.has(flag) && !destination.isProven(task.folder.destination, [flag]);
    const { window } = this.#pace;
    let best: { readonly prepared: Prepared; readonly news: number; readonly fit: number } | undefined;
    for (const prepared of this.#unproven) {
      const { flags, bytes } = prepared.message;
      const news = flags.filter(isNew).length;
      if (news === 0 && this.#proofs.size > 0) continue;
      const fit = bytes <= window ? bytes : 0;
      if (best === undefined || news > best.news || (news === best.news && fit > MUCH_LARGER * best.fit)) {
        best = { prepared, news, fit };
      }
    }
    return best?.prepared;
  }

  /** The fate of one that went ahead is known: those that waited for it are next. */
  #release(batch: Batch): void {
    if (!this.#proofs.delete(batch)) return;
    const waiting = this.#unproven;
    this.#unproven = [];
    for (const prepared of waiting) this.add(prepared);
    this.#prove();
  }

  #launch(): void {
    for (;;) {
      if (this.isOver) return this.#drop();
      const batch = this.#ready[0] ?? this.#cut();
      if (batch === undefined || !this.#mayFly(batch)) return;
      this.#sending.end = endOfShare(this.#sending.work);
      if (this.#sending.end !== undefined) continue;
      if (batch === this.#ready[0]) this.#ready.shift();
      else this.#take(batch);
      const departure = this.#pace.departs(bytesOf(batch));
      this.#flying.set(batch, departure);
      this.#flyingBytes += departure.bytes;
      this.#send(batch, departure).catch((error: unknown) => this.#fail(batch, error));
    }
  }

  #isCommandful(): boolean {
    return this.#gatheredBytes >= this.#pace.command || this.#gathered.length >= this.#pace.messages;
  }

  /** What the next command would hold, where there is one worth sending. */
  #cut(): Batch | undefined {
    const [first] = this.#gathered;
    const isWorthIt = this.#isDraining || this.#flying.size === 0 || this.#isCommandful();
    if (first === undefined || !isWorthIt || !this.#hasRoom()) return undefined;
    const most = this.#care.mostWith(first.uid);
    const messages = Math.min(this.#pace.messages, most, this.#gathered.length);
    let bytes = first.message.bytes;
    let count = 1;
    for (; count < messages; count += 1) {
      const next = this.#gathered[count];
      if (next === undefined || this.#care.mostWith(next.uid) !== most) break;
      bytes += next.message.bytes;
      if (bytes > this.#pace.command) break;
    }
    return this.#gathered.slice(0, count);
  }

  /** For a command of the usual size, or whatever there is of it. */
  #hasRoom(): boolean {
    if (this.#flying.size === 0) return true;
    const bytes = Math.min(this.#gatheredBytes, this.#pace.command);
    return this.#flying.size < this.#pace.commands && this.#flyingBytes + bytes <= this.#pace.window;
  }

  #take(batch: Batch): void {
    this.#gathered.splice(0, batch.length);
    this.#gatheredBytes -= bytesOf(batch);
  }

  #mayFly(batch: Batch): boolean {
    if (this.#flying.size === 0) return true;
    if (this.#isAlone(batch) || this.#flying.size >= this.#pace.commands) return false;
    for (const flying of this.#flying.keys()) if (this.#isAlone(flying)) return false;
    if (this.#proofs.has(batch) && this.#flying.size < this.#proofs.size) return true;
    return this.#flyingBytes + bytesOf(batch) <= this.#pace.window;
  }

  /** Messages under suspicion are in commands of their own. */
  #isAlone([first]: Batch): boolean {
    return first !== undefined && this.#care.isAlone(first.uid);
  }

  /** What has not been sent is left to another share. */
  #drop(): void {
    const unsent = [...this.#gathered, ...this.#ready.flat(), ...this.#unproven];
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#ready = [];
    this.#unproven = [];
    this.#giveBack(unsent);
    this.#wake();
  }

  async #send(batch: Batch, departure: Departure): Promise<void> {
    const { destination, task, lease } = this.#sending.work;
    const messages = batch.map(({ message }) => message);
    try {
      const appended = await destination.append(task.folder.destination, messages, () => lease.check());
      await this.#stored(batch, appended, departure);
    } catch (error) {
      if (!(error instanceof SideRefusal)) throw error;
      lease.check();
      await this.#refused(batch, error);
    }
    this.#flying.delete(batch);
    this.#flyingBytes -= departure.bytes;
    this.#release(batch);
    this.#launch();
    this.nudge();
    this.#wake();
  }

  /** What nobody expected; whoever reads for us must not wait for room for ever. */
  #fail(batch: Batch, error: unknown): void {
    this.#failure ??= { error };
    this.#flying.delete(batch);
    this.#giveBack(batch);
    this.#drop();
  }

  async #stored(batch: Batch, appended: readonly Appended[], departure: Departure): Promise<void> {
    recordSent(this.#sending, batch, appended);
    for (const prepared of batch) {
      if (prepared.isSuspect && !isStream(prepared.message.body))
        this.#sending.suspects.push(await suspectOf(prepared));
    }
    this.#care.passed(batch.map(({ uid }) => uid));
    this.#pace.accepted(departure);
    this.#sufficeNow();
    this.#giveBack(batch);
  }

  async #refused(batch: Batch, error: SideRefusal): Promise<void> {
    const { work } = this.#sending;
    this.#pace.refused();
    const isFirst = !this.#isLost && this.#sending.end === undefined;
    const isLost = !work.destination.usable;
    if (error.side === 'destination' && error.refusal.stored === 'in-doubt') this.#sending.inDoubt = true;
    if (!isFirst) return this.#giveBack(batch);
    const commands = [...this.#flying.keys()].map((each) => each.map(({ uid }) => uid));
    this.#isLost = isLost;
    const code = error.side === 'destination' ? faultOf(error) : undefined;
    if (code !== undefined) return this.#atFault(batch, code, error);
    this.#giveBack(batch);
    if (saysFolderIsGone(error)) {
      this.#sending.end = await afterFolderIsGone(work, error);
      return;
    }
    this.#sending.end = refused(work, error);
    if (!isLost || error.side !== 'destination') return;
    const condemned = this.#suspect(commands, error.refusal.problem.code);
    if (condemned === 'server' || condemned === 'nobody') return;
    this.#sending.mayGoOn = condemned === undefined || !neighboursWereRefused(this.#sending, condemned);
  }

  /** Who is at fault that the connection was lost; undefined: one of the messages that were on their way, perhaps. */
  #suspect(commands: readonly (readonly number[])[], code: RefusalCode): number | 'server' | 'nobody' | undefined {
    if (code === 'server.connection-lost') return this.#care.dropped(commands);
    // Servers answer in the order of the commands, so it is the first of them that this one is silent about.
    return code === 'server.timeout' ? this.#care.silent(commands[0] ?? []) : 'nobody';
  }

  /** One of these is at fault: alone it is put aside, otherwise it is looked for. */
  #atFault(batch: Batch, code: RefusalCode, error: SideRefusal): void {
    const uids = batch.map(({ uid }) => uid);
    const [only] = batch;
    if (only !== undefined && batch.length === 1) {
      this.#refuseOne(only, code, error);
      this.#giveBack(batch);
    } else {
      this.#care.refused(uids);
      if (!this.#isLost) return this.#halve(batch);
      this.#giveBack(batch);
    }
    if (!this.#isLost || this.#sending.end !== undefined) return;
    // A server that answered BAD, or hung up after its NO, is asked again on a new connection.
    this.#sending.end = uids.length === 1 ? { kind: 'share-ended' } : refused(this.#sending.work, error);
    this.#sending.mayGoOn = true;
  }

  /** A BAD may be about anything: the message gets another try on a new connection, where it has one. */
  #refuseOne(prepared: Prepared, code: RefusalCode, error: SideRefusal): void {
    const { uid, message } = prepared;
    const isVague = error.refusal.status === 'BAD';
    const mayReopen = this.#isLost && this.#sending.work.reopen !== undefined;
    if (isVague && mayReopen && this.#care.mayAskAgain(uid)) return;
    const likely = isVague && code === 'destination.message-refused' ? likelyFault(message.body) : undefined;
    if (code === 'destination.message-too-large') learnLimit(this.#sending, message.bytes);
    recordRefused(this.#sending, uid, likely ?? code, error);
    this.#care.passed([uid]);
  }

  #halve(batch: Batch): void {
    const half = Math.ceil(batch.length / 2);
    this.#ready = [batch.slice(0, half), batch.slice(half), ...this.#ready];
  }

  #giveBack(batch: Batch): void {
    this.#budget.give(heldBytesOf(batch));
  }
}

function bytesOf(batch: Batch): number {
  let bytes = 0;
  for (const { message } of batch) bytes += message.bytes;
  return bytes;
}

/** Streams look after themselves. */
function heldBytesOf(batch: Batch): number {
  let bytes = 0;
  for (const { message } of batch) if (!isStream(message.body)) bytes += message.bytes;
  return bytes;
}
