import { batches, type Sliceable } from './batches.ts';
import { counterpartsBeside } from './beside.ts';
import { IdentityIndex } from './identity-index.ts';
import { identityOf, throwIfInterrupted, type Sides, type Work } from './work.ts';

/** Messages at the destination that the ledger does not know. */
export interface Strangers {
  readonly index: IdentityIndex;
  /** UIDs from `from` to below `below` that neither are there any more nor are counterparts: their messages are gone. */
  readonly gaps: number;
}

const PER_FETCH = 1_000;

/**
 * Looks at the headers of destination messages with UIDs from `from` to below `below` that are no known counterparts,
 * neither of this source folder's messages nor of another's that shares the destination folder.
 * `gapsFrom`: where gaps are counted from.
 */
export async function lookForStrangers(
  work: Work,
  from: number,
  below: number,
  gapsFrom: number = from,
): Promise<Strangers> {
  if (from >= below) return { index: new IdentityIndex(0), gaps: 0 };
  const known = new Set([...work.ledger.knownCounterparts(from), ...counterpartsBeside(work, from)]);
  const there = (await work.destination.search({ kind: 'all' })).filter((uid) => uid >= from && uid < below);
  const unknown = there.filter((uid) => !known.has(uid));
  const accounted = new Set(unknown);
  for (const uid of known) if (uid < below) accounted.add(uid);
  const accountedInRange = [...accounted].filter((uid) => uid >= gapsFrom).length;
  return { index: await indexDestination(work, unknown), gaps: Math.max(0, below - gapsFrom - accountedInRange) };
}

/** Destination messages of the opened folder by identity; those that are gone are left out. */
export async function indexDestination(sides: Sides, uids: Sliceable<number>): Promise<IdentityIndex> {
  const index = new IdentityIndex(uids.length);
  for (const batch of batches(uids, PER_FETCH)) {
    throwIfInterrupted(sides);
    const asked = new Set(batch);
    for await (const row of sides.destination.fetchIdentities(batch)) {
      if (asked.delete(row.uid)) index.add(row.uid, identityOf(sides, row));
    }
  }
  return index;
}
