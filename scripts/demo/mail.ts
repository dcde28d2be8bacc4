import type { User } from '../../sandbox/store/user.ts';
import { generateMailbox, generateNewMail, type CorpusFolder, type CorpusMailbox } from '../../test/support/corpus.ts';
import { ImapConnection, quoted, seedMailbox, type ImapAccess } from '../../test/support/imap-client.ts';
import { encodeMailboxName, serverPathOf } from '../../test/support/mailbox-names.ts';
import { ExpectedMailbox, type FindableMessage } from './mailbox.ts';
import type { Person } from './people.ts';
import type { MailServer, MailServers } from './servers.ts';

/** One mailbox on both sides: how its owner gets in, and what has to be there. */
export interface OwnMail {
  readonly person: Person;
  readonly source: ImapAccess;
  readonly destination: ImapAccess;
  /** What the old side keeps of it. */
  readonly store: User;
  /** What has to be on the source, which nobody but its user changes. */
  readonly atSource: ExpectedMailbox;
  /** What has to be at the destination in the end. */
  readonly atDestination: ExpectedMailbox;
}

/** In which language the old side's mailboxes were opened first; it names their folders. */
export const SOURCE_LANGUAGE = 'de';

const SOURCE_PATHS: ReadonlyMap<string, string> = new Map([
  ['Archive', 'Archiv'],
  ['Drafts', 'Entwürfe'],
  ['Junk', 'Junk-E-Mail'],
  ['Sent', 'Gesendete Elemente'],
  ['Trash', 'Gelöschte Elemente'],
]);

const ADOPTED_FOLDER = 'Archive';

/** What everybody has; of the other folders everybody has three, and the first person all. */
const COMMON_PATHS: ReadonlySet<string> = new Set(['INBOX', 'Sent', 'Trash', 'Archive']);
const OTHER_FOLDERS = 3;

const DAY_MS = 86_400_000;
/** Older than this is copied before the cutover. */
export const PRESTAGE_DAYS = 90;

/** What a folder of the generated mail is called on the source. */
export function sourcePathOf(path: string): string {
  const [first = '', ...below] = path.split('/');
  return [SOURCE_PATHS.get(first) ?? first, ...below].join('/');
}

/** Generates everybody's mail and puts it on the source; the new side gets the folders that it gives to everybody. */
export async function deliverOldMail(
  everybody: readonly Person[],
  servers: MailServers,
  now: Date,
  signal: AbortSignal,
): Promise<OwnMail[]> {
  const mailboxes: OwnMail[] = [];
  for (const person of everybody) {
    signal.throwIfAborted();
    const { seed, messages, destinationUser, adopts } = person;
    const mailbox = withSomeFolders(generateMailbox(seed, { messages, now, to: destinationUser }), seed);
    const own = ownMail(person, servers, mailbox);
    await Promise.all([
      seedMailbox(own.source, { folders: mailbox.folders.map(asOnTheSource) }),
      seedMailbox(own.destination, { folders: providedFolders(mailbox, adopts) }),
    ]);
    mailboxes.push(own);
  }
  return mailboxes;
}

/** The same messages in fewer folders: those of the others are in the INBOX. */
function withSomeFolders({ folders }: CorpusMailbox, seed: number): CorpusMailbox {
  const others = folders.filter(({ path }) => !COMMON_PATHS.has(path));
  const first = (seed - 1) * OTHER_FOLDERS;
  const chosen = new Set(Array.from({ length: OTHER_FOLDERS }, (_, at) => others[(first + at) % others.length]));
  const kept = folders.filter((folder) => seed === 1 || COMMON_PATHS.has(folder.path) || chosen.has(folder));
  const rest = folders.filter((folder) => !kept.includes(folder)).flatMap(({ messages }) => messages);
  return {
    folders: kept.map((folder) =>
      folder.path === 'INBOX' ? { path: folder.path, messages: [...folder.messages, ...rest] } : folder,
    ),
  };
}

function ownMail(person: Person, servers: MailServers, mailbox: CorpusMailbox): OwnMail {
  return {
    person,
    source: accessTo(servers.source.door, person.sourceUser, person.sourcePassword),
    destination: accessTo(servers.destination, person.destinationUser, person.destinationPassword),
    store: servers.source.tenant.imap.store.user(person.sourceUser),
    atSource: new ExpectedMailbox(mailbox, sourcePathOf),
    atDestination: new ExpectedMailbox(mailbox, (path) => path),
  };
}

function accessTo({ host, port }: MailServer, user: string, password: string): ImapAccess {
  return { host, port, user, password, tls: 'tls' };
}

function asOnTheSource({ path, messages }: CorpusFolder): CorpusFolder {
  return { path: sourcePathOf(path), messages };
}

/** A new mailbox has the folders that programs expect; the generated ones are named like them. */
function providedFolders({ folders }: CorpusMailbox, adopts: boolean): readonly CorpusFolder[] {
  const provided = ['Archive', 'Drafts', 'Junk', 'Sent', 'Trash'].map((path) => ({ path, messages: [] }));
  return adopts ? [...provided, ...folders.filter(({ path }) => path === ADOPTED_FOLDER)] : provided;
}

/**
 * New mail for somebody whose mail still goes to the old side. All of it is there when this returns, so a pass that has not begun
 * finds it. Gives how many messages.
 */
export function receiveAtSource(own: OwnMail, round: number, messages: number, now: Date): number {
  const seed = round * 1_000 + own.person.seed;
  const mail = generateNewMail(seed, { messages, now, to: own.person.sourceUser });
  for (const { raw, date, flags } of mail) own.store.addMessage('INBOX', { body: raw, internalDate: date, flags });
  own.atSource.arrive('INBOX', mail);
  own.atDestination.arrive('INBOX', mail);
  return messages;
}

/** The user reads one message of the INBOX again on the old side, and flags it: both sides have to know. */
export async function flagAtSource(own: OwnMail, now: Date): Promise<void> {
  const [message] = findable(own, now);
  if (message === undefined) return;
  await withFolder(own.source, 'INBOX', async (connection) => {
    await connection.command(`UID STORE ${await uidOf(connection, message)} +FLAGS (\\Flagged)`);
  });
  for (const mailbox of [own.atSource, own.atDestination]) mailbox.flag('INBOX', message, '\\Flagged', true);
}

/** The user works at the new side already: moves one message, deletes one and gives one a keyword. */
export async function workAtDestination(own: OwnMail, now: Date): Promise<void> {
  const [, moved, deleted, labelled] = findable(own, now);
  if (moved === undefined || deleted === undefined || labelled === undefined) {
    throw new Error(`the generated mailbox of ${own.person.destinationUser} has too few messages of its own in INBOX`);
  }
  await withFolder(own.destination, 'INBOX', async (connection) => {
    await connection.command(`UID MOVE ${await uidOf(connection, moved)} "Archive"`);
    await connection.command(`UID STORE ${await uidOf(connection, labelled)} +FLAGS (to-do)`);
    const uid = await uidOf(connection, deleted);
    await connection.command(`UID STORE ${uid} +FLAGS (\\Deleted)`);
    await connection.command(`UID EXPUNGE ${uid}`);
  });
  own.atDestination.move('INBOX', moved, 'Archive');
  own.atDestination.flag('INBOX', labelled, 'to-do', true);
  own.atDestination.remove('INBOX', deleted);
}

/** A day more than the pre-stage age, whose boundary moves on while the demonstration runs. */
function findable({ atSource }: OwnMail, now: Date): readonly FindableMessage[] {
  return atSource.findable('INBOX', new Date(now.getTime() - (PRESTAGE_DAYS + 1) * DAY_MS));
}

async function withFolder(
  access: ImapAccess,
  path: string,
  work: (connection: ImapConnection) => Promise<void>,
): Promise<void> {
  const connection = await ImapConnection.open(access);
  try {
    const name = encodeMailboxName(serverPathOf(path, await connection.naming()));
    await connection.command(`SELECT ${quoted(name)}`);
    await work(connection);
    await connection.logout();
  } finally {
    connection.close();
  }
}

/** The message's UID there; rejects when it is not there exactly once. */
async function uidOf(connection: ImapConnection, { messageId }: FindableMessage): Promise<number> {
  const responses = await connection.command(`UID SEARCH HEADER Message-ID "${messageId}"`);
  const uids = responses.flatMap(({ text }) => /^SEARCH( [\d ]+)?$/i.exec(text)?.[1]?.trim().split(' ') ?? []);
  const [uid] = uids;
  if (uid === undefined || uids.length > 1) {
    throw new Error(`${uids.length} messages were found by the Message-ID ${messageId}, and not one`);
  }
  return Number(uid);
}
