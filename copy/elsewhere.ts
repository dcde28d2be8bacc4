import type { FolderRole } from '../model/folders.ts';
import type { IdentityRow } from '../imap/types.ts';
import { batches } from './batches.ts';
import { digestKey, type Identity } from './identity.ts';
import { opened } from './open-folders.ts';
import type { SourceSession } from './sides.ts';
import { identityOf, throwIfInterrupted, type Sides, type Work } from './work.ts';

/** A source message that may be in another folder of the destination than the one it belongs to. */
export interface Wanted {
  readonly row: IdentityRow;
  readonly identity: Identity;
}

/** Folders that show messages of other folders once more (RFC 6154 section 2). */
const VIEWS: ReadonlySet<FolderRole | undefined> = new Set(['all', 'flagged', 'important']);
/** Beyond so many, reading a folder's headers is cheaper than searching it again and again. */
const MOST_SEARCHES = 50;
const PER_FETCH = 1_000;
const SEARCHABLE = /^[\x21-\x7e]{1,500}$/;

/**
 * Which of these messages their user has moved to another folder of the destination. Since equal messages may lie in
 * several folders of the source, one counts as moved only when the whole destination holds as many equal ones as the whole
 * source does; otherwise nobody can tell, and it is better copied again than lost. Both sessions are left with the folders of
 * this copy opened.
 */
export async function foundElsewhere(work: Work, wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
  if (wanted.length === 0) return [];
  const there = await countEverywhere(work, work.destination, wanted);
  work.folder = await work.destination.select(work.task.folder.destination);
  const candidates = wanted.filter(({ identity }) => (there.get(digestKey(identity.exact)) ?? 0) > 0);
  if (candidates.length === 0) return [];
  const here = await countEverywhere(work, work.source, candidates);
  await work.source.examine(work.task.folder.source);
  // A folder that shows messages of others once more is not counted among all folders.
  const isCounted = work.task.folder.exceptIn === undefined;
  const spare = new Map<string, number>();
  for (const { identity } of candidates) {
    const key = digestKey(identity.exact);
    const asked = candidates.filter((other) => digestKey(other.identity.exact) === key).length;
    const elsewhere = (here.get(key) ?? 0) - (isCounted ? asked : 0);
    spare.set(key, (there.get(key) ?? 0) - Math.max(0, elsewhere));
  }
  return candidates.filter(({ identity }) => {
    const key = digestKey(identity.exact);
    const left = spare.get(key) ?? 0;
    spare.set(key, left - 1);
    return left > 0;
  });
}

/** How many messages of each wanted identity a mailbox holds in all its folders; leaves one of them open. */
export async function countEverywhere(
  sides: Sides,
  session: SourceSession,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const keys = new Set(wanted.map(({ identity }) => digestKey(identity.exact)));
  for (const folder of await session.list()) {
    throwIfInterrupted(sides);
    if (!folder.selectable || VIEWS.has(folder.role) || !(await opened(() => session.examine(folder.name), session)))
      continue;
    for await (const row of candidatesIn(session, wanted)) {
      const key = digestKey(identityOf(sides, row).exact);
      if (keys.has(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

/** Messages of the opened folder among which all wanted ones are. */
async function* candidatesIn(session: SourceSession, wanted: readonly Wanted[]): AsyncGenerator<IdentityRow> {
  const ids = new Set(wanted.map(({ identity }) => identity.messageId ?? ''));
  const searchable = ids.size <= MOST_SEARCHES && [...ids].every((id) => SEARCHABLE.test(id));
  const uids = new Set<number>();
  if (!searchable) for (const uid of await session.search({ kind: 'all' })) uids.add(uid);
  else {
    for (const text of ids) for (const uid of await session.search({ kind: 'message-id', text })) uids.add(uid);
  }
  for (const batch of batches([...uids], PER_FETCH)) yield* session.fetchIdentities(batch);
}
