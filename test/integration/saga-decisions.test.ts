import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { mailboxWorkflowId, projectWorkflowId, shardWorkflowId } from '../../model/ids.ts';
import type { Activities, CopyFolderInput, PairMovesInput } from '../../model/activities.ts';
import type { MailboxReport } from '../../model/mailbox.ts';
import { NO_COPY_COUNTS } from '../../model/pass.ts';
import { newProject } from '../../model/saga.ts';
import {
  WORKFLOW,
  cancel,
  change,
  cutover,
  finish,
  pause,
  reportMailbox,
  resume,
  retry,
} from '../../workflows/messages.ts';
import type { projectWorkflow } from '../../workflows/project.ts';
import { projectSettings, UNHURRIED } from '../support/projects.ts';
import type { SagaBench } from '../support/saga.ts';
import { INBOX, copied, refused } from '../support/scripted-activities.ts';
import { startScripted } from '../support/scripted-saga.ts';
import { until } from '../support/until.ts';

describe('the saga of a project', () => {
  test('goes from pre-stage over the cutover, a final delta and a tail to a comparison, and ends', async () => {
    const { bench, name, handle, calls } = await startScripted({}, ['anna', 'bert']);
    await bench.projectIs(name, (view) => view.phase === 'ready');
    await handle.executeUpdate(cutover, { args: [{ force: false }] });
    const result = await bench.result(name);
    expect(result.phase).toBe('finished');
    expect(result.totals).toMatchObject({ mailboxes: 2, ended: 2, exceptions: 0, phases: { done: 2 } });
    expect(result.totals.counts).toMatchObject({ messages: 6, copied: 6, missing: 0 });
    expect(calls.filter((call) => call.includes('anna'))).toEqual([
      'probeAccess anna',
      'surveyMailbox anna',
      'createFolders anna',
      'copyFolder prestage anna INBOX',
      'surveyMailbox anna',
      'copyFolder final anna INBOX',
      'surveyMailbox anna',
      'copyFolder tail anna INBOX',
      'verifyFolder anna INBOX',
    ]);
  });

  test('refuses a cutover before pre-stage has ended, and takes it when forced', async () => {
    const gate = new EventEmitter();
    const held = once(gate, 'open');
    const { bench, name, handle } = await startScripted(
      {
        copyFolder: async ({ pass }) =>
          pass === 'prestage' ? (await held, copied(1)) : copied(pass === 'final' ? 2 : 0),
      },
      ['anna'],
    );
    await bench.projectIs(name, (view) => view.phase === 'prestage' && view.totals.phases.prestage === 1);
    const early = handle.executeUpdate(cutover, { args: [{ force: false }] });
    await expect(early).rejects.toSatisfy(
      (error) => error instanceof WorkflowUpdateFailedError && /Pre-stage has not ended/.test(String(error.cause)),
    );
    await handle.executeUpdate(cutover, { args: [{ force: true }] });
    gate.emit('open');
    expect((await bench.result(name)).phase).toBe('finished');
  });

  test('waits for access that is refused, with back-off, and goes on when it is given', async () => {
    let tries = 0;
    const { bench, name, calls } = await startScripted(
      {
        probeAccess: async ({ freshToken }) => {
          tries += 1;
          if (tries <= 3) return { ok: false, side: 'source', problem: refused('access.refused') };
          expect(freshToken).toBe(true);
          return {
            ok: true,
            source: { capabilities: [], delimiter: '/' },
            destination: { capabilities: [], delimiter: '/' },
          };
        },
      },
      ['anna'],
    );
    const view = await bench.projectIs(name, (seen) => seen.phase === 'ready');
    expect(view.totals.exceptions).toBe(0);
    expect(calls.filter((call) => call.startsWith('probeAccess'))).toHaveLength(4);
  });

  test('access refused beyond the grace time needs attention, holds up nobody, and retry takes it up again', async () => {
    let open = false;
    const { bench, name, handle } = await startScripted(
      {
        probeAccess: async ({ row }) =>
          row.id === 'bert' && !open
            ? { ok: false, side: 'source', problem: refused('access.refused') }
            : {
                ok: true,
                source: { capabilities: [], delimiter: '/' },
                destination: { capabilities: [], delimiter: '/' },
              },
      },
      ['anna', 'bert'],
      { timing: { ...UNHURRIED, accessGrace: 500 } },
    );
    const stuck = await bench.projectIs(name, (view) => view.phase === 'ready');
    expect(stuck.totals.phases).toEqual({ ready: 1, attention: 1 });
    const bert = await bench.mailboxIs(name, 'bert', () => true);
    expect(bert.problem?.code).toBe('access.refused');
    open = true;
    expect(await handle.executeUpdate(retry, { args: [{ failedOnly: true }] })).toBe(1);
    const mended = await bench.projectIs(name, (view) => view.totals.phases.ready === 2);
    expect(mended.totals.exceptions).toBe(0);
  });

  test('a folder that cannot be copied is named while the other folders go through', async () => {
    const { bench, name, handle } = await startScripted(
      {
        surveyMailbox: async () => ({
          ok: true,
          folders: [INBOX, { ...INBOX, source: 'X', sourcePath: 'X', destination: 'X', destinationPath: 'X' }],
          leftOut: [],
          notes: [],
        }),
        copyFolder: async ({ folder }) =>
          folder.source === 'X'
            ? copied(0, {
                outcome: { kind: 'refused', side: 'source', problem: refused('source.folder-refused') },
              })
            : copied(3),
      },
      ['anna'],
    );
    const view = await bench.mailboxIs(name, 'anna', (seen) => seen.phase === 'attention');
    expect(view.folders.map((folder) => [folder.source, folder.handled, folder.problem?.code])).toEqual([
      ['INBOX', 3, undefined],
      ['X', 0, 'source.folder-refused'],
    ]);
    await bench.projectIs(name, (seen) => seen.phase === 'ready');
    await handle.executeUpdate(cutover, { args: [{ force: false }] });
    await bench.mailboxIs(name, 'anna', (seen) => seen.passes.some((pass) => pass.kind === 'final'));
    await handle.executeUpdate(finish);
    const result = await bench.result(name);
    expect(result.totals).toMatchObject({ exceptions: 1, phases: { attention: 1 } });
  });

  test('pause interrupts a copy, keeps its ledger, and resume goes on from there', async () => {
    const ledgers: (string | undefined)[] = [];
    const copies = new EventEmitter();
    const begun = once(copies, 'begun');
    const { bench, name, handle } = await startScripted(
      {
        copyFolder: async ({ ledger }) => {
          ledgers.push(ledger);
          copies.emit('begun');
          if (ledger !== undefined) return copied(2, { handled: 3 });
          return await untilCancelled(copied(1, { outcome: { kind: 'interrupted' }, ledger: 'half' }));
        },
      },
      ['anna'],
    );
    await begun;
    await handle.signal(pause);
    const paused = await bench.mailboxIs(name, 'anna', (view) => view.paused && view.counts.copied === 1);
    expect(paused.now).toMatch(/^paused/);
    await handle.signal(resume);
    await bench.projectIs(name, (view) => view.phase === 'ready');
    expect(ledgers).toEqual([undefined, 'half']);
  });

  test('a comparison that misses something makes one more pass, then asks for a person', async () => {
    let verified = 0;
    let surveys = 0;
    const person = new EventEmitter();
    const asked = once(person, 'asked');
    const { bench, name, handle, calls } = await startScripted(
      {
        // After pre-stage, final delta and two passes of the tail it would try again by itself, and what it asks would be over.
        surveyMailbox: async () => {
          surveys += 1;
          if (surveys > 4) await asked;
          return { ok: true, folders: [INBOX], leftOut: [], notes: [] };
        },
        verifyFolder: async () => {
          verified += 1;
          const missing = verified <= 2 ? 1 : 0;
          return {
            ok: true,
            messages: 3,
            identical: 3 - missing,
            missing,
            doubled: 0,
            movedByUser: 0,
            missingUids: [],
            doubledUids: [],
          };
        },
      },
      ['anna'],
    );
    await bench.projectIs(name, (view) => view.phase === 'ready');
    await handle.executeUpdate(cutover, { args: [{ force: false }] });
    await until(
      () => reportsTo(bench, shardWorkflowId(name, 0)),
      (reports) => reports.some(({ phase, problem }) => phase === 'attention' && problem?.code === 'verify.missing'),
    );
    expect(calls.filter((call) => call.startsWith('copyFolder tail'))).toHaveLength(2);
    await handle.executeUpdate(retry, { args: [{ failedOnly: false }] });
    person.emit('asked');
    expect((await bench.result(name)).totals).toMatchObject({ exceptions: 0, phases: { done: 1 } });
  });

  test('cancel ends every workflow of the project', async () => {
    const { bench, name, handle } = await startScripted({}, ['anna', 'bert']);
    await bench.projectIs(name, (view) => view.phase === 'ready');
    await handle.signal(cancel);
    const result = await bench.result(name);
    expect(result).toMatchObject({ phase: 'cancelled', totals: { ended: 2, phases: { cancelled: 2 } } });
    for (const id of [shardWorkflowId(name, 0), mailboxWorkflowId(name, 'anna')]) {
      await bench.client.workflow.getHandle(id).result();
    }
  });

  test('cancel ends a project that has not been given its mailboxes', async () => {
    const { bench, name: other } = await startScripted({}, ['anna']);
    const name = `${other}-empty`;
    const handle = await bench.client.workflow.start<typeof projectWorkflow>(WORKFLOW.project, {
      workflowId: projectWorkflowId(name),
      taskQueue: other,
      args: [newProject(projectSettings(name, {}), 1)],
    });
    await handle.signal(cancel);
    await expect(handle.result()).resolves.toMatchObject({ phase: 'cancelled', totals: { mailboxes: 0 } });
  }, 30_000);

  test('a project terminated by hand has its mailboxes cancelled', async () => {
    const { bench, name } = await startScripted({}, ['anna'], { timing: { ...UNHURRIED, deltaInterval: 1_000 } });
    await bench.projectIs(name, (view) => view.phase === 'ready');
    await bench.client.workflow.getHandle(projectWorkflowId(name)).terminate('by hand');
    const ends = [mailboxWorkflowId(name, 'anna'), shardWorkflowId(name, 0)].map((id) =>
      bench.client.workflow.getHandle(id).result(),
    );
    expect(await Promise.all(ends)).toMatchObject([
      { phase: 'cancelled', ended: true },
      { ended: 1, phases: { cancelled: 1 } },
    ]);
  });

  test('a mailbox that nobody steers any more ends the pass in hand, and begins no other', async () => {
    const delta = new EventEmitter();
    const begun = once(delta, 'begun');
    const released = once(delta, 'released');
    let surveys = 0;
    const { bench, name } = await startScripted(
      {
        surveyMailbox: async () => {
          surveys += 1;
          if (surveys === 2) {
            delta.emit('begun');
            await released;
          }
          return { ok: true, folders: [INBOX], leftOut: [], notes: [] };
        },
      },
      ['anna'],
      { timing: { ...UNHURRIED, deltaInterval: 100 } },
    );
    await begun;
    for (const id of [projectWorkflowId(name), shardWorkflowId(name, 0)]) {
      await bench.client.workflow.getHandle(id).terminate('by hand');
    }
    delta.emit('released');
    const end = await bench.client.workflow.getHandle(mailboxWorkflowId(name, 'anna')).result();
    expect(end).toMatchObject({ phase: 'cancelled', ended: true });
    expect(surveys).toBe(2);
  });

  test('a removed mailbox stops alone, and changed settings wake what waited', async () => {
    let host = '127.0.0.1';
    const { bench, name, handle } = await startScripted(
      {
        probeAccess: async ({ settings: now }) => {
          host = now.source.host;
          return host === '127.0.0.1'
            ? { ok: false, side: 'source', problem: refused('server.certificate') }
            : {
                ok: true,
                source: { capabilities: [], delimiter: '/' },
                destination: { capabilities: [], delimiter: '/' },
              };
        },
      },
      ['anna', 'bert'],
    );
    await bench.projectIs(name, (view) => view.totals.phases.attention === 2);
    await handle.executeUpdate(change, { args: [{ shards: [{ index: 0, removed: ['bert'] }] }] });
    await bench.projectIs(name, (view) => view.totals.phases.cancelled === 1);
    const settings = projectSettings(name);
    await handle.executeUpdate(change, {
      args: [{ settings: { ...settings, source: { ...settings.source, host: '127.0.0.2' } } }],
    });
    await bench.projectIs(name, (view) => view.totals.phases.ready === 1);
    expect(host).toBe('127.0.0.2');
  });
});

describe('what is moved on the source', () => {
  const WORK = { ...INBOX, source: 'Work', sourcePath: 'Work', destination: 'Work', destinationPath: 'Work' };

  /** Between pre-stage and the final delta one message goes from INBOX to Work. */
  function movedOnce(): Activities['surveyMailbox'] {
    let surveys = 0;
    return async () => {
      surveys += 1;
      const isMoved = surveys > 1;
      return {
        ok: true,
        folders: [
          { ...INBOX, messages: isMoved ? 2 : 3 },
          { ...WORK, messages: isMoved ? 4 : 3, uidNext: isMoved ? 5 : 4 },
        ],
        leftOut: [],
        notes: [],
      };
    };
  }

  test('is looked for before any folder is copied, and the ledgers that come back are what is copied from', async () => {
    const copies: CopyFolderInput[] = [];
    const pairings: PairMovesInput[] = [];
    const { bench, name, handle, calls } = await startScripted(
      {
        surveyMailbox: movedOnce(),
        pairMoves: async (input) => {
          pairings.push(input);
          return {
            outcome: { kind: 'complete' },
            folders: [
              { source: 'INBOX', ledger: 'less', handled: 2, aside: [] },
              { source: 'Work', ledger: 'more', handled: 4, aside: [] },
            ],
            counts: { ...NO_COPY_COUNTS, moved: 1 },
            notes: { 'destination.move-unsupported': 2 },
          };
        },
        copyFolder: async (input) => {
          if (input.pass === 'final') copies.push(input);
          const handled = input.folder.source === 'Work' && input.pass !== 'prestage' ? 4 : 3;
          return copied(0, { handled, ledger: input.ledger ?? 'first' });
        },
      },
      ['anna'],
      { limits: { ...projectSettings('any').limits, connectionsPerMailbox: 1 } },
    );
    await bench.projectIs(name, (view) => view.phase === 'ready');
    expect(calls.filter((call) => call.startsWith('pairMoves'))).toEqual([]);
    await handle.executeUpdate(cutover, { args: [{ force: false }] });
    const view = await bench.mailboxIs(name, 'anna', (seen) => seen.passes.some((pass) => pass.kind === 'final'));
    expect(view.passes.find((pass) => pass.kind === 'final')?.counts.moved).toBe(1);
    expect(view.notes).toEqual({ 'destination.move-unsupported': 2 });
    const final = calls.slice(calls.lastIndexOf('copyFolder prestage anna Work') + 1);
    expect(final.slice(0, 4)).toEqual([
      'surveyMailbox anna',
      'pairMoves anna',
      'copyFolder final anna INBOX',
      'copyFolder final anna Work',
    ]);
    expect(pairings[0]?.folders.map(({ source, ledger, arrived }) => [source, ledger, arrived])).toEqual([
      ['INBOX', 'first', undefined],
      ['Work', 'first', { from: 4, below: 5, uidValidity: 1 }],
    ]);
    expect(copies.map(({ ledger, surveyed }) => [ledger, surveyed?.uidNext])).toEqual([
      ['less', 4],
      ['more', 5],
    ]);
    await bench.result(name);
  });

  test('goes on with the growth and the same folders while a MOVE is in doubt', async () => {
    const pairings: PairMovesInput[] = [];
    const { bench, name, handle } = await startScripted(
      {
        surveyMailbox: movedOnce(),
        pairMoves: async (input) => {
          pairings.push(input);
          const nothing = { folders: [], counts: NO_COPY_COUNTS, notes: {} };
          if (pairings.length > 1) return { outcome: { kind: 'complete' }, ...nothing };
          const problem = refused('server.connection-lost');
          return { outcome: { kind: 'refused', side: 'destination', problem }, growth: 'in doubt', ...nothing };
        },
      },
      ['anna'],
    );
    await bench.projectIs(name, (view) => view.phase === 'ready');
    await handle.executeUpdate(cutover, { args: [{ force: false }] });
    expect((await bench.result(name)).totals).toMatchObject({ exceptions: 0, phases: { done: 1 } });
    expect(pairings.slice(0, 2).map(({ growth, folders }) => [growth, folders.map(({ source }) => source)])).toEqual([
      [undefined, ['INBOX', 'Work']],
      ['in doubt', ['INBOX', 'Work']],
    ]);
    expect(pairings[2]?.growth).toBeUndefined();
  });
});

/** What mailboxes have told their shard so far: a phase that has passed stays there. */
async function reportsTo({ client }: SagaBench, shard: string): Promise<readonly MailboxReport[]> {
  const { events } = await client.workflow.getHandle(shard).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    signal?.signalName === reportMailbox.name
      ? (signal.input?.payloads ?? []).map((payload) => defaultPayloadConverter.fromPayload<MailboxReport>(payload))
      : [],
  );
}

async function untilCancelled<T>(then: T): Promise<T> {
  const { Context } = await import('@temporalio/activity');
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 200);
  try {
    await context.cancelled.catch(() => undefined);
    return then;
  } finally {
    clearInterval(beat);
  }
}
