import type { CopyOutcome, PairMovesResult } from '../model/activities.ts';
import { recordDoubtful } from './doubtful.ts';
import { folderChanges, type FolderChange } from './folder-changes.ts';
import { overConnections, unidentified } from './header-hunt.ts';
import { leaseLossIn } from './lease-lost.ts';
import { carriedLedger } from './copy-result.ts';
import { LedgerDamaged } from './ledger-codec.ts';
import { matchMoves } from './match-moves.ts';
import { moveCopies } from './move-copies.ts';
import { leaveMovedAway, MissingCopies } from './moved-away.ts';
import { OurCopies } from './our-copies.ts';
import { applyPairingGrowth, encodePairingGrowth, pairingHeartbeat } from './pairing-codec.ts';
import { beginPairing, reopenPairing, type Pairing } from './pairing.ts';
import { restOf } from './recall.ts';
import { settleIntent } from './settle-intent.ts';
import { SideRefusal } from './sides.ts';
import { newTally, note } from './tally.ts';
import type { CopyContext, PairMoves, PairTask } from './types.ts';
import { Interrupted } from './work.ts';

/**
 * What its user moved between folders on the source, or in renamed folders, since it was copied, is not copied again:
 * messages that disappeared are paired with equal ones that are new, in whichever folder, and our copies at the
 * destination follow. To be run before any folder is copied.
 *
 * The identity of what disappeared is that of our copy. Expected endings come back as outcomes, with the ledgers; while a
 * MOVE is in doubt, with growth instead. Thrown are LeaseLost, LedgerOfLaterVersion and what nobody expected: then the
 * growth in the last acknowledged heartbeat is what the next attempt goes on from.
 */
export const pairMoves: PairMoves = async (task, context) => {
  const pairing = recallPairing(task, context);
  context.lease.carry(() => pairingHeartbeat(pairing));
  const { headers, interrupt } = pairing;
  const hunt = { headers, interrupt, reopen: () => reopenPairing(pairing) };
  const outcome = await overConnections(hunt, () => pair(pairing)).catch((error: unknown) =>
    expectedEnding(pairing, error),
  );
  return resultOf(pairing, outcome);
};

/** Where nobody knows what an earlier attempt moved, those copies are found again where they are now, as others are. */
function recallPairing(task: PairTask, context: CopyContext): Pairing {
  const pairing = beginPairing(task, context);
  if (task.previousGrowth === undefined) return pairing;
  try {
    applyPairingGrowth(pairing, task.previousGrowth);
    return pairing;
  } catch (error) {
    if (!(error instanceof LedgerDamaged)) throw error;
    const anew = beginPairing(task, context);
    note(anew.tally, 'ledger.rebuilt');
    return anew;
  }
}

async function pair(pairing: Pairing): Promise<CopyOutcome> {
  await settleEarlier(pairing);
  const changes = await allChanges(pairing);
  const isNeeded = (what: 'disappeared' | 'arrived'): boolean => changes.some((change) => change[what].length > 0);
  if (!isNeeded('disappeared') || !isNeeded('arrived')) return { kind: 'complete' };
  const copies = await OurCopies.read(pairing, changes);
  const missing = new MissingCopies(copies, pairing.folders);
  if (copies.size === 0 && missing.size === 0) return { kind: 'complete' };
  const { matched, unmatched } = await matchMoves(pairing, changes, copies, missing.mayHold);
  const end = await moveCopies(pairing, matched);
  if (end !== undefined) return end;
  // Messages of which nobody knows what they are may be equal to those.
  if (unidentified(pairing.headers) === 0) await leaveMovedAway(pairing, unmatched, missing);
  return { kind: 'complete' };
}

/** What an attempt that died had copied may have been moved before another could find out. */
async function allChanges(pairing: Pairing): Promise<readonly FolderChange[]> {
  const changes = await folderChanges(pairing);
  const hasArrived = changes.some(({ arrived }) => arrived.length > 0);
  return hasArrived && (await recordDoubtful(pairing)) ? await folderChanges(pairing) : changes;
}

/**
 * What an earlier attempt may still have had on the wire has to have arrived when one looks: so first a heartbeat is
 * acknowledged.
 */
async function settleEarlier(pairing: Pairing): Promise<void> {
  const { intent, lease } = pairing;
  if (intent === undefined) return;
  await lease.acknowledged();
  await settleIntent(pairing, intent);
  pairing.intent = undefined;
}

function expectedEnding({ interrupt }: Pairing, error: unknown): CopyOutcome {
  const lost = leaseLossIn(error);
  if (lost !== undefined) throw lost;
  if (error instanceof Interrupted) return { kind: 'interrupted' };
  if (!(error instanceof SideRefusal)) throw error;
  const { side, refusal } = error;
  if (interrupt.aborted && refusal.status === undefined) return { kind: 'interrupted' };
  return { kind: 'refused', side, problem: refusal.problem };
}

function resultOf(pairing: Pairing, outcome: CopyOutcome): PairMovesResult {
  const { tally, intent } = pairing;
  if (intent !== undefined) {
    return { outcome, folders: [], growth: encodePairingGrowth(pairing), counts: newTally().counts, notes: {} };
  }
  const folders = pairing.folders
    .filter(({ changed }) => changed)
    .map(({ at, ledger, left }) => {
      ledger.handOver(left);
      return {
        source: at.source,
        ledger: carriedLedger(ledger),
        rest: restOf(ledger),
        handled: ledger.size,
        aside: ledger.newlyAside,
      };
    });
  return { outcome, folders, counts: tally.counts, notes: tally.notes };
}
