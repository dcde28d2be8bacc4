import type { CopyHeartbeat, CopyOutcome } from '../model/activities.ts';
import { withoutArchived } from './archived.ts';
import { Care } from './care.ts';
import { readBeside } from './beside.ts';
import { closeTransfer } from './close.ts';
import { carriedGrowth, carriedLedger, copyResult } from './copy-result.ts';
import { wasContradicted, withdrawAll } from './distrust.ts';
import { carryFlags } from './flags.ts';
import { flagAgain, leaveToComparison, losesFlagged } from './flagged.ts';
import { grouped } from './grouped.ts';
import type { IdentityIndex } from './identity-index.ts';
import { leaseLossIn } from './lease-lost.ts';
import { openAndSearch, openFolders } from './open-folders.ts';
import { countTodo, goneFromSource, listingOf, todo, type Listing } from './plan.ts';
import { newSending, type Sending } from './sending.ts';
import { Questions } from './questions.ts';
import { readBack, type Suspect } from './read-back.ts';
import { recallLedger } from './recall.ts';
import { withoutRepeats } from './repeats.ts';
import { settle } from './settle.ts';
import { SideRefusal } from './sides.ts';
import { openWhenStill } from './still.ts';
import { count } from './tally.ts';
import { transfer, type Hunt } from './transfer.ts';
import type { CopyFolder } from './types.ts';
import { unreadSuspects } from './unread.ts';
import { Witness } from './witness.ts';
import { beginShare, beginWork, Interrupted, refused, reopen, type Work } from './work.ts';

/** New connections in a row that have brought to light no message at which a server fails. */
const MOST_REOPENINGS = 60;

/**
 * Brings a destination folder up to a source folder, exactly once for each message, for one share of a pass.
 *
 * Expected endings come back as outcomes, with the ledger. Thrown are a lost lease (LeaseLost), a ledger of a later version
 * (LedgerOfLaterVersion) and whatever nobody expected: then the growth in the last acknowledged heartbeat is what the next
 * attempt goes on from. `counts.listed` and `counts.goneFromSource` are told with the outcome `complete` only, so that the
 * counts of a pass's shares can be added up.
 */
export const copyFolder: CopyFolder = async (task, context) => {
  const { ledger, tally } = recallLedger({ ledger: task.ledger, rest: task.rest, growth: task.previousGrowth });
  const work = beginWork(task, context, { ledger, beside: readBeside(task) }, tally);
  // Nobody knows what a copy that died still owed.
  if (task.previousGrowth !== undefined && losesFlagged(context.destination)) ledger.update({ highestModseq: 0 });
  context.lease.carry(() => heartbeat(work));
  for (;;) {
    const outcome = await copyShare(work).catch((error: unknown) => expectedEnding(work, error));
    if (outcome.kind === 'refused') ledger.update({ retriedUpTo: 0 });
    leaveToComparison(work);
    const text = carriedLedger(ledger);
    // Another activity would have to recognise all of it anew.
    const goesOn = text === undefined && outcome.kind === 'share-ended' && isWritable(work);
    if (!goesOn) return copyResult(outcome, work, text);
    beginShare(work);
  }
};

function isWritable({ source, destination }: Work): boolean {
  return source.usable && destination.usable;
}

async function copyShare(work: Work): Promise<CopyOutcome> {
  const { ledger, task } = work;
  const listedAt = work.now();
  const hadHandled = ledger.size > 0;
  const found = await openAndSearch(work);
  const { highestModseq = 0 } = work.sourceFolder;
  // The flags of what is handled from here on are read later than this, in whichever share.
  if (!hadHandled) ledger.update({ highestModseq });
  if (task.folder.exceptIn !== undefined) work.progress.doing = 'comparing with the other folders';
  const listing = await withoutArchived(
    work,
    await withoutRepeats(work, task.folder, ledger, listingOf(found, task, work.sourceFolder, listedAt)),
  );
  const left = countTodo(listing.listed, ledger, task.retryAside);
  work.progress.of = listing.listed.length;
  work.progress.done = listing.listed.length - left;
  if (left > 0 || ledger.sought().length > 0 || ledger.unread.length > 0) {
    const end = await copyMessages(work, listing);
    await flagAgain(work);
    if (end !== undefined) return end;
  }
  if ((hadHandled || work.owesFlags) && (await carryFlagsOf(work))) {
    ledger.update({ highestModseq });
    work.owesFlags = false;
  }
  return complete(work, listing);
}

/**
 * Settles what is in doubt, then sends what is left; over new connections again when a server has failed because of a message,
 * which is looked for. Returns why the share ends here, if it does.
 */
async function copyMessages(work: Work, listing: Listing): Promise<CopyOutcome | undefined> {
  const hunt = { care: new Care(), questions: new Questions(), witness: new Witness() };
  let reopenings = 0;
  let suspects: readonly Suspect[] = [];
  const seeming: Suspect[] = [];
  const found = (): number => work.tally.counts.aside + work.headers.found;
  for (;;) {
    const before = found();
    const sending = await copyOnce(work, listing, hunt, suspects);
    ({ suspects } = sending);
    seeming.push(...sending.seeming);
    reopenings = found() > before ? 0 : reopenings + 1;
    const mayGoOn = sending.mayGoOn && !work.interrupt.aborted && reopenings <= MOST_REOPENINGS;
    if (!mayGoOn) return (await lookAgain(work, seeming, sending)) ? sending.end : { kind: 'share-ended' };
    if (!(await reopen(work))) return sending.end;
    // What was listed means nothing any more.
    if (!(await openAgain(work))) return { kind: 'share-ended' };
  }
}

/** Opens both folders over new connections; false when the source has other UIDs there. */
async function openAgain(work: Work): Promise<boolean> {
  work.progress.doing = 'opening once more';
  const { sourceValidity } = work.ledger.head;
  await openFolders(work);
  return work.ledger.head.sourceValidity === sourceValidity;
}

/** Reads back over a new connection what one may only seem to have kept. False when that shows that the source has other UIDs. */
async function lookAgain(work: Work, seeming: readonly Suspect[], { end, inDoubt }: Sending): Promise<boolean> {
  const isOver = end !== undefined && end.kind !== 'share-ended';
  if (seeming.length === 0 || inDoubt || isOver || !(await reopen(work))) return true;
  const isSame = await openAgain(work);
  await readBack(work, seeming);
  for (const { uid } of seeming) work.ledger.wasReadBack(uid);
  return isSame;
}

/** `suspects`: sent over a connection that was lost before they could be read back. */
async function copyOnce(work: Work, listing: Listing, hunt: Hunt, suspects: readonly Suspect[]): Promise<Sending> {
  const { ledger, task, progress } = work;
  progress.doing = 'comparing with the destination';
  const strangers = await settleDoubt(work, listing).catch((error: unknown) => sendingNothing(work, error));
  if ('mayGoOn' in strangers) return { ...strangers, suspects: [...suspects] };
  const known = [...suspects, ...(await unreadSuspects(work, suspects))];
  const before = work.folder.uidNext;
  const uids = todo(listing.listed, ledger, task.retryAside);
  progress.doing = undefined;
  progress.done = listing.listed.length - uids.length;
  const sending = await transfer(work, uids, listing.listed, strangers, hunt);
  sending.suspects.unshift(...known);
  work.mayArrive ||= sending.inDoubt;
  if (wasContradicted(sending)) withdrawAll(work, sending, before);
  if (!sending.inDoubt && work.destination.usable) await closeTransfer(work, sending, before);
  return sending;
}

/** Where the source has failed at headers, perhaps because of a message, they are read over new connections. */
function sendingNothing(work: Work, error: unknown): Sending {
  if (!(error instanceof SideRefusal) || !work.headers.mayGoOn(error)) throw error;
  return { ...newSending(work, new Uint32Array(), refused(work, error)), mayGoOn: true };
}

/** What ends this before anything was sent leaves no more doubt than there was. */
async function settleDoubt(work: Work, listing: Listing): Promise<IdentityIndex> {
  const { ledger } = work;
  const inDoubt = ledger.head.doubtFrom > 0;
  try {
    await announceWriting(work);
    return await settle(work, listing, inDoubt && ledger.head.doubtFrom > 0);
  } catch (error) {
    if (!inDoubt) ledger.update({ doubtFrom: 0 });
    throw error;
  }
}

/**
 * Where doubt begins has to be known before the first write: a heartbeat that says it is acknowledged. What an earlier
 * attempt may still have had on the wire has to be there when the folder is looked at, so then it is opened once more. Where
 * nobody has begun to write since the ledger was, there is nothing on the wire: whoever had begun would have had a heartbeat
 * acknowledged that says so, before this attempt was given it, and none was since, or ours would not have been.
 */
async function announceWriting(work: Work): Promise<void> {
  const { ledger, lease } = work;
  const { uidNext } = work.folder;
  const { doubtFrom, writtenFrom } = ledger.head;
  ledger.update({
    doubtFrom: doubtFrom === 0 ? uidNext : doubtFrom,
    writtenFrom: writtenFrom === 0 ? uidNext : writtenFrom,
  });
  await lease.acknowledged();
  work.acknowledged = true;
  if (doubtFrom === 0 && !work.followsWriting) return;
  await openWhenStill(work);
  if (ledger.head.doubtFrom === 0) await announceWriting(work);
}

/**
 * Where the source keeps mod-sequences (RFC 7162), what changed since the last one is told by the server. Elsewhere the
 * flags of all messages are compared, which a delta before the cutover leaves out unless it was asked for. False when it did.
 */
async function carryFlagsOf(work: Work): Promise<boolean> {
  const { task, sourceFolder } = work;
  const isEarly = task.pass === 'prestage' || task.pass === 'delta';
  if (isEarly && !task.retryAside && sourceFolder.highestModseq === undefined) return false;
  work.progress.doing = 'comparing flags';
  await carryFlags(work);
  return true;
}

function complete(work: Work, listing: Listing): CopyOutcome {
  const { ledger, tally } = work;
  ledger.update({ completeBefore: Math.max(ledger.head.completeBefore, listing.completeBefore), retriedUpTo: 0 });
  count(tally, 'listed', listing.listed.length);
  count(tally, 'goneFromSource', goneFromSource(listing, ledger));
  return { kind: 'complete' };
}

function expectedEnding(work: Work, error: unknown): CopyOutcome {
  const lost = leaseLossIn(error);
  if (lost !== undefined) throw lost;
  if (error instanceof Interrupted) return { kind: 'interrupted' };
  if (error instanceof SideRefusal) return refused(work, error);
  throw error;
}

function heartbeat(work: Work): CopyHeartbeat {
  const { progress, ledger, tally, task } = work;
  const { doing, done, of } = progress;
  const numbers = `${grouped(done)} of ${grouped(of)}`;
  return {
    text: `${task.folder.sourcePath}: ${doing ?? numbers}`,
    done,
    of,
    growth: carriedGrowth(ledger, tally),
  };
}
