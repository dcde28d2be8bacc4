import { afterEach, expect, test } from 'vitest';
import type { CopyFolderInput, SurveyedFolder, VerifyFolderInput } from '../../model/activities.ts';
import { cutover, finish } from '../../workflows/messages.ts';
import { mailboxRow, projectSettings, UNHURRIED } from '../support/projects.ts';
import { startSagaBench, type SagaBench } from '../support/saga.ts';
import { copied, INBOX, scriptedActivities } from '../support/scripted-activities.ts';

const DAY = 86_400_000;

let bench: SagaBench;
afterEach(() => bench.stop());

function folder(source: string, destination: string, exceptIn?: readonly string[]): SurveyedFolder {
  const names = { source, sourcePath: source, destination, destinationPath: destination };
  return { ...INBOX, ...names, ...(exceptIn !== undefined && { exceptIn }) };
}

const FOLDERS = [
  INBOX,
  folder('One', 'Both'),
  folder('Two', 'Both'),
  folder('Three', 'Both'),
  folder('All Mail', 'Archive', ['INBOX', 'One', 'Two', 'Three']),
];

test('folders that share a destination are copied in turn, each knowing the others, and those that repeat others last', async () => {
  const asked: CopyFolderInput[] = [];
  const verified: VerifyFolderInput[] = [];
  const running = new Set<string>();
  const together: string[] = [];
  const activities = scriptedActivities({
    surveyMailbox: async () => ({ ok: true, folders: FOLDERS, leftOut: [], notes: [] }),
    copyFolder: async (input) => {
      asked.push(input);
      const { source, destination } = input.folder;
      for (const other of running) together.push(`${other}+${destination}`);
      running.add(destination);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running.delete(destination);
      return copied(input.ledger === undefined ? 3 : 0, { handled: 3, ledger: `ledger of ${source}` });
    },
    verifyFolder: async (input) => {
      verified.push(input);
      const messages = 3 * (1 + (input.beside?.length ?? 0));
      const none = { missing: 0, doubled: 0, movedByUser: 0, missingUids: [], doubledUids: [] };
      return { ok: true, messages, identical: messages, ...none };
    },
  });
  bench = await startSagaBench(activities, 'saga-folders');
  // The tail lasts until `finish`: a project that ended by itself would take no more wishes.
  const settings = projectSettings('saga-folders', {
    prestageOlderThanDays: 0,
    timing: { ...UNHURRIED, tailQuiet: DAY },
  });
  const handle = await bench.start(settings, [mailboxRow('anna@example.org')]);
  await bench.projectIs(settings.name, ({ phase }) => phase === 'ready');
  expect(together).not.toContain('Both+Both');
  expect(together.filter((pair) => pair.includes('Archive'))).toEqual([]);
  expect(asked.at(-1)?.folder).toMatchObject({ source: 'All Mail', exceptIn: ['INBOX', 'One', 'Two', 'Three'] });
  expect(asked.at(-1)?.shown?.map(({ source, destination }) => [source, destination])).toEqual([
    ['INBOX', 'INBOX'],
    ['One', 'Both'],
    ['Two', 'Both'],
    ['Three', 'Both'],
  ]);
  const besides = asked.map(({ folder: { source }, beside }) => [source, beside?.map((other) => other.ledger)]);
  expect(besides).toContainEqual(['Three', ['ledger of One', 'ledger of Two']]);
  const view = await bench.mailboxIs(settings.name, 'anna@example.org', () => true);
  expect(view.counts.messages).toBe(12);
  await handle.executeUpdate(cutover, { args: [{ force: false }] });
  await handle.executeUpdate(finish);
  const { totals } = await bench.result(settings.name);
  expect(totals.exceptions).toBe(0);
  expect(verified.map((input) => [input.folder.source, input.beside?.map((other) => other.folder.source)])).toEqual([
    ['INBOX', undefined],
    ['One', ['Two', 'Three']],
    ['All Mail', undefined],
  ]);
});

test('a folder whose name was refused keeps the one that it was given, pass after pass', async () => {
  const activities = scriptedActivities({
    surveyMailbox: async () => ({
      ok: true,
      folders: [INBOX, folder('Conflicts', 'Conflicts')],
      leftOut: [],
      notes: [],
    }),
    createFolders: async ({ folders }) => ({
      created: folders.length,
      refused: [],
      substitutes: folders
        .filter(({ source }) => source === 'Conflicts')
        .map(({ source }) => ({ source, destination: 'Conflicts_', destinationPath: 'Conflicts_' })),
    }),
  });
  bench = await startSagaBench(activities, 'saga-substitutes');
  const settings = projectSettings('saga-substitutes', { prestageOlderThanDays: 0, timing: UNHURRIED });
  const handle = await bench.start(settings, [mailboxRow('anna@example.org')]);
  await bench.projectIs(settings.name, ({ phase }) => phase === 'ready');
  await handle.executeUpdate(cutover, { args: [{ force: false }] });
  const view = await bench.mailboxIs(settings.name, 'anna@example.org', ({ passes }) => passes.length >= 2);
  expect(view.folders.map(({ destination }) => destination)).toEqual(['INBOX', 'Conflicts_']);
  expect(view.notes).toEqual({ 'destination.folder-renamed': 1 });
  expect(activities.calls.filter((call) => call.startsWith('createFolders'))).toHaveLength(1);
});
