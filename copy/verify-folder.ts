import { AskedUids } from '../imap/asked-uids.ts';
import type { OpenFolder } from '../imap/types.ts';
import type { VerifiedFolder, VerifyFolderResult } from '../model/activities.ts';
import type { FolderPair } from '../model/folders.ts';
import { overConnections } from './header-hunt.ts';
import { HeaderReading, readingHeaders } from './header-reading.ts';
import type { IdentityIndex } from './identity-index.ts';
import { NOWHERE, type Ledger } from './ledger.ts';
import { matchSource } from './match.ts';
import { recallLedger } from './recall.ts';
import { SideRefusal } from './sides.ts';
import { indexDestination } from './strangers.ts';
import { withoutRepeats } from './repeats.ts';
import type { VerifyFolder } from './types.ts';
import { takeSides, type Sides } from './work.ts';

const MOST_NAMED = 20;

/**
 * Compares a source folder with its counterpart by what both servers hand out, as multisets of identities; what a server
 * altered in silence counts as identical, since it was named when it was copied. Source folders that share a destination
 * folder are compared with it together, so that a message of one is not taken for that of another. The ledger is asked only
 * to explain differences: what was put aside is not missing, and what was handled and is not there was moved or deleted by
 * its user. Writes nothing. Throws Interrupted when it is asked to end.
 */
export const verifyFolder: VerifyFolder = async (task, context) => {
  const { folder } = task;
  const together = [readLedger(task), ...(task.beside ?? []).map(readLedger)] as const;
  const headers = new Map(together.map((one) => [one.folder.source, one.headers]));
  const { interrupt } = context;
  let sides = sidesReading(headers, context);
  const reopen = async (): Promise<boolean> => {
    const sessions = await context.reopen?.();
    if (sessions !== undefined) sides = sidesReading(headers, { ...sessions, interrupt });
    return sessions !== undefined;
  };
  try {
    return await overConnections({ headers, interrupt, reopen }, () => compare(sides, together));
  } catch (error) {
    if (!(error instanceof SideRefusal)) throw error;
    return { ok: false, side: error.side, problem: { folder: folder.sourcePath, ...error.refusal.problem } };
  }
};

function sidesReading(headers: ReadonlyMap<string, HeaderReading>, context: Parameters<typeof takeSides>[0]): Sides {
  const sides = takeSides(context);
  return { ...sides, source: readingHeaders(sides.source, headers) };
}

/** A source folder and its ledger. */
interface Compared {
  readonly folder: FolderPair;
  readonly ledger: Ledger;
  /** How its headers are read on the source. */
  readonly headers: HeaderReading;
}

function readLedger({ folder, ledger: encoded }: VerifiedFolder): Compared {
  const { ledger } = recallLedger({ ledger: encoded });
  return { folder, ledger, headers: new HeaderReading(ledger, { retryAside: false, bodiesFollow: false }) };
}

async function compare(sides: Sides, together: readonly [Compared, ...Compared[]]): Promise<VerifyFolderResult> {
  const [{ folder }] = together;
  const destination = await sides.destination.examine(folder.destination);
  const index = await indexDestination(sides, await sides.destination.search({ kind: 'all' }));
  const sums = { identical: 0, movedByUser: 0, aside: 0, missing: new Array<number>() };
  for (const one of together) {
    const { identical, movedByUser, aside, missing } = await compareOne(sides, one, index, destination);
    sums.identical += identical;
    sums.movedByUser += movedByUser;
    sums.aside += aside;
    sums.missing.push(...missing);
  }
  const doubled = index.leftBesideSeen().filter(writtenByUs(together, destination));
  const { identical, movedByUser, aside, missing } = sums;
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

/** Takes what is found out of the index. */
async function compareOne(
  sides: Sides,
  { folder, ledger, headers }: Compared,
  index: IdentityIndex,
  destination: OpenFolder,
): Promise<Explained & { readonly identical: number }> {
  const source = await sides.source.examine(folder.source);
  const isTold = ledger.head.sourceValidity === source.uidValidity;
  const all = await sides.source.search({ kind: 'all' });
  const listed = await withoutRepeats(
    sides,
    folder,
    { has: (uid) => isTold && (ledger.has(uid) || isUnreadable(ledger, uid)) },
    { all, listed: all, completeBefore: 0 },
  );
  const unmatched = new AskedUids(listed.all);
  let identical = 0;
  await matchSource(sides, listed.all, index, ({ uid }) => {
    if (unmatched.take(uid)) identical += 1;
  });
  const isCurrent = isTold && ledger.head.destinationValidity === destination.uidValidity;
  for (const uid of isCurrent ? headers.foundUids : []) {
    // What the source does not tell is what we made of it, as long as that is there.
    if (index.takeUid(ledger.get(uid)?.counterpart ?? NOWHERE) && unmatched.take(uid)) identical += 1;
  }
  return { identical, ...(await explain(sides, unmatched.missing(), ledger, source)) };
}

/** Where the source fails at a message, it may do so at its headers. */
function isUnreadable(ledger: Ledger, uid: number): boolean {
  return ledger.asideCode(uid) === 'source.message-unreadable';
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

/** Whether a destination UID is one that this move made, as far as the ledgers can tell. */
function writtenByUs(together: readonly Compared[], destination: OpenFolder): (uid: number) => boolean {
  const told = together.filter(({ ledger }) => ledger.head.destinationValidity === destination.uidValidity);
  const counterparts = new Set(told.flatMap(({ ledger }) => [...ledger.knownCounterparts(1)]));
  const ranges = told.map(({ ledger }) => ledger.head);
  return (uid) =>
    counterparts.has(uid) || ranges.some(({ writtenFrom, writtenBelow }) => uid >= writtenFrom && uid < writtenBelow);
}

function ascending(uids: Iterable<number>): readonly number[] {
  return [...uids].toSorted((a, b) => a - b);
}
