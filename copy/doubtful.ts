import { matchSource } from './match.ts';
import { opened } from './open-folders.ts';
import { counterpartsIn, type Pairing, type PairingFolder } from './pairing.ts';
import { indexDestination } from './strangers.ts';
import { recordUnclaimed, vanished } from './unclaimed.ts';

/**
 * In folders in which an attempt has died: records copies whose messages have left the folder before anybody could tell which
 * they are, so that they can follow. What else is in doubt is left to the copy of the folder. Says whether there were any.
 */
export async function recordDoubtful(pairing: Pairing): Promise<boolean> {
  let isAny = false;
  for (const folder of pairing.folders) {
    if (folder.ledger.head.doubtFrom === 0 || !isWhole(pairing, folder)) continue;
    const recorded = await recordIn(pairing, folder);
    folder.changed ||= recorded > 0;
    isAny ||= recorded > 0;
  }
  return isAny;
}

/** What repeats others is not listed as a whole; what is shared may be another folder's; what is unknown proves nothing. */
function isWhole({ folders }: Pairing, { at, ledger }: PairingFolder): boolean {
  const isShared = folders.some((other) => other.at.source !== at.source && other.at.destination === at.destination);
  return at.exceptIn === undefined && !isShared && !ledger.head.rematch;
}

async function recordIn(pairing: Pairing, { at, ledger, left }: PairingFolder): Promise<number> {
  const { source, destination, tally } = pairing;
  const { doubtFrom, sourceValidity, destinationValidity } = ledger.head;
  const there = await opened(() => destination.examine(at.destination), destination);
  if (there?.uidValidity !== destinationValidity || there.uidNext <= doubtFrom) return 0;
  const accounted = counterpartsIn(pairing, at.destination, destinationValidity);
  const uids = (await destination.search({ kind: 'all' })).filter((uid) => uid >= doubtFrom && !accounted.has(uid));
  const here = uids.length === 0 ? undefined : await opened(() => source.examine(at.source), source);
  if (here?.uidValidity !== sourceValidity) return 0;
  const all = await source.search({ kind: 'all' });
  const gone = await vanished(pairing, ledger, { all, uidNext: here.uidNext }, uids.length);
  if (gone.length === 0) return 0;
  const index = await indexDestination(pairing, uids);
  const unhandled = all.filter((uid) => !ledger.has(uid) && !left.has(uid));
  await matchSource(pairing, unhandled, index, () => undefined);
  if ((pairing.headers.get(at.source)?.found ?? 0) > 0) return 0;
  return (await recordUnclaimed(pairing, { ledger, tally }, index.left(), gone)).length;
}
