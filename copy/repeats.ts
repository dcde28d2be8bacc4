import { AskedUids } from '../imap/asked-uids.ts';
import type { IdentityRow } from '../imap/types.ts';
import type { FolderPair } from '../model/folders.ts';
import { batches } from './batches.ts';
import { identifyStored, type Identity } from './identity.ts';
import { IdentityIndex } from './identity-index.ts';
import type { Ledger } from './ledger.ts';
import { opened } from './open-folders.ts';
import type { Listing } from './plan.ts';
import { identityOf, throwIfInterrupted, type Sides } from './work.ts';

const PER_FETCH = 1_000;

/**
 * Of a source folder that shows messages of others once more (`folder.exceptIn`), the listing without what is in those
 * others: messages that are nowhere else, and those that were handled when they were nowhere else. Equal messages count: of
 * two that are shown here and one in another folder, one stays. Where the server names messages for the whole mailbox (Gmail),
 * its names decide, so that one message with several labels is one.
 *
 * Held at one time: 34 bytes for each message of the folder that is not handled. Leaves the source with this folder opened.
 */
export async function withoutRepeats(
  sides: Pick<Sides, 'source' | 'bytesKept' | 'interrupt'>,
  { source: name, exceptIn }: FolderPair,
  ledger: Pick<Ledger, 'has'>,
  listing: Listing,
): Promise<Listing> {
  if (exceptIn === undefined) return listing;
  const unhandled = listing.all.filter((uid) => !ledger.has(uid));
  if (unhandled.length === 0) return listing;
  const untold = new AskedUids(unhandled);
  const index = await shownHere(sides, unhandled, untold);
  const { source } = sides;
  for (const other of exceptIn) {
    if (index.size === 0) break;
    throwIfInterrupted(sides);
    // What cannot be read in the other folder is read here.
    if ((await opened(() => source.examine(other), source)) === undefined) continue;
    for await (const row of source.fetchIdentities('all')) index.take(storedIdentity(sides, row));
  }
  await source.examine(name);
  // Whose headers do not come may be nowhere else.
  const left = new Set([...index.left(), ...untold.missing()]);
  const repeated = new Set(unhandled.filter((uid) => !left.has(uid)));
  const isOnlyHere = (uid: number): boolean => !repeated.has(uid);
  return { ...listing, all: listing.all.filter(isOnlyHere), listed: listing.listed.filter(isOnlyHere) };
}

async function shownHere(
  sides: Pick<Sides, 'source' | 'bytesKept' | 'interrupt'>,
  uids: Uint32Array,
  untold: AskedUids,
): Promise<IdentityIndex> {
  const index = new IdentityIndex(uids.length);
  for (const batch of batches(uids, PER_FETCH)) {
    throwIfInterrupted(sides);
    const asked = new Set(batch);
    for await (const row of sides.source.fetchIdentities(batch)) {
      if (!asked.delete(row.uid)) continue;
      untold.take(row.uid);
      index.add(row.uid, storedIdentity(sides, row));
    }
  }
  return index;
}

function storedIdentity({ bytesKept }: Pick<Sides, 'bytesKept'>, row: IdentityRow): Identity {
  return row.storedAs === undefined ? identityOf({ bytesKept }, row) : identifyStored(row.storedAs);
}
