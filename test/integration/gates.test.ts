/** Before hundreds of mailboxes knock at a tenant a few canaries do, and only what they show decides who waits. */
import { afterEach, describe, expect, test } from 'vitest';
import { projectWorkflowId, shardWorkflowId } from '../../model/ids.ts';
import type { Activities, ProbeSideInput, TokenInput, TokenResult } from '../../model/activities.ts';
import { gatesWith } from '../../model/gates.ts';
import type { Endpoint, EndpointAuth, MailboxRow, ProjectSettings, Side, Timing } from '../../model/project.ts';
import { newProject } from '../../model/saga.ts';
import {
  WORKFLOW,
  addMailboxes,
  cancel,
  change,
  pause,
  resume,
  retry,
  shardReports,
} from '../../workflows/messages.ts';
import type { projectWorkflow } from '../../workflows/project.ts';
import { QUICK, mailboxRow, projectSettings } from '../support/projects.ts';
import { startSagaBench, type SagaBench } from '../support/saga.ts';
import { scriptedActivities } from '../support/scripted-activities.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;

let running: SagaBench | undefined;
let numbered = 0;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const APP: EndpointAuth = {
  kind: 'oauth2',
  tenant: 'contoso.example',
  app: { clientId: 'app', credential: { kind: 'secret', secret: 'sealed' } },
  authority: 'https://127.0.0.1',
  scope: 'https://outlook.office365.com/.default',
};

const GOOD: TokenResult = {
  ok: true,
  expiresAt: 4_000_000_000_000,
  audience: 'https://outlook.office365.com',
  roles: ['IMAP.AccessAsApp'],
};

const IN = { ok: true, facts: { capabilities: [], delimiter: '/' } } as const;
const REFUSED = {
  ok: false,
  problem: { code: 'access.refused', text: 'scripted', serverText: 'AUTHENTICATE failed.' },
} as const;

function settingsOf(name: string, timing: Partial<Timing>, sides: readonly Side[]): ProjectSettings {
  const plain = projectSettings(name, { timing: { ...QUICK, ...timing } });
  const sideOf = (side: Side): Endpoint => (sides.includes(side) ? { ...plain[side], auth: APP } : plain[side]);
  return { ...plain, source: sideOf('source'), destination: sideOf('destination') };
}

interface Given {
  readonly script: Partial<Activities>;
  readonly rows: readonly MailboxRow[];
  readonly timing?: Partial<Timing>;
  readonly sides?: readonly Side[];
}

async function start({ script, rows, timing = {}, sides = ['source'] }: Given) {
  const activities = scriptedActivities({ acquireToken: async () => GOOD, ...script });
  numbered += 1;
  const name = `gates-${process.pid}-${numbered}`;
  const bench = await startSagaBench(activities, name);
  running = bench;
  const settings = settingsOf(name, timing, sides);
  const handle = await bench.start(settings, rows);
  return { bench, name, settings, handle, calls: activities.calls };
}

function users(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `user${at}`);
}

function knocks(calls: readonly string[]): readonly string[] {
  return calls.filter((call) => call.startsWith('probe'));
}

/** A row that brings an application of its own. */
function withOther(user: string): MailboxRow {
  const app = { clientId: 'other', credential: { kind: 'secret', secret: 'sealed' } } as const;
  return { ...mailboxRow(user), source: { user, app } };
}

describe('a project whose mailboxes an application opens', () => {
  test('begins with a token and three canaries, and with nobody else before one of them is in', async () => {
    const { bench, name, calls } = await start({ script: {}, rows: users(8).map(mailboxRow) });
    const view = await bench.projectIs(name, ({ phase }) => phase === 'ready');
    expect(view.gates).toBeUndefined();
    expect(calls[0]).toBe('acquireToken source');
    expect(calls.slice(1, 4).every((call) => call.startsWith('probeSide source'))).toBe(true);
    expect(calls.filter((call) => call.startsWith('probeSide'))).toHaveLength(3);
    expect(calls.filter((call) => call.startsWith('probeAccess'))).toHaveLength(8);
  });

  test('waits while all are refused: told, with nobody knocking, until `retry` ends the wait', async () => {
    let open = false;
    const asked: boolean[] = [];
    const { bench, name, handle, calls } = await start({
      script: {
        acquireToken: async ({ fresh }: TokenInput) => (asked.push(fresh), GOOD),
        probeSide: async ({ freshToken }: ProbeSideInput) => {
          asked.push(freshToken);
          return open ? IN : REFUSED;
        },
      },
      rows: users(8).map(mailboxRow),
      timing: { accessBackoff: [HOUR], accessGrace: 2 * HOUR },
    });
    const waiting = await bench.projectIs(name, ({ gates }) => gates?.[0]?.tries === 1);
    expect(waiting).toMatchObject({ phase: 'prepare', problem: { code: 'access.tenant' } });
    expect(waiting.now).toMatch(/^source: refused once, permissions young, next try \d\d:\d\d:\d\d UTC$/);
    expect(waiting.gates?.[0]).toMatchObject({ side: 'source', mailboxes: 8, fault: 'propagation' });
    expect(waiting.gates?.[0]?.causes?.[0]).toBe('principal');
    expect(knocks(calls)).toHaveLength(3);
    expect(asked).toEqual([false, false, false, false]);
    open = true;
    expect(await handle.executeUpdate(retry, { args: [{ failedOnly: false }] })).toBe(8);
    const view = await bench.projectIs(name, ({ phase }) => phase === 'ready');
    expect(view.problem).toBeUndefined();
    expect(asked).toEqual([false, false, false, false, true, true, true, true]);
  });

  test('three bad rows keep nobody from beginning, and only they wait, with their own causes', async () => {
    const bad = new Set<string>();
    const { bench, name, calls } = await start({
      script: {
        probeSide: async ({ row }) => {
          if (bad.size < 3) bad.add(row.id);
          return bad.has(row.id) ? REFUSED : IN;
        },
        probeAccess: async ({ row }) =>
          bad.has(row.id) ? { ...REFUSED, side: 'source' } : { ok: true, source: IN.facts, destination: IN.facts },
      },
      rows: users(9).map(mailboxRow),
      timing: { accessGrace: HOUR },
    });
    const view = await bench.projectIs(name, ({ totals }) => totals.phases.ready === 6 && totals.phases.refused === 3);
    expect(view.problem).toBeUndefined();
    const tried = calls.filter((call) => call.startsWith('probeSide'));
    expect(new Set(tried).size).toBe(6);
    const [one = ''] = bad;
    const stuck = await bench.mailboxIs(name, one, ({ now }) => now.startsWith('access refused'));
    expect(stuck.now).toMatch(/permissions young, next try .*likely IMAP is disabled for the mailbox/);
  });

  test('is told what is at fault when the grace time is over, and goes on trying', async () => {
    let open = false;
    const { bench, name } = await start({
      script: { probeSide: async () => (open ? IN : REFUSED) },
      rows: users(4).map(mailboxRow),
      timing: { accessBackoff: [300], accessGrace: 500 },
    });
    const stuck = await bench.projectIs(name, ({ gates }) => gates?.[0]?.fault === 'tenant');
    expect(stuck.now).toMatch(/^source: needs attention: refused \d+ times in /);
    expect(stuck.gates?.[0]?.causes).toEqual([
      'principal',
      'objectId',
      'conditionalAccess',
      'imapDisabled',
      'fullAccess',
    ]);
    open = true;
    await bench.projectIs(name, ({ phase }) => phase === 'ready');
  });

  test('shows nobody’s mailbox a token that cannot open any', async () => {
    let consented = false;
    const { bench, name, handle, calls } = await start({
      script: { acquireToken: async () => (consented ? GOOD : { ...GOOD, roles: [] }) },
      rows: users(4).map(mailboxRow),
      timing: { accessBackoff: [HOUR] },
    });
    const waiting = await bench.projectIs(name, ({ problem }) => problem?.code === 'access.role');
    expect(waiting.gates?.[0]).toMatchObject({ fault: 'tenant', causes: ['consent', 'delegated'] });
    expect(knocks(calls)).toEqual([]);
    consented = true;
    await handle.executeUpdate(retry, { args: [{ failedOnly: true }] });
    await bench.projectIs(name, ({ phase }) => phase === 'ready');
  });

  test('waits for both sides, and begins when both are open', async () => {
    let open = false;
    const { bench, name, handle, calls } = await start({
      script: { probeSide: async ({ side }) => (side === 'source' || open ? IN : REFUSED) },
      rows: users(2).map(mailboxRow),
      timing: { accessBackoff: [HOUR] },
      sides: ['source', 'destination'],
    });
    const waiting = await bench.projectIs(name, ({ gates }) => gates?.length === 1 && gates[0]?.tries === 1);
    expect(waiting).toMatchObject({ phase: 'prepare', gates: [{ side: 'destination' }] });
    expect(calls.filter((call) => call.startsWith('probeAccess'))).toEqual([]);
    open = true;
    await handle.executeUpdate(retry, { args: [{ failedOnly: false }] });
    await bench.projectIs(name, ({ phase }) => phase === 'ready');
  });

  test('lets those begin whose own application is let in, and holds those back whose is not', async () => {
    let open = false;
    const { bench, name, handle, calls } = await start({
      script: { probeSide: async ({ row }) => (row.source.app === undefined || open ? IN : REFUSED) },
      rows: [withOther('anna'), mailboxRow('bert'), withOther('carl')],
      timing: { accessBackoff: [HOUR] },
    });
    const waiting = await bench.projectIs(
      name,
      ({ totals, gates }) => totals.phases.ready === 1 && gates?.[0]?.tries === 1,
    );
    expect(waiting.gates).toMatchObject([{ application: { clientId: 'other' }, mailboxes: 2, fault: 'propagation' }]);
    expect(waiting.now).toContain('2 mailboxes wait for the source: refused once');
    expect(calls.filter((call) => call.startsWith('probeAccess'))).toEqual(['probeAccess bert']);
    open = true;
    expect(await handle.executeUpdate(retry, { args: [{ failedOnly: false }] })).toBe(2);
    await bench.projectIs(name, ({ totals }) => totals.phases.ready === 3);
  });

  test('blocks nobody again when mailboxes are added', async () => {
    let refuse = false;
    const { bench, name, handle, calls } = await start({
      script: {
        probeSide: async () => IN,
        probeAccess: async () =>
          refuse ? { ...REFUSED, side: 'source' } : { ok: true, source: IN.facts, destination: IN.facts },
      },
      rows: users(2).map(mailboxRow),
    });
    await bench.projectIs(name, ({ phase }) => phase === 'ready');
    const before = calls.filter((call) => call.startsWith('probeSide')).length;
    refuse = true;
    await handle.executeUpdate(addMailboxes, { args: [{ key: 'later', rows: [mailboxRow('late')] }] });
    const view = await bench.projectIs(name, ({ totals }) => totals.phases.refused === 1);
    expect(view).toMatchObject({ totals: { phases: { ready: 2 } } });
    expect(view.gates).toBeUndefined();
    expect(calls.filter((call) => call.startsWith('probeSide'))).toHaveLength(before);
  });

  test('takes changed and removed rows into account while it waits', async () => {
    const { bench, name, handle, calls } = await start({
      script: { probeSide: async ({ row }) => (row.id === 'good' ? IN : REFUSED) },
      rows: users(2).map(mailboxRow),
      timing: { accessBackoff: [HOUR] },
    });
    await bench.projectIs(name, ({ gates }) => gates?.[0]?.tries === 1);
    await handle.executeUpdate(addMailboxes, { args: [{ key: 'more', rows: [mailboxRow('good')] }] });
    await handle.executeUpdate(change, { args: [{ shards: [{ index: 0, removed: ['user0'] }] }] });
    const view = await bench.projectIs(name, ({ totals }) => totals.phases.ready === 2);
    expect(view.totals.phases).toEqual({ ready: 2, cancelled: 1 });
    expect(calls).not.toContain('probeAccess user0');
  });

  test('tries nothing while it is paused, and can be cancelled while it waits', async () => {
    const { bench, name, handle, calls } = await start({
      script: { probeSide: async () => REFUSED },
      rows: users(2).map(mailboxRow),
      timing: { accessBackoff: [HOUR] },
    });
    await bench.projectIs(name, ({ gates }) => gates?.[0]?.tries === 1);
    await handle.signal(pause);
    await handle.executeUpdate(retry, { args: [{ failedOnly: false }] });
    expect((await bench.projectIs(name, ({ paused }) => paused)).gates?.[0]?.tries).toBe(1);
    expect(knocks(calls)).toHaveLength(2);
    await handle.signal(resume);
    await bench.projectIs(name, ({ gates }) => gates?.[0]?.tries === 2);
    await handle.signal(cancel);
    expect(await bench.result(name)).toMatchObject({ phase: 'cancelled', totals: { phases: { cancelled: 2 } } });
    const reports = await bench.client.workflow.getHandle(shardWorkflowId(name, 0)).query(shardReports);
    expect(reports.map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled']);
  });

  test('that was continued as new in the middle of a wait goes on waiting, and knows who was tried', async () => {
    const { bench, name: other, calls } = await start({ script: {}, rows: [mailboxRow('anna')] });
    await bench.projectIs(other, ({ phase }) => phase === 'ready');
    calls.splice(0);
    const name = `${other}-renewed`;
    const settings = settingsOf(name, {}, ['source']);
    const [gate] = gatesWith([], settings, users(6).map(mailboxRow));
    if (gate === undefined) throw new Error('no gate');
    const now = Date.now();
    const waited = { ...gate, rounds: 2, tried: ['user0', 'user2', 'user4'], refusedSince: now, nextAt: now + HOUR };
    const handle = await bench.client.workflow.start<typeof projectWorkflow>(WORKFLOW.project, {
      workflowId: projectWorkflowId(name),
      taskQueue: other,
      args: [{ ...newProject(settings, 6), phase: 'prepare', gates: [waited] }],
    });
    await bench.projectIs(name, ({ gates }) => gates?.[0]?.tries === 2);
    expect(calls).toEqual([]);
    await handle.executeUpdate(retry, { args: [{ failedOnly: false }] });
    await until(
      async () => knocks(calls).toSorted(),
      (seen) => seen.length === 3,
    );
    expect(knocks(calls).toSorted()).toEqual([
      'probeSide source user1',
      'probeSide source user3',
      'probeSide source user5',
    ]);
    await handle.signal(cancel);
    await handle.result();
  });
});
