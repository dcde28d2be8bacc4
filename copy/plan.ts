import type { OpenFolder } from '../imap/types.ts';
import type { SourceSession } from './sides.ts';
import type { Ledger } from './ledger.ts';
import type { CopyTask } from './types.ts';

/** What the source lists. All UIDs ascend. */
export interface Listing {
  /** Every message in the folder. */
  readonly all: readonly number[];
  /** Those that this pass is about. */
  readonly listed: readonly number[];
  /** Epoch ms: every message with an earlier INTERNALDATE is among `listed`. */
  readonly completeBefore: number;
}

const DAY_MS = 86_400_000;
/** The farthest that any zone's day begins before the day of UTC. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

/**
 * Lists the opened source folder. With `before`, messages of earlier days than its day in UTC are listed: SEARCH
 * disregards times and zones (RFC 3501 section 6.4.4), so what is up to a day younger waits for a later pass. What came
 * after the survey waits as well: it may have been moved there from a folder in which it was copied, and only the next
 * pass finds that out, before it copies anything.
 */
export async function listSource(
  source: SourceSession,
  task: CopyTask,
  { uidValidity }: Pick<OpenFolder, 'uidValidity'>,
  now: number,
): Promise<Listing> {
  const all = await source.search({ kind: 'all' });
  const { surveyed } = task;
  const below = surveyed?.uidValidity === uidValidity ? surveyed.uidNext : Number.POSITIVE_INFINITY;
  const listing = await listBefore(source, task, all, Math.min(now, surveyed?.at ?? now));
  const { listed } = listing;
  // One list for both, as long as they are the same, of what may be a million numbers.
  return (listed.at(-1) ?? 0) < below ? listing : { ...listing, listed: listed.filter((uid) => uid < below) };
}

async function listBefore(
  source: SourceSession,
  task: CopyTask,
  all: readonly number[],
  now: number,
): Promise<Listing> {
  if (task.before === undefined) return { all, listed: all, completeBefore: now };
  const day = new Date(task.before);
  const date = { year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate() };
  const found = new Set(await source.search({ kind: 'before', date }));
  const midnight = Math.floor(task.before / DAY_MS) * DAY_MS;
  return {
    all,
    listed: all.filter((uid) => found.has(uid)),
    completeBefore: Math.min(now, Math.max(0, midnight - EARLIEST_ZONE_MS)),
  };
}

/** Messages of a listing that are to be carried over now, in the order in which they are. */
export function todo(listing: readonly number[], ledger: Ledger, retryAside: boolean): readonly number[] {
  const { retriedUpTo } = ledger.head;
  return listing.filter((uid) => {
    if (ledger.has(uid)) return false;
    return !ledger.isAside(uid) || (retryAside && uid > retriedUpTo);
  });
}

/** Handled messages that the source no longer has. */
export function goneFromSource(listing: Listing, ledger: Ledger): number {
  const handledAndThere = listing.all.reduce((count, uid) => (ledger.has(uid) ? count + 1 : count), 0);
  return ledger.size - handledAndThere;
}
