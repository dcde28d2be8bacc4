import type { OpenFolder } from '../imap/types.ts';
import type { VerifyFolderResult } from '../model/activities.ts';
import { decodeLedger } from './ledger-codec.ts';
import { Ledger } from './ledger.ts';
import { matchSource } from './match.ts';
import { SideRefusal } from './sides.ts';
import { indexDestination } from './strangers.ts';
import type { VerifyFolder, VerifyTask } from './types.ts';
import { takeSides, type Sides } from './work.ts';

const MOST_NAMED = 20;

/**
 * Compares a source folder with its counterpart by what both servers hand out, as multisets of identities; what a server
 * altered in silence counts as identical, since it was named when it was copied. The ledger is asked only to explain
 * differences: what was put aside is not missing, and what was handled and is not there was moved or deleted by its user.
 * Writes nothing. Throws Interrupted when it is asked to end.
 */
export const verifyFolder: VerifyFolder = async (task, context) => {
  const ledger = task.ledger === undefined ? new Ledger() : decodeLedger(task.ledger);
  try {
    return await compare(takeSides(context), task, ledger);
  } catch (error) {
    if (!(error instanceof SideRefusal)) throw error;
    return { ok: false, side: error.side, problem: { folder: task.folder.sourcePath, ...error.refusal.problem } };
  }
};

async function compare(sides: Sides, { folder }: VerifyTask, ledger: Ledger): Promise<VerifyFolderResult> {
  const source = await sides.source.examine(folder.source);
  const destination = await sides.destination.examine(folder.destination);
  const index = await indexDestination(sides, [...(await sides.destination.search({ kind: 'all' }))]);
  const unmatched = new Set(await sides.source.search({ kind: 'all' }));
  let identical = 0;
  await matchSource(sides, ascending(unmatched), index, ({ uid }) => {
    if (unmatched.delete(uid)) identical += 1;
  });
  const { missing, movedByUser, aside } = await explain(sides, ascending(unmatched), ledger, source);
  const doubled = index.leftBesideSeen().filter(writtenByUs(ledger, destination));
  return {
    ok: true,
    messages: identical + missing.length + movedByUser + aside,
    identical,
    missing: missing.length,
    doubled: doubled.length,
    movedByUser,
    missingUids: missing.slice(0, MOST_NAMED),
    doubledUids: doubled.slice(0, MOST_NAMED),
  };
}

interface Explained {
  readonly missing: readonly number[];
  readonly movedByUser: number;
  readonly aside: number;
}

/** Messages that disappeared from the source while it was compared are nobody's loss. */
async function explain(sides: Sides, uids: readonly number[], ledger: Ledger, source: OpenFolder): Promise<Explained> {
  const missing: number[] = [];
  let movedByUser = 0;
  let aside = 0;
  const isTold = ledger.head.sourceValidity === source.uidValidity;
  if (uids.length === 0) return { missing, movedByUser, aside };
  for await (const { uid } of sides.source.fetchFlags(uids)) {
    if (isTold && ledger.has(uid)) movedByUser += 1;
    else if (isTold && ledger.isAside(uid)) aside += 1;
    else missing.push(uid);
  }
  return { missing: ascending(missing), movedByUser, aside };
}

/** Whether a destination UID is one that this move made, as far as the ledger can tell. */
function writtenByUs(ledger: Ledger, destination: OpenFolder): (uid: number) => boolean {
  const { writtenFrom, writtenBelow, destinationValidity } = ledger.head;
  if (destinationValidity !== destination.uidValidity) return () => false;
  const counterparts = new Set(ledger.knownCounterparts(1));
  return (uid) => (uid >= writtenFrom && uid < writtenBelow) || counterparts.has(uid);
}

function ascending(uids: Iterable<number>): readonly number[] {
  return [...uids].toSorted((a, b) => a - b);
}
