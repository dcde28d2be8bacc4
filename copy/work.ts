import type { OpenFolder } from '../imap/types.ts';
import type { CopyOutcome } from '../model/activities.ts';
import type { Beside } from './beside.ts';
import { HeaderReading, readingHeaders } from './header-reading.ts';
import { identify, type Identity, type Recognisable } from './identity.ts';
import { keepsBytes } from './keeps-bytes.ts';
import type { Ledger } from './ledger.ts';
import { asDestination, asSource, type DestinationSession, type SideRefusal, type SourceSession } from './sides.ts';
import type { Tally } from './tally.ts';
import type { CopyContext, CopyTask, Lease } from './types.ts';

/** The two sides of a copy or a comparison. */
export interface Sides {
  readonly source: SourceSession;
  readonly destination: DestinationSession;
  /** Sizes and bytes can be compared between the sides. */
  readonly bytesKept: boolean;
  readonly interrupt: AbortSignal;
}

/** One attempt to copy one folder: what it was given, and how far it is. */
export interface Work extends Sides {
  /** Of the connections in use; they are opened anew when a server has dropped one. */
  source: SourceSession;
  destination: DestinationSession;
  readonly reopen: CopyContext['reopen'];
  readonly ebb: CopyContext['ebb'];
  readonly task: CopyTask;
  readonly lease: Lease;
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly beside: readonly Beside[];
  /** How `source` reads headers. */
  readonly headers: HeaderReading;
  readonly tally: Tally;
  /** When the share in hand began, and how many messages had been taken by then. */
  share: { readonly startedAt: number; readonly taken: number };
  /** The source as it was last opened. */
  sourceFolder: OpenFolder;
  /** The destination as it was last opened. */
  folder: OpenFolder;
  /** An attempt before this one may have begun to write. */
  readonly followsWriting: boolean;
  /** A connection that is gone may have had something on the wire when it ended. */
  mayArrive: boolean;
  /** Whether a heartbeat that carries where doubt begins has been acknowledged in this attempt. */
  acknowledged: boolean;
  /** Messages whose \Flagged is still to be set at the destination, by source UID, with all their flags there. */
  readonly owed: Map<number, readonly string[]>;
  /** Copies are without flags that their messages have, as only a comparison of all flags finds out. */
  owesFlags: boolean;
  /** For people. */
  readonly progress: Progress;
}

export interface Progress {
  /** What is being done, where it is not copying. */
  doing: string | undefined;
  done: number;
  of: number;
}

/** The copy was asked to end; nothing is half done. Thrown where there is much to read before anything is written. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const UNOPENED: OpenFolder = { name: '', messages: 0, uidNext: 0, uidValidity: 0, readOnly: true, flags: [] };

export function takeSides({ source, destination, interrupt }: SidesContext): Sides {
  return {
    source: asSource(source),
    destination: asDestination(destination),
    bytesKept: keepsBytes(source.capabilities) && keepsBytes(destination.capabilities),
    interrupt,
  };
}

type SidesContext = Pick<CopyContext, 'source' | 'destination' | 'interrupt'>;

export function beginWork(
  task: CopyTask,
  context: CopyContext,
  { ledger, beside }: { readonly ledger: Ledger; readonly beside: readonly Beside[] },
  tally: Tally,
): Work {
  const sides = takeSides(context);
  const headers = new HeaderReading(ledger, { retryAside: task.retryAside, bodiesFollow: true });
  return {
    ...sides,
    source: readingOwn(task, headers, sides.source),
    headers,
    reopen: context.reopen,
    ebb: context.ebb,
    task,
    lease: context.lease,
    now: context.now,
    ledger,
    beside,
    tally,
    share: { startedAt: context.now(), taken: 0 },
    sourceFolder: UNOPENED,
    folder: UNOPENED,
    followsWriting: ledger.head.rematch || mayArrive(task, ledger, beside),
    mayArrive: mayArrive(task, ledger, beside),
    acknowledged: false,
    owed: new Map(),
    owesFlags: false,
    progress: { doing: 'opening', done: 0, of: 0 },
  };
}

function readingOwn({ folder }: CopyTask, headers: HeaderReading, source: SourceSession): SourceSession {
  return readingHeaders(source, new Map([[folder.source, headers]]));
}

/** So much is known only of a ledger that was not lost. */
function mayArrive({ previousGrowth }: CopyTask, { head }: Ledger, beside: readonly Beside[]): boolean {
  const inDoubt = [head, ...beside.map(({ ledger }) => ledger.head)].some(({ doubtFrom }) => doubtFrom > 0);
  return inDoubt || previousGrowth !== undefined;
}

/** Opens both sides anew; false where that is not to be had. Rejects with what the one who opens sessions makes of it. */
export async function reopen(work: Work): Promise<boolean> {
  const sides = await work.reopen?.();
  if (sides === undefined) return false;
  const { source, destination } = takeSides({ ...sides, interrupt: work.interrupt });
  work.source = readingOwn(work.task, work.headers, source);
  work.destination = destination;
  return true;
}

/** Throws Interrupted when the copy was asked to end. */
export function throwIfInterrupted({ interrupt }: Pick<Sides, 'interrupt'>): void {
  if (interrupt.aborted) throw new Interrupted('The copy was asked to end');
}

/** Another share within the same attempt. */
export function beginShare(work: Work): void {
  work.share = { startedAt: work.now(), taken: taken(work) };
}

/** How many messages this share may still take. */
export function messagesLeft(work: Work): number {
  return work.task.limits.messagesPerShare - (taken(work) - work.share.taken);
}

function taken({ tally: { counts } }: Work): number {
  return counts.copied + counts.adopted + counts.aside;
}

/** Why the copy ends after the message in hand, if it does. */
export function endOfShare(work: Work): CopyOutcome | undefined {
  if (work.interrupt.aborted) return { kind: 'interrupted' };
  const late = work.now() - work.share.startedAt >= work.task.limits.millisecondsPerShare;
  return late || messagesLeft(work) <= 0 ? { kind: 'share-ended' } : undefined;
}

/** The outcome for a refusal, naming the folder; a connection that was lost because we were asked to end is no refusal. */
export function refused({ task, interrupt }: Work, { side, refusal }: SideRefusal): CopyOutcome {
  if (interrupt.aborted && refusal.status === undefined) return { kind: 'interrupted' };
  return { kind: 'refused', side, problem: { folder: task.folder.sourcePath, ...refusal.problem } };
}

export function identityOf({ bytesKept }: Pick<Sides, 'bytesKept'>, message: Recognisable): Identity {
  return identify(message, bytesKept);
}
