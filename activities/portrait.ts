import { createHash } from 'node:crypto';
import { isImapRefusal } from '../imap/refusal.ts';
import type { FolderStatus, IdentityRow, ImapSession } from '../imap/types.ts';
import { refusal } from '../model/refusals.ts';

/** What a mailbox looks like, as far as it takes to tell it from another one. */
export interface Portrait {
  readonly inbox: FolderStatus;
  /** Some messages of INBOX by UID; what identifies them is digested. */
  readonly samples: ReadonlyMap<number, string>;
  /** UIDVALIDITY by folder, of as many as tell enough. */
  readonly folders: ReadonlyMap<string, number>;
}

/**
 * `other`: certainly two mailboxes; `same`: certainly one; `alike`: nothing in them tells, as when both are empty.
 */
export type Likeness = 'other' | 'same' | 'alike';

/** RFC 3501 section 5.1: every mailbox has it. */
const INBOX = 'INBOX';
const SAMPLES = 20;
const FOLDERS = 20;
/** So many messages with the same UID, headers, size and date are in no two mailboxes; a few may be, sent to a whole company. */
const CERTAIN = 10;
/** Far more messages than come between two looks. */
const MANY = 10_000;

/** Looks at a mailbox without changing it. `uids`: the messages to look at; otherwise INBOX's first and last. */
export async function portraitOf(session: ImapSession, uids?: readonly number[]): Promise<Portrait> {
  const inbox = await session.status(INBOX);
  await session.examine(INBOX);
  const wanted = uids ?? sampled(await session.search({ kind: 'all' }));
  const samples = new Map<number, string>();
  if (wanted.length > 0) {
    for await (const row of session.fetchIdentities(wanted)) samples.set(row.uid, digest(row));
  }
  return { inbox, samples, folders: await validitiesOf(session) };
}

/** `uids` ascend. */
function sampled(uids: Uint32Array): readonly number[] {
  if (uids.length <= SAMPLES) return [...uids];
  return [...uids.subarray(0, SAMPLES / 2), ...uids.subarray(-SAMPLES / 2)];
}

function digest({ internalDate, size, headers }: IdentityRow): string {
  return createHash('sha256').update(`${internalDate}\n${size}\n`).update(headers).digest('base64');
}

async function validitiesOf(session: ImapSession): Promise<ReadonlyMap<string, number>> {
  const listed = (await session.list()).filter(({ selectable }) => selectable).map(({ name }) => name);
  const folders = new Map<string, number>();
  for (const name of listed.toSorted().slice(0, FOLDERS)) folders.set(name, await validityOf(session, name));
  return folders;
}

/** Zero, which no folder has (RFC 3501 section 9, nz-number), for one that does not say. */
async function validityOf(session: ImapSession, name: string): Promise<number> {
  try {
    return (await session.status(name)).uidValidity;
  } catch (error) {
    if (isImapRefusal(error) && refusal(error.problem.code).scope === 'folder') return 0;
    throw error;
  }
}

/** Whether two states of INBOX, seen within a few minutes in whichever order, can be of one mailbox (RFC 3501 section 2.3.1.1). */
export function mayBeOne(one: FolderStatus, other: FolderStatus): boolean {
  return one.uidValidity === other.uidValidity && Math.abs(one.uidNext - other.uidNext) < MANY;
}

/** Compares two portraits, the second of which was taken at most a minute later, of the first one's messages. */
export function likenessOf(before: Portrait, after: Portrait): Likeness {
  if (!mayBeOne(before.inbox, after.inbox)) return 'other';
  const both = [...before.samples].filter(([uid]) => after.samples.has(uid));
  if (both.some(([uid, digested]) => after.samples.get(uid) !== digested)) return 'other';
  if (both.length >= CERTAIN) return 'same';
  // A few messages may have been moved away in the meantime; so many are not.
  if (both.length === 0 && before.samples.size >= CERTAIN) return 'other';
  return haveTheSameFolders(before.folders, after.folders) ? 'alike' : 'other';
}

function haveTheSameFolders(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): boolean {
  return before.size === after.size && [...before].every(([name, validity]) => after.get(name) === validity);
}
