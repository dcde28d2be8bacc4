/** Promise 8: what is refused is waited for or told, holds up nobody else, and goes on when a person has mended it. */
import { expect, test } from 'vitest';
import { change, retry } from '../../workflows/messages.ts';
import { expectArrived } from '../support/road-arrival.ts';
import { ANNA, BERT, inboxOf } from '../support/road-mail.ts';
import { openRoad, type Road } from '../support/whole-road.ts';

const MESSAGES = 40;

function openTwo(options: Partial<Parameters<typeof openRoad>[0]> = {}): Promise<Road> {
  return openRoad({
    mailboxes: [ANNA, BERT].map((user, at) => ({ user, source: inboxOf(at + 1, MESSAGES) })),
    ...options,
  });
}

async function expectBothArrived(road: Road): Promise<void> {
  const view = await road.admin.projectIs(road.name, ({ totals }) => totals.phases.ready === 2);
  for (const user of [ANNA, BERT]) await expectArrived(road, { user, messages: MESSAGES });
  expect(view.totals.exceptions).toBe(0);
}

test('access that is refused until permissions have spread is waited for, and nobody has to do anything', async ({
  onTestFinished,
}) => {
  const road = await openTwo({ timing: { accessBackoff: [300] } });
  onTestFinished(road.close);
  await road.destination.dovecot.removeUser(BERT);
  await road.work();
  await road.start();
  // While it logs in once more it is still refused, and says that it logs in.
  const waiting = await road.admin.mailboxIs(road.name, BERT, ({ now }) => now.startsWith('access refused'));
  expect(waiting).toMatchObject({ phase: 'refused', problem: { code: 'access.password' } });
  await road.admin.mailboxIs(road.name, ANNA, ({ phase }) => phase === 'ready');
  await road.destination.dovecot.addUser({ name: BERT, password: road.destination.password(BERT) });
  await expectBothArrived(road);
});

test('a wrong password needs attention after the grace time, and a changed row takes the mailbox up again', async ({
  onTestFinished,
}) => {
  const road = await openTwo({ timing: { accessBackoff: [200], accessGrace: 800 } });
  onTestFinished(road.close);
  await road.work();
  const handle = await road.start([road.row(ANNA), road.row(BERT, { source: 'not the password' })]);
  const stuck = await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  expect(stuck.totals.phases).toEqual({ ready: 1, attention: 1 });
  const bert = await road.admin.mailboxIs(road.name, BERT, () => true);
  expect(bert.problem).toMatchObject({ code: 'access.password' });
  expect(JSON.stringify(bert)).not.toContain('not the password');
  await handle.executeUpdate(change, { args: [{ shards: [{ index: 0, rows: [road.row(BERT)] }] }] });
  await expectBothArrived(road);
});

test('a destination over its quota needs attention alone; with more quota `retry` completes it', async ({
  onTestFinished,
}) => {
  const road = await openTwo({ destination: { quotaBytes: 100_000_000 } });
  onTestFinished(road.close);
  const bert = { name: BERT, password: road.destination.password(BERT) };
  await road.destination.dovecot.addUser({ ...bert, quotaBytes: 60_000 });
  await road.work();
  const handle = await road.start();
  const full = await road.admin.mailboxIs(road.name, BERT, ({ phase }) => phase === 'attention');
  expect(full.problem).toMatchObject({ code: 'destination.quota' });
  const stuck = await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  expect(stuck.totals.phases).toEqual({ ready: 1, attention: 1 });
  expect((await road.compare(BERT)).doubled).toEqual([]);
  await road.destination.dovecot.addUser({ ...bert, quotaBytes: 100_000_000 });
  expect(await handle.executeUpdate(retry, { args: [{ failedOnly: true }] })).toBe(1);
  await expectBothArrived(road);
});
