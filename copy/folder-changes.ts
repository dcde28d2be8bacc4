import { openedAndListed } from './open-folders.ts';
import type { Pairing, PairingFolder } from './pairing.ts';
import { throwIfInterrupted } from './work.ts';

/** What became of one source folder since its ledger was written. UIDs ascend. */
export interface FolderChange {
  readonly folder: PairingFolder;
  /** Handled, and no longer on the source. */
  readonly disappeared: readonly number[];
  /** New, and not handled. */
  readonly arrived: readonly number[];
}

/**
 * Lists all folders concerned. All of them are listed before any message is paired, and nothing counts as arrived that came
 * after the survey, which was before: so what was moved meanwhile is seen to have disappeared at least as early as it
 * is seen to have arrived.
 */
export async function folderChanges(pairing: Pairing): Promise<readonly FolderChange[]> {
  const changes: FolderChange[] = [];
  for (const folder of pairing.folders) {
    throwIfInterrupted(pairing);
    const change = await changeOf(pairing, folder);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/**
 * A folder that is not there has lost all its messages. One with another UIDVALIDITY tells nothing: its messages are
 * recognised when it is copied.
 */
async function changeOf({ source }: Pairing, folder: PairingFolder): Promise<FolderChange | undefined> {
  const { at, ledger, left } = folder;
  const { sourceValidity, rematch } = ledger.head;
  const open = await openedAndListed(source, at.source);
  if (open === undefined) return { folder, disappeared: handled(folder), arrived: [] };
  const { there, listed } = open;
  if (rematch || (sourceValidity !== 0 && sourceValidity !== there.uidValidity)) return undefined;
  if (sourceValidity === 0) ledger.update({ sourceValidity: there.uidValidity });
  const known = new Set(listed);
  const disappeared = handled(folder).filter((uid) => !known.has(uid));
  const { arrived } = at;
  const isTold = arrived !== undefined && arrived.uidValidity === there.uidValidity;
  const isNew = (uid: number): boolean =>
    isTold && uid >= arrived.from && uid < arrived.below && !ledger.has(uid) && !ledger.isAside(uid);
  return { folder, disappeared, arrived: [...listed].filter((uid) => isNew(uid) && !left.has(uid)) };
}

function handled({ ledger, left }: PairingFolder): readonly number[] {
  return [...ledger.handledUids()].filter((uid) => !left.has(uid));
}
