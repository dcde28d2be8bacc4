/** What users move and rename on the old side between two passes, through the whole saga and between real servers. */
import { expect, test } from 'vitest';
import type { SeedFolder } from '../support/imap-client.ts';
import { cutover, finish } from '../../workflows/messages.ts';
import { mail } from '../support/memory-server.ts';
import { UNHURRIED } from '../support/projects.ts';
import { expectArrived, toldBy } from '../support/road-arrival.ts';
import { ANNA } from '../support/road-mail.ts';
import { openRoad, type Road } from '../support/whole-road.ts';

const DAY = 86_400_000;
const DATE = '17-Jul-2020 02:44:25 +0200';

function folder(path: string, ...subjects: readonly string[]): SeedFolder {
  return { path, messages: subjects.map((subject) => ({ raw: Buffer.from(mail(subject)), date: DATE, flags: [] })) };
}

const SEED = [
  folder('INBOX', 'one', 'two', 'three', 'twin', 'twin'),
  folder('Work', 'four', 'five'),
  folder('Projects', 'six', 'seven', 'eight'),
];

/** Subjects by folder at the destination; folders without messages are left out. */
async function subjectsAt(road: Road): Promise<Readonly<Record<string, readonly string[]>>> {
  const told = await road.destination.dovecot.doveadm(['-f', 'tab', 'fetch', '-u', ANNA, 'mailbox hdr.subject', 'all']);
  const held: Record<string, readonly string[]> = {};
  for (const line of told.trim().split('\n').slice(1)) {
    const [path = '', subject = ''] = line.split('\t');
    held[path] = [...(held[path] ?? []), subject].toSorted();
  }
  return held;
}

async function live(road: Road): Promise<void> {
  const user = (command: readonly string[], ...rest: readonly string[]): Promise<string> =>
    road.source.dovecot.doveadm([...command, '-u', ANNA, ...rest]);
  await user(['move'], 'Work', 'mailbox', 'INBOX', 'subject', 'two');
  await user(['move'], 'Work', 'mailbox', 'INBOX', 'uid', '5');
  await user(['mailbox', 'rename'], 'Projects', 'Done');
  await user(['mailbox', 'create'], 'Later');
  await user(['move'], 'Later', 'mailbox', 'Done', 'subject', 'seven');
  await road.source.deliver(ANNA, [folder('INBOX', 'new')]);
}

test('what was moved and renamed after pre-stage is there once, where it is now, and was moved rather than copied', async ({
  onTestFinished,
}) => {
  const road = await openRoad({
    mailboxes: [{ user: ANNA, source: SEED }],
    source: { format: 'mdbox' },
    destination: { format: 'maildir' },
    timing: { ...UNHURRIED, tailInterval: 1_000, tailQuiet: DAY },
  });
  onTestFinished(road.close);
  await road.work();
  const handle = await road.start();
  await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  expect(await subjectsAt(road)).toEqual({
    INBOX: ['one', 'three', 'twin', 'twin', 'two'],
    Work: ['five', 'four'],
    Projects: ['eight', 'seven', 'six'],
  });
  await live(road);
  await handle.executeUpdate(cutover, { args: [{ force: false }] });
  const final = await road.admin.mailboxIs(road.name, ANNA, ({ passes }) =>
    passes.some(({ kind }) => kind === 'final'),
  );
  expect(await subjectsAt(road), toldBy(final)).toEqual({
    INBOX: ['new', 'one', 'three', 'twin'],
    Work: ['five', 'four', 'twin', 'two'],
    Done: ['eight', 'six'],
    Later: ['seven'],
  });
  await handle.executeUpdate(finish);
  const { totals } = await road.admin.result(road.name);
  await expectArrived(road, { user: ANNA, messages: 11 });
  expect(totals).toMatchObject({ phases: { done: 1 }, exceptions: 0 });
  expect(totals.counts).toMatchObject({ copied: 11, adopted: 0, aside: 0, missing: 0, doubled: 0 });
});
