import type { IdentityRow } from '../imap/types.ts';
import { batches, type Sliceable } from './batches.ts';
import type { FolderChange } from './folder-changes.ts';
import { IdentityIndex } from './identity-index.ts';
import { digestKey, type Identity } from './identity.ts';
import { matchSource } from './match.ts';
import { opened } from './open-folders.ts';
import type { OurCopies, OurCopy } from './our-copies.ts';
import { counterpartsIn, type Pairing, type PairingFolder } from './pairing.ts';
import { withoutRepeats } from './repeats.ts';
import { indexDestination } from './strangers.ts';
import { identityOf, throwIfInterrupted } from './work.ts';

/** A new message on the source, and our copy of the one that it was before. */
export interface Match {
  readonly copy: OurCopy;
  readonly to: PairingFolder;
  /** On the source. */
  readonly target: number;
}

/** A new message on the source of which no copy is where we put it. */
export interface Unmatched {
  readonly to: PairingFolder;
  readonly row: IdentityRow;
  readonly identity: Identity;
}

export interface Matches {
  readonly matched: readonly Match[];
  readonly unmatched: readonly Unmatched[];
}

const PER_FETCH = 1_000;
/** Of new messages without a copy, so many are remembered; more of them are no rearrangement but new mail. */
const MOST_UNMATCHED = 5_000;

/**
 * Gives new messages their copies by identity, as multisets: folders in their order, messages in the order of UIDs. Then
 * those that agree in their headers only are compared by their bodies, since servers alter some in silence.
 * `isOld`: whether a new message may have been handled before.
 */
export async function matchMoves(
  pairing: Pairing,
  changes: readonly FolderChange[],
  copies: OurCopies,
  isOld: (row: IdentityRow) => boolean,
): Promise<Matches> {
  const loose = pairing.bytesKept ? copies.looseLeft() : new Set<number>();
  const matched: Match[] = [];
  const unmatched: Unmatched[] = [];
  for (const { folder: to, arrived } of changes) {
    if (arrived.length === 0) continue;
    const found: Match[] = [];
    const identities = new Map<number, Identity>();
    for await (const { row, identity } of newMessages(pairing, to, arrived, copies)) {
      const copy = copies.take(identity);
      if (copy !== undefined && isSame(pairing, copy, to, row)) {
        found.push({ copy, to, target: row.uid });
        identities.set(row.uid, identity);
      } else if ((loose.has(identity.loose) || isOld(row)) && unmatched.length < MOST_UNMATCHED) {
        unmatched.push({ to, row, identity });
      }
    }
    for (const match of await notThereYet(pairing, to, found, identities)) matched.push(match);
  }
  const alike = await matchAltered(pairing, unmatched, copies);
  const isMatched = new Set(alike.map(({ to, target }) => `${target} ${to.at.source}`));
  return {
    matched: [...matched, ...alike],
    unmatched: unmatched.filter(({ to, row }) => isOld(row) && !isMatched.has(`${row.uid} ${to.at.source}`)),
  };
}

async function* newMessages(
  pairing: Pairing,
  { at, ledger }: PairingFolder,
  arrived: readonly number[],
  copies: OurCopies,
): AsyncGenerator<{ readonly row: IdentityRow; readonly identity: Identity }> {
  const { source } = pairing;
  if ((await opened(() => source.examine(at.source), source)) === undefined) return;
  let uids: Sliceable<number> = arrived;
  if (at.exceptIn !== undefined) {
    const found: number[] = [];
    for await (const { row, identity } of identified(pairing, arrived)) if (copies.has(identity)) found.push(row.uid);
    const known = Uint32Array.from(found);
    uids = (await withoutRepeats(pairing, at, ledger, { all: known, listed: known, completeBefore: 0 })).listed;
  }
  yield* identified(pairing, uids);
}

async function* identified(
  pairing: Pairing,
  uids: Sliceable<number>,
): AsyncGenerator<{ readonly row: IdentityRow; readonly identity: Identity }> {
  for (const batch of batches(uids, PER_FETCH)) {
    throwIfInterrupted(pairing);
    const rows: IdentityRow[] = [];
    for await (const row of pairing.source.fetchIdentities(batch)) rows.push(row);
    for (const row of rows.toSorted((a, b) => a.uid - b.uid)) yield { row, identity: identityOf(pairing, row) };
  }
}

/**
 * Revisions of a draft, and what is sent in the end, may share all headers; where sizes tell nothing, a new one is taken for
 * the old one only while it is a draft in another folder. Otherwise it is copied: better twice than not at all.
 */
function isSame({ bytesKept }: Pairing, { from, uid }: OurCopy, to: PairingFolder, { flags }: IdentityRow): boolean {
  const wasDraft = from.ledger.get(uid)?.flags.some(isDraft) ?? false;
  return bytesKept || !wasDraft || (from !== to && flags.some(isDraft));
}

function isDraft(flag: string): boolean {
  return flag.toLowerCase() === '\\draft';
}

/**
 * Leaves out what may be in its new folder at the destination already: mail that was there before, what a crashed copy
 * had sent, or what the destination's user has moved as well. Copying the folder finds it.
 */
async function notThereYet(
  pairing: Pairing,
  { at, ledger }: PairingFolder,
  found: readonly Match[],
  known: ReadonlyMap<number, Identity>,
): Promise<readonly Match[]> {
  if (found.length === 0) return found;
  const { destination } = pairing;
  const there = await opened(() => destination.examine(at.destination), destination);
  if (there === undefined) return found;
  const { settledBelow, doubtFrom, destinationValidity } = ledger.head;
  const isSettled = destinationValidity === there.uidValidity;
  const from = isSettled ? Math.min(settledBelow, doubtFrom === 0 ? settledBelow : doubtFrom) : 1;
  if (there.uidNext <= from || there.messages === 0) return found;
  const accounted = counterpartsIn(pairing, at.destination, there.uidValidity);
  const ours = new Set(found.map(({ copy }) => (copy.from.at.destination === at.destination ? copy.counterpart : 0)));
  const uids = (await destination.search({ kind: 'all' })).filter(
    (uid) => uid >= from && !accounted.has(uid) && !ours.has(uid),
  );
  const strangers = await indexDestination(pairing, uids);
  return found.filter(({ target }) => {
    const identity = known.get(target);
    return identity === undefined || strangers.take(identity) === undefined;
  });
}

async function matchAltered(
  pairing: Pairing,
  unmatched: readonly Unmatched[],
  copies: OurCopies,
): Promise<readonly Match[]> {
  const matched: Match[] = [];
  if (!pairing.bytesKept) return matched;
  const similar = copies.similar(new Set(unmatched.map(({ identity }) => identity.loose)));
  for (const [from, candidates] of similar) {
    for (const to of new Set(unmatched.map((each) => each.to))) {
      const uids = unmatched.filter((each) => each.to === to).map(({ row }) => row.uid);
      for (const match of await matchBodies(pairing, from, candidates, to, uids)) {
        if (copies.takeCopy(match.copy)) matched.push(match);
      }
    }
  }
  return firstOfEach(matched);
}

async function matchBodies(
  pairing: Pairing,
  from: PairingFolder,
  candidates: readonly OurCopy[],
  to: PairingFolder,
  uids: readonly number[],
): Promise<readonly Match[]> {
  const { source, destination } = pairing;
  const [here, there] = [
    await opened(() => source.examine(to.at.source), source),
    await opened(() => destination.examine(from.at.destination), destination),
  ];
  const byCounterpart = new Map(
    candidates.filter(({ uidValidity }) => uidValidity === there?.uidValidity).map((copy) => [copy.counterpart, copy]),
  );
  const index = here === undefined ? new IdentityIndex(0) : await indexDestination(pairing, [...byCounterpart.keys()]);
  const matched: Match[] = [];
  await matchSource(pairing, uids, index, ({ uid }, counterpart) => {
    const copy = byCounterpart.get(counterpart);
    if (copy !== undefined) matched.push({ copy, to, target: uid });
  });
  return matched;
}

/** A new message that equals altered copies of several folders has one of them. */
function firstOfEach(matched: readonly Match[]): readonly Match[] {
  const seen = new Set<string>();
  return matched.filter(({ to, target }) => {
    const key = `${target} ${to.at.source}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Of one identity, the same key. */
export function keyOf({ identity }: Pick<Unmatched, 'identity'>): string {
  return digestKey(identity.exact);
}
