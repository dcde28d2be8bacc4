import type { OpenFolder } from '../imap/types.ts';
import type { SourceSession } from './sides.ts';
import type { Ledger } from './ledger.ts';
import type { CopyTask } from './types.ts';

/** What the source lists, which may be a million UIDs: in four bytes each, and ascending. */
export interface Listing {
  /** Every message in the folder. */
  readonly all: Uint32Array;
  /** Those that this pass is about. */
  readonly listed: Uint32Array;
  /** Epoch ms: every message with an earlier INTERNALDATE is among `listed`. */
  readonly completeBefore: number;
}

const DAY_MS = 86_400_000;
/** The farthest that any zone's day begins before the day of UTC. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

/** UIDs that a search found. All ascend. */
export interface Found {
  /** Every message in the folder. */
  readonly all: Uint32Array;
  /** Messages of days before the task's; absent where it has none. */
  readonly early?: Uint32Array;
}

/** Searches the source folder that is open, or about to be: its commands are called in this tick. */
export async function searchSource(source: SourceSession, { before }: CopyTask): Promise<Found> {
  const all = source.search({ kind: 'all' });
  if (before === undefined) return { all: await all };
  const day = new Date(before);
  const date = { year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate() };
  const early = source.search({ kind: 'before', date });
  // Both are waited for, so that no command is under way when one is refused.
  await Promise.allSettled([all, early]);
  return { all: await all, early: await early };
}

/**
 * What of that the pass is about. With `before`, messages of earlier days than its day in UTC are listed: SEARCH
 * disregards times and zones (RFC 3501 section 6.4.4), so what is up to a day younger waits for a later pass. What came
 * after the survey waits as well: it may have been moved there from a folder in which it was copied, and only the next
 * pass finds that out, before it copies anything. `now`: before the search began.
 */
export function listingOf(
  found: Found,
  task: CopyTask,
  { uidValidity }: Pick<OpenFolder, 'uidValidity'>,
  now: number,
): Listing {
  const { surveyed } = task;
  const below = surveyed?.uidValidity === uidValidity ? surveyed.uidNext : Number.POSITIVE_INFINITY;
  const listed = listedBefore(found, task, Math.min(now, surveyed?.at ?? now));
  // One list for both, as long as they are the same.
  return (listed.listed.at(-1) ?? 0) < below
    ? listed
    : { ...listed, listed: listed.listed.filter((uid) => uid < below) };
}

function listedBefore({ all, early }: Found, { before }: CopyTask, now: number): Listing {
  if (before === undefined || early === undefined) return { all, listed: all, completeBefore: now };
  const found = new Set(early);
  const midnight = Math.floor(before / DAY_MS) * DAY_MS;
  return {
    all,
    listed: all.filter((uid) => found.has(uid)),
    completeBefore: Math.min(now, Math.max(0, midnight - EARLIEST_ZONE_MS)),
  };
}

/** Messages of a listing that are to be carried over now, in the order in which they are: the first `most` of them. */
export function todo(
  listed: Uint32Array,
  ledger: Ledger,
  retryAside: boolean,
  most: number = listed.length,
): Uint32Array {
  const uids = new Uint32Array(Math.min(most, countTodo(listed, ledger, retryAside)));
  let size = 0;
  for (let at = 0; size < uids.length; at += 1) {
    const uid = listed[at] ?? 0;
    if (isTodo(uid, ledger, retryAside)) uids[size++] = uid;
  }
  return uids;
}

/** How many there are. */
export function countTodo(listed: Uint32Array, ledger: Ledger, retryAside: boolean): number {
  return countOf(listed, (uid) => isTodo(uid, ledger, retryAside));
}

function isTodo(uid: number, ledger: Ledger, retryAside: boolean): boolean {
  if (ledger.has(uid)) return false;
  return !ledger.isAside(uid) || (retryAside && uid > ledger.head.retriedUpTo);
}

/** Handled messages that the source no longer has. */
export function goneFromSource({ all }: Listing, ledger: Ledger): number {
  return ledger.size - countOf(all, (uid) => ledger.has(uid));
}

function countOf(uids: Uint32Array, counts: (uid: number) => boolean): number {
  let count = 0;
  for (let at = 0; at < uids.length; at += 1) if (counts(uids[at] ?? 0)) count += 1;
  return count;
}
