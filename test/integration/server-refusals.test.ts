/** What the saga does by itself when servers refuse: the reactions of the table of refusals. */
import { once, EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { CopyFolderInput, CopyFolderResult } from '../../model/activities.ts';
import { mailboxWorkflowId } from '../../model/ids.ts';
import type { Problem } from '../../model/mailbox.ts';
import { NO_COPY_COUNTS } from '../../model/pass.ts';
import { retry } from '../../workflows/messages.ts';
import { UNHURRIED } from '../support/projects.ts';
import { INBOX, copied } from '../support/scripted-activities.ts';
import type { SagaBench } from '../support/saga.ts';
import { startScripted } from '../support/scripted-saga.ts';
import { until } from '../support/until.ts';

function refusedBy(
  side: 'source' | 'destination',
  problem: Partial<Problem> & Pick<Problem, 'code'>,
): CopyFolderResult {
  const outcome = { kind: 'refused', side, problem: { text: `scripted: ${problem.code}`, ...problem } } as const;
  return copied(0, { outcome, handled: 0, counts: NO_COPY_COUNTS });
}

const folder = (name: string) => ({
  ...INBOX,
  source: name,
  sourcePath: name,
  destination: name,
  destinationPath: name,
});

/** How many activities have told a workflow what came of them. */
async function resultsSeenBy({ client }: SagaBench, workflowId: string): Promise<number> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).filter((event) => Boolean(event.activityTaskCompletedEventAttributes)).length;
}

describe('a refusal after the login', () => {
  test('of a token that has expired: the copy goes on at once, with a fresh token and without logging in first', async () => {
    const inputs: CopyFolderInput[] = [];
    const { bench, name, calls } = await startScripted(
      {
        copyFolder: async (input) => {
          inputs.push(input);
          return inputs.length === 1 ? refusedBy('source', { code: 'server.token-expired' }) : copied(3);
        },
      },
      ['anna'],
      { timing: { ...UNHURRIED, troubleBackoff: [3_600_000] } },
    );
    await bench.projectIs(name, (view) => view.phase === 'ready');
    expect(inputs.map(({ freshToken }) => freshToken)).toEqual([undefined, true]);
    expect(calls.filter((call) => call.startsWith('probeAccess'))).toHaveLength(1);
  });

  test('that ends every connection is met with back-off, not without end', async () => {
    let copies = 0;
    const { bench, name } = await startScripted(
      {
        copyFolder: async () => {
          copies += 1;
          return refusedBy('source', { code: 'server.connection-lost' });
        },
      },
      ['anna'],
      { timing: { ...UNHURRIED, troubleBackoff: [3_600_000] } },
    );
    const view = await bench.mailboxIs(name, 'anna', ({ nextAt }) => nextAt !== undefined);
    expect(view.now).toContain('Next try');
    expect(copies).toBeLessThanOrEqual(4);
  });

  test('for as long as the server says, while the other mailboxes go on', async () => {
    const { bench, name } = await startScripted(
      {
        copyFolder: async ({ row }) =>
          row.id === 'bert' ? refusedBy('source', { code: 'server.throttled', waitMs: 3_000_000 }) : copied(3),
      },
      ['anna', 'bert', 'carl'],
    );
    const before = Date.now();
    const bert = await bench.mailboxIs(name, 'bert', ({ nextAt }) => nextAt !== undefined);
    expect(bert.problem?.code).toBe('server.throttled');
    expect(bert.now).toContain('asks to be left in peace');
    expect(bert.nextAt).toBeGreaterThanOrEqual(before + 3_000_000);
    await bench.projectIs(name, ({ totals }) => totals.phases.ready === 2);
  });

  test('of APPEND, five times in a row without a reason: the mailbox is taken for full, and `retry` goes on', async () => {
    let isFull = true;
    let copies = 0;
    const { bench, name, handle } = await startScripted(
      {
        copyFolder: async () => {
          copies += 1;
          return isFull ? refusedBy('destination', { code: 'destination.unavailable' }) : copied(3);
        },
      },
      ['anna'],
      { timing: { ...UNHURRIED, troubleBackoff: [50] } },
    );
    const full = await bench.mailboxIs(name, 'anna', ({ phase }) => phase === 'attention');
    expect(full.problem?.code).toBe('destination.quota-suspected');
    expect(copies).toBe(5);
    isFull = false;
    await handle.executeUpdate(retry, { args: [{ failedOnly: true }] });
    const view = await bench.mailboxIs(name, 'anna', ({ phase }) => phase === 'ready');
    expect(view.problem).toBeUndefined();
  });

  test('of a folder that is gone or closed: the folders are listed again in the same pass, once', async () => {
    let surveys = 0;
    const { bench, name, calls } = await startScripted(
      {
        surveyMailbox: async () => {
          surveys += 1;
          const folders =
            surveys === 1 ? [INBOX, folder('Old'), folder('Closed')] : [INBOX, folder('New'), folder('Closed')];
          return { ok: true, folders, leftOut: [], notes: [] };
        },
        copyFolder: async ({ folder: { source } }) => {
          if (source === 'Old') return refusedBy('source', { code: 'source.folder-gone' });
          if (source === 'Closed') return refusedBy('source', { code: 'source.folder-refused' });
          return copied(3);
        },
      },
      ['anna'],
    );
    const view = await bench.mailboxIs(name, 'anna', ({ phase }) => phase === 'attention');
    expect(view.problem?.code).toBe('source.folder-refused');
    expect(surveys).toBe(2);
    expect(calls.filter((call) => call.startsWith('copyFolder')).toSorted()).toEqual([
      'copyFolder prestage anna Closed',
      'copyFolder prestage anna Closed',
      'copyFolder prestage anna INBOX',
      'copyFolder prestage anna New',
      'copyFolder prestage anna Old',
    ]);
  });

  test('of a connection too many: those that are in take over what it leaves', async () => {
    const gate = new EventEmitter();
    const told = once(gate, 'told');
    let crowded = 0;
    const { bench, name, calls } = await startScripted(
      {
        surveyMailbox: async () => ({ ok: true, folders: [INBOX, folder('A'), folder('B')], leftOut: [], notes: [] }),
        copyFolder: async ({ folder: { source } }) => {
          if (source === 'INBOX') return (await told, copied(3));
          if (source === 'A' && crowded === 0) {
            crowded += 1;
            return refusedBy('source', { code: 'server.too-many-connections' });
          }
          return copied(3);
        },
      },
      ['anna'],
      { timing: { ...UNHURRIED, troubleBackoff: [3_600_000] } },
    );
    // Of the login, the survey, the making of folders, and of the copy that was refused.
    await until(
      () => resultsSeenBy(bench, mailboxWorkflowId(name, 'anna')),
      (results) => results === 4,
    );
    gate.emit('told');
    const view = await bench.projectIs(name, ({ phase }) => phase === 'ready');
    expect(view.totals.counts.copied).toBe(9);
    expect(view.totals.exceptions).toBe(0);
    expect(calls.filter((call) => call.startsWith('copyFolder')).toSorted()).toEqual([
      'copyFolder prestage anna A',
      'copyFolder prestage anna A',
      'copyFolder prestage anna B',
      'copyFolder prestage anna INBOX',
    ]);
    expect(calls.filter((call) => call.startsWith('probeAccess'))).toHaveLength(1);
  });
});
