import type { OpenFolder } from '../imap/types.ts';
import type { ShownFolder } from '../model/activities.ts';
import { batches } from './batches.ts';
import { digestKey, type Identity } from './identity.ts';
import { IdentityIndex } from './identity-index.ts';
import { opened } from './open-folders.ts';
import type { Listing } from './plan.ts';
import type { SourceSession } from './sides.ts';
import { identityOf, throwIfInterrupted, type Work } from './work.ts';

const PER_FETCH = 1_000;

/**
 * Of a source folder that shows messages of others once more, the listing without what was in one of those others when that
 * was copied, and has left it since: archived while the pass runs. It is at the destination already, where the other folder's
 * mail is; the next pass sees that it was moved, and moves our copy along. Copied now, it would be there twice.
 *
 * Where none of the others has lost anything since the survey, which a look at their numbers tells, nothing is read. Leaves
 * both sides with the folders of this copy opened.
 */
export async function withoutArchived(work: Work, listing: Listing): Promise<Listing> {
  const { ledger, task, source } = work;
  const { shown = [] } = task;
  if (shown.length === 0) return listing;
  const unhandled = listing.listed.filter((uid) => !ledger.has(uid) && !ledger.isAside(uid));
  if (unhandled.length === 0) return listing;
  const losers: ShownFolder[] = [];
  for (const folder of shown) {
    throwIfInterrupted(work);
    if (hasLost(folder, await opened(() => source.examine(folder.source), source))) losers.push(folder);
  }
  const archived = losers.length === 0 ? new Set<number>() : await archivedFrom(work, losers, unhandled);
  await source.examine(task.folder.source);
  if (archived.size === 0) return listing;
  const isLeft = (uid: number): boolean => !archived.has(uid);
  return { ...listing, all: listing.all.filter(isLeft), listed: listing.listed.filter(isLeft) };
}

/** None can have gone where there are as many more messages as UIDs were given out. */
function hasLost({ messages, uidNext, uidValidity }: ShownFolder, now: OpenFolder | undefined): boolean {
  return now?.uidValidity !== uidValidity || now.messages - messages !== now.uidNext - uidNext;
}

/** Of these messages, those of which the destination has more copies in these folders than the source has messages there. */
async function archivedFrom(
  work: Work,
  losers: readonly ShownFolder[],
  uids: Uint32Array,
): Promise<ReadonlySet<number>> {
  const { source, destination, task } = work;
  await source.examine(task.folder.source);
  const index = new IdentityIndex(uids.length);
  for (const batch of batches(uids, PER_FETCH)) {
    throwIfInterrupted(work);
    const asked = new Set(batch);
    for await (const row of source.fetchIdentities(batch)) {
      if (asked.delete(row.uid)) index.add(row.uid, identityOf(work, row));
    }
  }
  const spare: Spare = new Map();
  const places = new Set(losers.map((folder) => folder.destination));
  for (const name of places) await countAlike(work, destination, name, index, (identity) => add(spare, identity, 1));
  work.folder = await destination.select(task.folder.destination);
  if (spare.size === 0) return new Set();
  for (const { source: name } of losers)
    await countAlike(work, source, name, index, (identity) => add(spare, identity, -1));
  return new Set([...spare.values()].flatMap(({ identity, left }) => takeUpTo(index, identity, left)));
}

function takeUpTo(index: IdentityIndex, identity: Identity, most: number): readonly number[] {
  const uids: number[] = [];
  while (uids.length < most) {
    const uid = index.take(identity);
    if (uid === undefined) break;
    uids.push(uid);
  }
  return uids;
}

/** How many copies are left over, by identity. */
type Spare = Map<string, { readonly identity: Identity; readonly left: number }>;

function add(spare: Spare, identity: Identity, more: number): void {
  const key = digestKey(identity.exact);
  spare.set(key, { identity, left: (spare.get(key)?.left ?? 0) + more });
}

/** Tells the identities of the folder's messages that are in the index as well. */
async function countAlike(
  work: Work,
  session: SourceSession,
  name: string,
  index: IdentityIndex,
  onAlike: (identity: Identity) => void,
): Promise<void> {
  throwIfInterrupted(work);
  if ((await opened(() => session.examine(name), session)) === undefined) return;
  for await (const row of session.fetchIdentities('all')) {
    const identity = identityOf(work, row);
    if (index.has(identity)) onAlike(identity);
  }
}
