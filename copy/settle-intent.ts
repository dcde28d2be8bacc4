import { batches } from './batches.ts';
import type { Identity } from './identity.ts';
import type { IdentityIndex } from './identity-index.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import { opened } from './open-folders.ts';
import { counterpartsIn, isPlaced, record, type Intent, type Pairing } from './pairing.ts';
import { indexDestination } from './strangers.ts';
import { identityOf, throwIfInterrupted } from './work.ts';

const PER_FETCH = 1_000;

/**
 * Finds out what became of a MOVE of which nobody knows: a copy is still where it was, and then nothing happened; or it is
 * in the folder to which it should go, found by identity; or in neither, and then its user has taken it away in
 * between, and it stays so. Returns the source UIDs of those that are still where they were.
 */
export async function settleIntent(pairing: Pairing, intent: Intent): Promise<readonly number[]> {
  const { left, ledger } = intent.from;
  const messages = intent.messages.filter(({ uid }) => !left.has(uid));
  // A copy without a known UID cannot be asked for by it: it is found anew.
  const placed = messages.filter(({ uid }) => isPlaced(ledger.get(uid)?.counterpart ?? NOWHERE));
  const stayed = await stillThere(pairing, { ...intent, messages: placed });
  if (stayed === undefined) return messages.map(({ uid }) => uid);
  const gone = placed.filter(({ uid }) => !stayed.has(uid));
  if (gone.length > 0) await findMoved(pairing, { ...intent, messages: gone });
  const missing = new Set(gone.map(({ uid }) => uid));
  return messages.flatMap(({ uid }) => (missing.has(uid) ? [] : [uid]));
}

/** Source UIDs; undefined where nobody can tell, since the folder has got another UIDVALIDITY. */
async function stillThere(
  { destination }: Pairing,
  { from, messages }: Intent,
): Promise<ReadonlySet<number> | undefined> {
  const { at, ledger } = from;
  const stayed = new Set<number>();
  const origin = await opened(() => destination.examine(at.destination), destination);
  if (origin === undefined) return stayed;
  if (origin.uidValidity !== ledger.head.destinationValidity) return undefined;
  const byCounterpart = new Map(messages.map(({ uid }) => [ledger.get(uid)?.counterpart ?? NOWHERE, uid]));
  for (const batch of batches([...byCounterpart.keys()], PER_FETCH)) {
    for await (const row of destination.fetchFlags(batch)) {
      const uid = byCounterpart.get(row.uid);
      if (uid !== undefined) stayed.add(uid);
    }
  }
  return stayed;
}

async function findMoved(pairing: Pairing, intent: Intent): Promise<void> {
  const { from, to, messages } = intent;
  const { index, isCurrent } = await newInTarget(pairing, intent);
  const uids = new Map(messages.map(({ uid, target }) => [target, uid]));
  const { source } = pairing;
  const there = await opened(() => source.examine(to.at.source), source);
  const isSame = there?.uidValidity === to.ledger.head.sourceValidity;
  for (const batch of batches(isSame ? [...uids.keys()] : [], PER_FETCH)) {
    throwIfInterrupted(pairing);
    for await (const row of source.fetchIdentities(batch)) {
      const uid = uids.get(row.uid);
      if (uid === undefined) continue;
      uids.delete(row.uid);
      const found = takeLike(index, identityOf(pairing, row)) ?? NOWHERE;
      const counterpart = found === NOWHERE || isCurrent ? found : SOUGHT;
      record(pairing, { from, uid, to, target: row.uid, counterpart });
    }
  }
  // Gone from the source again: what was moved is looked for when it has been seen where they went.
  for (const [target, uid] of uids) record(pairing, { from, uid, to, target, counterpart: SOUGHT });
}

/**
 * Messages in the folder to which copies should go that came since the MOVE was announced and that nobody accounts for;
 * and whether their UIDs are such as the ledger holds.
 */
async function newInTarget(
  pairing: Pairing,
  { to, uidNext, uidValidity }: Intent,
): Promise<{ readonly index: IdentityIndex; readonly isCurrent: boolean }> {
  const { destination } = pairing;
  const there = await opened(() => destination.examine(to.at.destination), destination);
  if (there === undefined) return { index: await indexDestination(pairing, []), isCurrent: true };
  const first = there.uidValidity === uidValidity ? uidNext : 1;
  const accounted = counterpartsIn(pairing, to.at.destination, there.uidValidity);
  const uids = (await destination.search({ kind: 'all' })).filter((uid) => uid >= first && !accounted.has(uid));
  const isCurrent = there.uidValidity === to.ledger.head.destinationValidity;
  return { index: await indexDestination(pairing, uids), isCurrent };
}

/** Altered copies agree in their headers only, and among the few that came meanwhile that is enough. */
function takeLike(index: IdentityIndex, identity: Identity): number | undefined {
  const exact = index.take(identity);
  if (exact !== undefined) return exact;
  const [alike] = index.leftWithLoose(new Set([identity.loose]));
  if (alike !== undefined) index.takeUid(alike);
  return alike;
}
