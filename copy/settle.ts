import { parseDateTime } from '../imap/grammar.ts';
import type { IdentityRow } from '../imap/types.ts';
import { batches, type Sliceable } from './batches.ts';
import { reserveForOthers } from './beside.ts';
import { foundElsewhere, type Wanted } from './elsewhere.ts';
import { carriedByAppend } from './flagged.ts';
import type { IdentityIndex } from './identity-index.ts';
import { NOWHERE } from './ledger.ts';
import { matchSource, type OnMatch } from './match.ts';
import { todo, type Listing } from './plan.ts';
import { rebaseFlags } from './sent-flags.ts';
import { lookForStrangers } from './strangers.ts';
import { count } from './tally.ts';
import { recordUnclaimed, vanished } from './unclaimed.ts';
import { identityOf, throwIfInterrupted, type Work } from './work.ts';

/** Messages put aside, or waiting for others, in a crashed attempt shift what it had sent beyond the number of new UIDs. */
const SLACK = 2_000;
/** So many headers are read rather than bodies for nothing. */
const FULL_WALK = 5_000;
/** Candidates looked for in other folders beyond those that gaps call for. */
const GAP_SLACK = 10;
const PER_FETCH = 1_000;

/**
 * Explains what is at the destination and not in the ledger, before anything is sent: mail that was there before
 * (adoption), copies of an attempt that ended before it could tell (doubt), counterparts whose UIDs are not known. Each
 * such destination message becomes the counterpart of an equal source message, as a multiset, older ones first.
 *
 * `inDoubt`: an earlier attempt may have sent messages from `head.doubtFrom` on. Those were the first of this pass that are
 * not handled; if UIDs of that range are gone already, as many of them may be in other folders, and are looked for there.
 *
 * Returns the destination messages that nobody could explain: a source message equal to one of them is that one.
 */
export async function settle(work: Work, listing: Listing, inDoubt: boolean): Promise<IdentityIndex> {
  const { ledger, folder, task } = work;
  const { settledBelow, doubtFrom, rematch } = ledger.head;
  const sought = new Set(ledger.sought());
  const from = inDoubt || sought.size > 0 ? Math.min(settledBelow, doubtFrom) : settledBelow;
  const { index, gaps } = await lookForStrangers(work, from, folder.uidNext, doubtFrom);
  const ours: number[] = [];
  const recognise = recogniser(work, inDoubt ? doubtFrom : folder.uidNext, ours);

  const uids = sought.size === 0 ? [] : listing.all.filter((uid) => sought.has(uid));
  await matchSource(work, uids, index, recognise);
  for (const uid of ledger.sought()) ledger.place(uid, NOWHERE);
  await reserveForOthers(work, index);
  if (index.size === 0 && !inDoubt && !rematch) {
    ledger.update({ doubtFrom: folder.uidNext, settledBelow: folder.uidNext });
    return index;
  }

  const unhandled = listing.all.filter((uid) => !ledger.has(uid));
  const mayBeSent = Math.max(0, folder.uidNext - doubtFrom) + SLACK;
  const doubtful = todo(listing.listed, ledger, task.retryAside, mayBeSent);
  const walksAll = settledBelow <= 1 || unhandled.length <= FULL_WALK;
  await matchSource(work, walksAll ? unhandled : doubtful, index, recognise);

  if (inDoubt) {
    await settleGaps(work, doubtful, gaps);
    await settleUnclaimed(work, listing, index, recognise);
    await rebaseFlags(work, ours);
  }
  if (rematch) await judgeUnknown(work, unhandled);
  const [firstLeft = folder.uidNext] = walksAll ? [] : index.left();
  ledger.update({ doubtFrom: folder.uidNext, settledBelow: firstLeft, rematch: false });
  return index;
}

/**
 * `oursFrom`: counterparts from here on were written by an earlier attempt, those below were there before. `ours` gets the source
 * UIDs of those.
 */
function recogniser(work: Work, oursFrom: number, ours: number[]): OnMatch {
  return (row, counterpart) => {
    if (work.ledger.has(row.uid)) {
      work.ledger.place(row.uid, counterpart);
      return;
    }
    recordFound(work, row, counterpart, counterpart >= oursFrom);
    if (counterpart >= oursFrom) ours.push(row.uid);
  };
}

/** A message found at the destination is handled; its flags there stay, and the source's flags as of now are the base. */
function recordFound(work: Work, row: IdentityRow, counterpart: number, ours: boolean): void {
  work.ledger.handle(row.uid, counterpart, ours ? carriedByAppend(work, row.uid, row.flags) : row.flags);
  count(work.tally, ours ? 'copied' : 'adopted');
  if (!ours) return;
  count(work.tally, 'bytes', row.size);
  // Nobody read it back, and nobody knows whether it is one that servers alter.
  work.ledger.awaitReadBack(row.uid);
}

/**
 * Of the messages that the earlier attempt may have sent, those that are not in the folder: up to the last one that is,
 * all of them can be missing for no other reason than having been moved (or put aside); after it, as many as gaps are left.
 */
async function settleGaps(work: Work, doubtful: Uint32Array, gaps: number): Promise<void> {
  if (gaps === 0) return;
  const { ledger } = work;
  const lastFound = doubtful.findLastIndex((uid) => ledger.has(uid));
  const missing = doubtful.filter((uid) => !ledger.has(uid));
  const before = doubtful.slice(0, lastFound + 1).filter((uid) => !ledger.has(uid)).length;
  const found = await foundElsewhere(
    work,
    await wantedOf(work, missing.slice(0, before + gaps + GAP_SLACK), () => true),
  );
  for (const { row } of found.slice(0, gaps)) recordFound(work, row, NOWHERE, true);
}

/** What was sent for messages that have left the folder since, as far as none of those that are there claims it. */
async function settleUnclaimed(work: Work, { all }: Listing, index: IdentityIndex, recognise: OnMatch): Promise<void> {
  const { ledger, task, beside, sourceFolder, headers } = work;
  const { doubtFrom, rematch } = ledger.head;
  // What repeats others is not listed as a whole, and what is shared may be another folder's, or of one whose headers do not come.
  if (rematch || beside.length > 0 || task.folder.exceptIn !== undefined || headers.found > 0) return;
  const left = (): readonly number[] => index.left().filter((uid) => uid >= doubtFrom);
  const most = left().length;
  const uids = most === 0 ? [] : await vanished(work, ledger, { all, uidNext: sourceFolder.uidNext }, most);
  if (uids.length === 0) return;
  const unhandled = all.filter((uid) => !ledger.has(uid));
  await matchSource(work, unhandled, index, recognise);
  for (const uid of await recordUnclaimed(work, work, left(), uids)) index.takeUid(uid);
}

/**
 * After a new UIDVALIDITY at the source: a message without a counterpart that is older than the last complete pass had
 * been handled, so its user has moved or deleted it. Where it was moved, it stays; where nobody can tell, a person decides.
 */
async function judgeUnknown(work: Work, uids: Uint32Array): Promise<void> {
  const { ledger, task } = work;
  const { completeBefore } = ledger.head;
  const left = uids.filter((uid) => !ledger.has(uid) && !ledger.isAside(uid));
  const wanted = await wantedOf(work, left, (row) => isOlder(row, completeBefore));
  for (const { row } of await foundElsewhere(work, wanted)) recordFound(work, row, NOWHERE, false);
  if (task.retryAside) return;
  for (const { row } of wanted) if (!ledger.has(row.uid)) ledger.putAside(row.uid, 'ledger.unknown-message');
}

function isOlder({ internalDate }: IdentityRow, instant: number): boolean {
  const date = parseDateTime(internalDate);
  return date !== undefined && date.instant < instant;
}

async function wantedOf(
  work: Work,
  uids: Sliceable<number>,
  isWanted: (row: IdentityRow) => boolean,
): Promise<readonly Wanted[]> {
  const wanted: Wanted[] = [];
  for (const batch of batches(uids, PER_FETCH)) {
    throwIfInterrupted(work);
    const asked = new Set(batch);
    for await (const row of work.source.fetchIdentities(batch)) {
      if (asked.delete(row.uid) && isWanted(row)) wanted.push({ row, identity: identityOf(work, row) });
    }
  }
  return wanted;
}
