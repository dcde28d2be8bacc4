import type { OpenFolder } from '../imap/types.ts';
import type { CopyOutcome } from '../model/activities.ts';
import { passesByItself } from '../model/refusals.ts';
import { batches } from './batches.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import type { Match } from './match-moves.ts';
import { opened, saysFolderIsGone } from './open-folders.ts';
import { record, type Intent, type Pairing, type PairingFolder } from './pairing.ts';
import { settleIntent } from './settle-intent.ts';
import { SideRefusal } from './sides.ts';
import { throwIfInterrupted } from './work.ts';

/** Messages of one MOVE, and of one record of what is in doubt. */
const PER_MOVE = 1_000;

/**
 * Lets our copies follow the messages that their user moved on the source. Where the destination cannot move, they stay
 * where they are, and are noted. Returns why the share ends before all were moved, if it does.
 *
 * This moves nothing but copies that a ledger knows as ours and that were recognised where we put them a moment ago; MOVE
 * leaves out what is no longer there. Nothing is copied and deleted instead.
 */
export async function moveCopies(pairing: Pairing, matched: readonly Match[]): Promise<CopyOutcome | undefined> {
  pairing.progress.doing = undefined;
  pairing.progress.of = pairing.paired.length + matched.length;
  pairing.progress.done = pairing.paired.length;
  for (const group of byFolders(matched)) {
    for (const chunk of batches(group, PER_MOVE)) {
      throwIfInterrupted(pairing);
      if (pairing.now() - pairing.startedAt >= pairing.limits.millisecondsPerShare) return { kind: 'share-ended' };
      const end = await moveChunk(pairing, chunk);
      if (end !== undefined) return end;
    }
  }
  return undefined;
}

function byFolders(matched: readonly Match[]): readonly (readonly Match[])[] {
  const groups: Match[][] = [];
  const known = new Map<PairingFolder, Map<PairingFolder, Match[]>>();
  for (const match of matched) {
    const { from } = match.copy;
    const targets = known.get(from) ?? new Map<PairingFolder, Match[]>();
    known.set(from, targets);
    const group = targets.get(match.to);
    if (group !== undefined) {
      group.push(match);
      continue;
    }
    const first = [match];
    targets.set(match.to, first);
    groups.push(first);
  }
  return groups;
}

async function moveChunk(pairing: Pairing, chunk: readonly Match[]): Promise<CopyOutcome | undefined> {
  const [first] = chunk;
  if (first === undefined) return undefined;
  const { to, copy } = first;
  const { from, uidValidity } = copy;
  if (from.at.destination === to.at.destination) {
    if (to.ledger.head.destinationValidity === 0) to.ledger.update({ destinationValidity: uidValidity });
    for (const match of chunk) recordMatch(pairing, match, match.copy.counterpart);
    return undefined;
  }
  if (!pairing.destination.capabilities.has('MOVE')) {
    for (const match of chunk) recordMatch(pairing, match, NOWHERE, true);
    return undefined;
  }
  const target = await openTarget(pairing, to);
  const origin = await opened(() => pairing.destination.select(from.at.destination), pairing.destination);
  // Renumbered or gone since it was read: the next share finds out what that means.
  if (target === undefined || origin?.uidValidity !== uidValidity) return { kind: 'share-ended' };
  await announce(pairing, { from, to, chunk, target });
  await moveAnnounced(pairing, chunk);
  pairing.intent = undefined;
  return undefined;
}

/** The folder to which copies go, made anew when its user has deleted it; undefined where the server does not open it. */
async function openTarget({ destination }: Pairing, { at }: PairingFolder): Promise<OpenFolder | undefined> {
  try {
    return await destination.examine(at.destination);
  } catch (error) {
    if (!saysFolderIsGone(error) || !destination.usable) throw error;
    await destination.create(at.destination);
    return await destination.examine(at.destination);
  }
}

interface Announced {
  readonly from: PairingFolder;
  readonly to: PairingFolder;
  readonly chunk: readonly Match[];
  readonly target: OpenFolder;
}

/** Whoever comes after has to know what may have been moved before the first of it is. */
async function announce(pairing: Pairing, { from, to, chunk, target }: Announced): Promise<void> {
  const { uidNext, uidValidity } = target;
  if (to.ledger.head.destinationValidity === 0) to.ledger.update({ destinationValidity: uidValidity });
  const messages = chunk.map(({ copy, target: uid }) => ({ uid: copy.uid, target: uid }));
  pairing.intent = { from, to, uidNext, uidValidity, messages };
  await pairing.lease.acknowledged();
}

/** With UIDPLUS the server tells where each went; what it does not tell is looked for. */
async function moveAnnounced(pairing: Pairing, chunk: readonly Match[]): Promise<void> {
  const { intent, destination, lease } = pairing;
  if (intent === undefined) return;
  const { to } = intent;
  const uids = chunk.map(({ copy }) => copy.counterpart);
  try {
    const moved = await destination.move(uids, to.at.destination, () => lease.check());
    const isTarget = moved.uidValidity === to.ledger.head.destinationValidity;
    const wentTo = new Map(moved.pairs.map(({ from, to: uid }) => [from, uid]));
    const untold: Match[] = [];
    for (const match of chunk) {
      const counterpart = wentTo.get(match.copy.counterpart);
      if (counterpart === undefined) untold.push(match);
      else recordMatch(pairing, match, isTarget ? counterpart : SOUGHT);
    }
    await settleRest(pairing, intent, untold);
  } catch (error) {
    if (!isFinal(pairing, error)) throw error;
    for (const match of await settleRest(pairing, intent, chunk)) recordMatch(pairing, match, NOWHERE, true);
  }
}

/** A server that says no for good, and with which one can still talk. */
function isFinal({ destination }: Pairing, error: unknown): boolean {
  if (!(error instanceof SideRefusal) || error.refusal.status === undefined || !destination.usable) return false;
  return error.refusal.status !== 'BYE' && !passesByItself(error.refusal.problem.code);
}

/** Returns those that are still where they were. */
async function settleRest(pairing: Pairing, intent: Intent, rest: readonly Match[]): Promise<readonly Match[]> {
  if (rest.length === 0) return [];
  const messages = rest.map(({ copy, target }) => ({ uid: copy.uid, target }));
  pairing.intent = { ...intent, messages };
  const stayed = new Set(await settleIntent(pairing, pairing.intent));
  return rest.filter(({ copy }) => stayed.has(copy.uid));
}

function recordMatch(
  pairing: Pairing,
  { copy: { from, uid }, to, target }: Match,
  counterpart: number,
  stays = false,
): void {
  record(pairing, { from, uid, to, target, counterpart }, stays);
}
