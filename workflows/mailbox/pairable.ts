import type { PairedFolder } from '../../model/activities.ts';
import { pairOf } from '../../model/folders.ts';
import { MOST_LEDGER_CHARACTERS } from '../../model/ledger-limits.ts';
import type { FolderState } from '../../model/saga.ts';

/** What is to be looked at for messages that were moved on the source; nothing where no folder is given. */
export interface Pairable {
  readonly folders: readonly PairedFolder[];
  /** Source paths of folders that would have been looked at as well, but for the size of their ledgers. */
  readonly tooLarge: readonly string[];
}

const NOTHING: Pairable = { folders: [], tooLarge: [] };

/**
 * Folders from which messages may have disappeared, and folders in which messages may have arrived that were in another
 * before; only where there are both. Folders that share their destination folder with one of the latter come along, since
 * what is there for them is there for no other. `always`: source names of folders that an earlier activity was about, and
 * that cannot be left out.
 */
export function foldersToPair(folders: readonly FolderState[], always: readonly string[] = []): Pairable {
  const arrived = folders.filter(mayHoldArrived);
  const isNeeded = arrived.length > 0 && folders.some(mayHaveLost);
  if (!isNeeded && always.length === 0) return NOTHING;
  const destinations = new Set(arrived.map(({ destination }) => destination));
  const concerned = isNeeded
    ? folders.filter((folder) => mayHoldArrived(folder) || mayHaveLost(folder) || destinations.has(folder.destination))
    : [];
  const kept = new Set(always);
  const fitting = fit(concerned, folders, kept);
  return {
    folders: folders.filter(({ source }) => fitting.has(source)).map(toPaired),
    tooLarge: concerned.filter(({ source }) => !fitting.has(source)).map(({ sourcePath }) => sourcePath),
  };
}

/** The smallest come first, so that as many as possible are looked at. */
function fit(
  concerned: readonly FolderState[],
  all: readonly FolderState[],
  kept: ReadonlySet<string>,
): ReadonlySet<string> {
  const fitting = new Set(kept);
  let total = all.reduce((sum, folder) => sum + (kept.has(folder.source) ? sizeOf(folder) : 0), 0);
  for (const folder of concerned.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    if (fitting.has(folder.source)) continue;
    total += sizeOf(folder);
    if (total > MOST_LEDGER_CHARACTERS) break;
    fitting.add(folder.source);
  }
  return fitting;
}

function sizeOf({ ledger, growth }: FolderState): number {
  return (ledger?.length ?? 0) + (growth?.length ?? 0);
}

/** A folder whose ledger was left behind is recognised as a whole when it is copied. */
function isLost({ ledger, growth, handled }: FolderState): boolean {
  return ledger === undefined && growth === undefined && handled > 0;
}

function mayHaveLost(folder: FolderState): boolean {
  const { completeAt, gone, goneFromSource = 0, messages, uidNext, uidValidity } = folder;
  if (folder.ledger === undefined && folder.growth === undefined) return false;
  if (gone || goneFromSource > 0 || completeAt === undefined) return true;
  // As many more as UIDs were given out: then none can have gone.
  return completeAt.uidValidity !== uidValidity || messages - completeAt.messages !== uidNext - completeAt.uidNext;
}

function mayHoldArrived(folder: FolderState): boolean {
  const { gone, created, problem, messages, uidNext, exceptIn } = folder;
  if (gone || !created || problem !== undefined || messages === 0 || uidNext === 0 || isLost(folder)) return false;
  return exceptIn !== undefined || arrivedFrom(folder) < uidNext;
}

/** A folder that repeats others shows again what has left them, under UIDs that it had before. */
function arrivedFrom({ exceptIn, seenUpTo, uidValidity }: FolderState): number {
  return exceptIn === undefined && seenUpTo?.uidValidity === uidValidity ? seenUpTo.uidNext : 1;
}

function toPaired(folder: FolderState): PairedFolder {
  const { ledger, growth, uidNext, uidValidity } = folder;
  return {
    ...pairOf(folder),
    ...(ledger !== undefined && { ledger }),
    ...(growth !== undefined && { growth }),
    ...(mayHoldArrived(folder) && { arrived: { from: arrivedFrom(folder), below: uidNext, uidValidity } }),
  };
}
