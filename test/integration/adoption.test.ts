/** Promises 2 and 4: mail that is already there is recognised, and what users did at the destination stays. */
import { expect, test } from 'vitest';
import { cutover } from '../../workflows/messages.ts';
import { ImapConnection } from '../support/imap-client.ts';
import type { ImapAccess, ReadMailbox } from '../support/imap-client.ts';
import { expectArrived } from '../support/road-arrival.ts';
import { ANNA, mailboxOf } from '../support/road-mail.ts';
import { openRoad, type Road } from '../support/whole-road.ts';

const MESSAGES = 120;

function again(road: Road): Road['settings'] {
  return { ...road.settings, name: `${road.name}-again` };
}

async function runAgain(road: Road): Promise<void> {
  const settings = again(road);
  await road.start([road.row(ANNA, {}, settings)], settings);
  await road.admin.projectIs(settings.name, ({ phase }) => phase === 'ready');
}

test('a destination that holds part of the mail gets the rest, and a second project over it copies nothing', async ({
  onTestFinished,
}) => {
  const mail = mailboxOf(1, MESSAGES);
  const third = mail.map((folder) => ({ ...folder, messages: folder.messages.filter((_, at) => at % 3 === 0) }));
  const there = third.reduce((sum, { messages }) => sum + messages.length, 0);
  const road = await openRoad({ mailboxes: [{ user: ANNA, source: mail, destination: third }] });
  onTestFinished(road.close);
  await road.work();
  await road.start();
  const { totals } = await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  const after = await road.destination.read(ANNA);
  await expectArrived(road, { user: ANNA, messages: MESSAGES });
  expect(totals.counts).toMatchObject({ adopted: there, copied: MESSAGES - there });

  await runAgain(road);
  const second = await road.admin.projectIs(again(road).name, () => true);
  expect(second.totals.counts).toMatchObject({ adopted: MESSAGES, copied: 0, bytes: 0 });
  expect(await road.destination.read(ANNA)).toEqual(after);
});

test('what a user moved, deleted and flagged at the destination stays as it is through all later passes', async ({
  onTestFinished,
}) => {
  const road = await openRoad({ mailboxes: [{ user: ANNA, source: mailboxOf(2, MESSAGES) }] });
  onTestFinished(road.close);
  await road.work();
  const handle = await road.start();
  await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  await tidyUp(road.destination.access(ANNA));
  const tidied = await road.destination.read(ANNA);
  await handle.executeUpdate(cutover, { args: [{ force: false }] });
  const { totals } = await road.admin.result(road.name);
  expect(totals).toMatchObject({ exceptions: 0, phases: { done: 1 }, counts: { copied: MESSAGES, missing: 0 } });
  expect(contents(await road.destination.read(ANNA))).toEqual(contents(tidied));
});

/** What users do all day. */
async function tidyUp(access: ImapAccess): Promise<void> {
  const connection = await ImapConnection.open(access);
  await connection.command('SELECT INBOX');
  await connection.command('MOVE 1:3 Archive');
  await connection.command('STORE 1 +FLAGS (\\Deleted)');
  await connection.command('EXPUNGE');
  await connection.command('STORE 1 FLAGS (\\Flagged mine)');
  await connection.logout();
}

function contents({ folders }: ReadMailbox): object {
  return folders.map(({ path, messages }) => ({
    path,
    messages: messages.map(({ uid, sha256, flags }) => ({ uid, sha256, flags })),
  }));
}
