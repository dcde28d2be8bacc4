/** Promises 1 to 4 on the whole road: two real servers that differ in all that they may, every stage of the saga. */
import { expect, test } from 'vitest';
import { cutover, finish } from '../../workflows/messages.ts';
import { generateNewMail } from '../support/corpus.ts';
import { ImapConnection } from '../support/imap-client.ts';
import type { ReadMailbox, ReadMessage, SeedFolder } from '../support/imap-client.ts';
import { expectArrived } from '../support/road-arrival.ts';
import { UNHURRIED } from '../support/projects.ts';
import { ANNA, BERT, mailboxOf } from '../support/road-mail.ts';
import { until } from '../support/until.ts';
import { openRoad, type Road } from '../support/whole-road.ts';

const DAY = 86_400_000;
const PRESTAGE_DAYS = 90;
/** Servers search by days, each by those of a zone of its own (RFC 3501 section 6.4.4). */
const DAYS_MAY_DIFFER = 14 * 3_600_000;
const CARLA = 'carla@example.org';
const DAVID = 'dávid@example.org';
const EMPTY = 'empty@example.org';

const SIZES: Readonly<Record<string, number>> = { [ANNA]: 150, [BERT]: 60, [CARLA]: 60, [DAVID]: 30, [EMPTY]: 0 };
const USERS = Object.keys(SIZES);

/** On the source, new mail is in another folder than at the destination, where it is known by its role alone. */
function renamed(folders: readonly SeedFolder[]): readonly SeedFolder[] {
  return folders.map((folder) => (folder.path === 'Sent' ? { ...folder, path: 'Sent Messages' } : folder));
}

function counterpart(path: string): string {
  return path === 'Sent Messages' ? 'Sent' : path;
}

function seeds(user: string, at: number): readonly SeedFolder[] {
  const folders = mailboxOf(at + 1, SIZES[user] ?? 0);
  return user === CARLA ? renamed(folders) : folders;
}

function openWholeRoad(): Promise<Road> {
  return openRoad({
    mailboxes: USERS.map((user, at) => ({
      user,
      source: user === EMPTY ? [] : seeds(user, at),
      ...(user === CARLA && { destination: [{ path: 'Sent', specialUse: '\\Sent', messages: [] }] }),
    })),
    source: { format: 'maildir', prefix: 'INBOX.', delimiter: '.', tls: 'starttls' },
    destination: { format: 'mdbox', delimiter: '/', tls: 'implicit' },
    settings: { prestageOlderThanDays: PRESTAGE_DAYS },
    timing: { ...UNHURRIED, tailInterval: 1_000, tailQuiet: DAY },
  });
}

function messagesIn({ folders }: ReadMailbox): readonly ReadMessage[] {
  return folders.flatMap(({ messages }) => messages);
}

/** Whether a pre-stage that began now or soon brings a message: undefined for those of the day on which old mail ends. */
function oldFrom(startedAt: number): (message: ReadMessage) => boolean | undefined {
  const lastDay = Math.floor((startedAt - PRESTAGE_DAYS * DAY) / DAY) * DAY;
  return ({ instant }) => {
    if (instant < lastDay - DAYS_MAY_DIFFER) return true;
    return instant < lastDay + 2 * DAY + DAYS_MAY_DIFFER ? undefined : false;
  };
}

async function sources(road: Road): Promise<readonly ReadMailbox[]> {
  return Promise.all(USERS.map(road.source.read));
}

/** What users do on the old side while the project runs. */
async function liveOn(road: Road, seed: number): Promise<void> {
  const messages = generateNewMail(seed, { messages: 5, now: new Date() });
  await road.source.deliver(ANNA, [{ path: 'INBOX', messages }]);
  const connection = await ImapConnection.open(road.source.access(BERT));
  await connection.command('SELECT INBOX');
  await connection.command(`STORE ${seed} FLAGS (\\Flagged \\Answered $Label1)`);
  await connection.logout();
}

test('a project goes through all its stages, and every message has arrived once, byte for byte', async ({
  onTestFinished,
}) => {
  const road = await openWholeRoad();
  onTestFinished(road.close);
  const before = await sources(road);
  await Promise.all([road.work(), road.work()]);
  const startedAt = Date.now();
  const handle = await road.start();

  await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  const isOld = oldFrom(startedAt);
  for (const [at, user] of USERS.entries()) {
    const old = messagesIn(before[at] ?? { folders: [] }).filter((message) => isOld(message) === true);
    const arrived = messagesIn(await road.destination.read(user)).filter((message) => isOld(message) !== undefined);
    expect(arrived.map(({ sha256 }) => sha256).toSorted()).toEqual(old.map(({ sha256 }) => sha256).toSorted());
  }
  expect(await sources(road)).toEqual(before);

  await liveOn(road, 1);
  await handle.executeUpdate(cutover, { args: [{ force: false }] });
  await road.admin.projectIs(road.name, ({ phase }) => phase === 'tail');
  await liveOn(road, 2);
  const atTheEnd = await sources(road);
  await until(
    () => road.destination.read(ANNA),
    (read) => messagesIn(read).length === 160,
  );
  await until(
    () => road.destination.read(BERT),
    ({ folders }) => folders.find(({ path }) => path === 'INBOX')?.messages.filter(flaggedByUser).length === 2,
  );
  await handle.executeUpdate(finish);
  const { phase, totals } = await road.admin.result(road.name);

  expect(phase).toBe('finished');
  const grown: Readonly<Record<string, number>> = { ...SIZES, [ANNA]: 160 };
  for (const user of USERS) await expectArrived(road, { user, messages: grown[user] ?? 0, folderMap: counterpart });
  expect(totals).toMatchObject({ phases: { done: USERS.length }, exceptions: 0 });
  expect(totals.counts).toMatchObject({ copied: 310, adopted: 0, aside: 0, missing: 0, doubled: 0 });
  expect(await sources(road)).toEqual(atTheEnd);
  await until(
    async () => (await road.source.loggedIn()) + (await road.destination.loggedIn()),
    (count) => count === 0,
  );
});

/** The flags that `liveOn` gives to one message in each round. */
function flaggedByUser({ flags }: ReadMessage): boolean {
  return flags.join(' ') === '$Label1 \\Answered \\Flagged';
}
