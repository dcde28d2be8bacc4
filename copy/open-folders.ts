import type { OpenFolder } from '../imap/types.ts';
import { passesByItself } from '../model/refusals.ts';
import { checkUidNext } from './distrust.ts';
import { searchSource, type Found } from './plan.ts';
import { SideRefusal, type SourceSession } from './sides.ts';
import type { Work } from './work.ts';

/** Response codes of a folder that is not there (RFC 3501 section 7.1, RFC 5530). */
const NOT_THERE: ReadonlySet<string | undefined> = new Set(['TRYCREATE', 'NONEXISTENT']);

/** Whether the destination refused because it has no such folder. */
export function saysFolderIsGone(error: unknown): boolean {
  if (!(error instanceof SideRefusal) || error.side !== 'destination') return false;
  const { status, responseCode, problem } = error.refusal;
  if (status !== 'NO') return false;
  return (
    NOT_THERE.has(responseCode) ||
    /(?:not|n.t) exist|not found|no such|deleted or moved/i.test(problem.serverText ?? '')
  );
}

/** Undefined for a folder that the server does not open, or that is gone since it was listed; what may pass is thrown. */
export async function opened(
  open: () => Promise<OpenFolder>,
  session: Pick<SourceSession, 'usable'>,
): Promise<OpenFolder | undefined> {
  try {
    return await open();
  } catch (error) {
    const final = error instanceof SideRefusal && error.refusal.status === 'NO' && session.usable;
    if (final && !passesByItself(error.refusal.problem.code)) return undefined;
    throw error;
  }
}

/** A folder as it was opened, and the UIDs that it lists. */
export interface OpenedAndListed {
  readonly there: OpenFolder;
  readonly listed: Uint32Array;
}

/** The same, and lists it in the same flight, read-only. */
export async function openedAndListed(source: SourceSession, name: string): Promise<OpenedAndListed | undefined> {
  const opening = opened(() => source.examine(name), source);
  const listing = source.search({ kind: 'all' });
  await Promise.allSettled([opening, listing]);
  const there = await opening;
  const listed = await listing.catch((error: unknown) => {
    // Without a folder there is nothing to list.
    if (there === undefined && error instanceof SideRefusal && source.usable) return new Uint32Array();
    throw error;
  });
  return there === undefined ? undefined : { there, listed };
}

/** Opens both folders at one time, the source read-only, and learns what their UIDVALIDITY means for the ledger. */
export async function openFolders(work: Work): Promise<void> {
  const examining = work.source.examine(work.task.folder.source);
  const selecting = work.destination.select(work.task.folder.destination);
  // Both are waited for, so that no command is under way when one is refused.
  await Promise.allSettled([examining, selecting]);
  const source = await examining;
  await openDestination(work, selecting);
  checkSource(work, source);
  work.sourceFolder = source;
}

/** The same, and begins to list the source in the same flight; nothing is listed when a folder cannot be opened. */
export async function openAndSearch(work: Work): Promise<Found> {
  const opening = openFolders(work);
  const searching = searchSource(work.source, work.task);
  await Promise.allSettled([opening, searching]);
  await opening;
  return searching;
}

/** Opens the destination, made anew when its user has deleted it since it was created. */
export async function openDestination(
  work: Work,
  selecting: Promise<OpenFolder> = work.destination.select(work.task.folder.destination),
): Promise<void> {
  const { destination: name } = work.task.folder;
  const before = work.folder;
  try {
    work.folder = await selecting;
  } catch (error) {
    if (!saysFolderIsGone(error) || !work.destination.usable) throw error;
    await work.destination.create(name);
    work.folder = await work.destination.select(name);
  }
  checkDestination(work);
  checkUidNext(work, before);
}

/** Another UIDVALIDITY makes the ledger's source UIDs void (RFC 3501 section 2.3.1.1). */
function checkSource({ ledger }: Work, { uidValidity }: OpenFolder): void {
  const { sourceValidity } = ledger.head;
  if (sourceValidity === uidValidity) return;
  if (sourceValidity !== 0) {
    ledger.forgetSource();
    ledger.update({ rematch: true, settledBelow: 1, retriedUpTo: 0, highestModseq: 0 });
  }
  ledger.update({ sourceValidity: uidValidity });
}

/**
 * With another UIDVALIDITY every destination message is a stranger until it has been recognised, which settles every
 * doubt, and the counterparts are still to be found; what is handled stays handled.
 */
function checkDestination({ ledger, folder }: Work): void {
  const { destinationValidity } = ledger.head;
  if (destinationValidity === folder.uidValidity) return;
  if (destinationValidity !== 0) {
    ledger.forgetCounterparts();
    ledger.update({ settledBelow: 1, doubtFrom: 0, writtenFrom: 0, writtenBelow: 0 });
  }
  ledger.update({ destinationValidity: folder.uidValidity });
}
