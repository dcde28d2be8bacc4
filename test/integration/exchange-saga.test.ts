/** Projects with Exchange Online on either side: what its IMAP does in the middle of a move, and what becomes of it. */
import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '@temporalio/client';
import { acknowledgedHeartbeats, createActivities, dependenciesOf } from '../../activities/index.ts';
import { mailboxId } from '../../model/ids.ts';
import type { Problem } from '../../model/mailbox.ts';
import type { Endpoint, MailboxRow, ProjectSettings, Side } from '../../model/project.ts';
import type { CommandFault, FaultScope } from '../../sandbox/faults/fault.ts';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import type { NewMessage } from '../../sandbox/store/message.ts';
import type { User } from '../../sandbox/store/user.ts';
import { duplicateFolders } from '../../sandbox/tenant/exchange-faults.ts';
import type { MailboxOptions } from '../../sandbox/tenant/mailbox.ts';
import type { Registration } from '../../sandbox/tenant/registration.ts';
import { startTenant, type Tenant, type TenantOptions } from '../../sandbox/tenant/tenant.ts';
import { connect } from '../../temporal/connection.ts';
import { retry } from '../../workflows/messages.ts';
import { temporalAddress } from '../support/context.ts';
import { mail } from '../support/memory-server.ts';
import { projectSettings, UNHURRIED } from '../support/projects.ts';
import { startSagaBench, type SagaBench } from '../support/saga.ts';
import { until } from '../support/until.ts';

const AT = '17-Jul-2020 02:44:25 +0000';
const PASSWORD = 'the other side’s own';

let undo: (() => Promise<unknown>)[] = [];
let numbered = 0;

afterEach(async () => {
  for (const act of undo.toReversed()) await act();
  undo = [];
});

interface World {
  readonly name: string;
  readonly tenant: Tenant;
  readonly other: Sandbox;
  readonly bench: SagaBench;
  readonly settings: ProjectSettings;
  /** The mailbox of a person in the tenant, and on the other side. */
  readonly store: (side: 'tenant' | 'other', person: string) => User;
  readonly start: () => ReturnType<SagaBench['start']>;
}

interface Given {
  /** On which side the tenant is. */
  readonly side: Side;
  readonly people: readonly string[];
  readonly tenant?: TenantOptions;
  readonly mailbox?: MailboxOptions;
  readonly settings?: Partial<ProjectSettings>;
}

async function build({
  side,
  people,
  tenant: options = {},
  mailbox = {},
  settings: change = {},
}: Given): Promise<World> {
  numbered += 1;
  const name = `exchange-${process.pid}-${numbered}`;
  const tenant = await startTenant({ domains: ['contoso.example'], ...options });
  undo.push(() => tenant.close());
  const other = await startSandbox({ users: people.map((person) => ({ name: person, password: PASSWORD })) });
  undo.push(() => other.close());
  const app = tenant.registerApp();
  const addresses = new Map(people.map((person) => [person, tenant.addMailbox(person, mailbox)]));
  const bench = await startWorker(name);
  const plain: Endpoint = { host: '127.0.0.1', port: other.port, tls: 'none', auth: { kind: 'password' } };
  const settings = projectSettings(name, {
    source: side === 'source' ? endpointOf(tenant, app) : plain,
    destination: side === 'destination' ? endpointOf(tenant, app) : plain,
    prestageOlderThanDays: 0,
    timing: UNHURRIED,
    ...change,
  });
  const row = (person: string): MailboxRow => {
    const [own, its] = [{ user: `${person}@${tenant.domain}` }, { user: person, password: PASSWORD }];
    const destination = side === 'destination' ? own : its;
    return { id: mailboxId(destination), source: side === 'source' ? own : its, destination };
  };
  return {
    name,
    tenant,
    other,
    bench,
    settings,
    store: (where, person) => {
      const store = where === 'tenant' ? addresses.get(person)?.store : other.store.user(person);
      if (store === undefined) throw new Error(`${person} has no mailbox`);
      return store;
    },
    start: () => bench.start(settings, people.map(row)),
  };
}

/** A worker of the real activities, which are given secrets as they stand in the rows. */
async function startWorker(taskQueue: string): Promise<SagaBench> {
  const address = temporalAddress();
  const connection = await connect({ address, connection: { address } });
  undo.push(() => connection.close());
  const stopping = new AbortController();
  const dependencies = dependenciesOf({
    openSecret: (_binding, envelope) => Promise.resolve(envelope),
    heartbeats: acknowledgedHeartbeats(new Client({ connection })),
    stopping: stopping.signal,
    env: {},
  });
  const bench = await startSagaBench(createActivities(dependencies), taskQueue);
  undo.push(async () => {
    stopping.abort();
    await bench.stop();
  });
  return bench;
}

function endpointOf(tenant: Tenant, app: Registration): Endpoint {
  return {
    host: '127.0.0.1',
    port: tenant.imap.port,
    tls: 'implicit',
    caPem: tenant.caPem,
    auth: {
      kind: 'oauth2',
      tenant: tenant.tenantId,
      app: { clientId: app.clientId, credential: { kind: 'secret', secret: app.secret } },
      authority: tenant.authority,
      authorityCaPem: tenant.caPem,
      scope: tenant.scope,
    },
  };
}

const message = (number: number, flags: readonly string[] = []): NewMessage => ({
  body: Buffer.from(mail(`number ${number}.`), 'latin1'),
  internalDate: AT,
  flags,
});

function fill(user: User, count: number, folder = 'INBOX'): void {
  for (let number = 1; number <= count; number++)
    user.addMessage(folder, message(number, number % 3 === 0 ? ['\\Flagged'] : []));
}

/** Which messages a folder has, and whether they are flagged. */
function found(user: User, folder = 'INBOX'): readonly string[] {
  return user
    .folder(folder)
    .messages.map(({ body, flags }) => {
      const [subject = ''] = /number \d+\./.exec(body.toString('latin1')) ?? [];
      return `${subject}${[...flags].includes('\\Flagged') ? ' flagged' : ''}`;
    })
    .toSorted();
}

function throttled(milliseconds: number, scope: FaultScope): CommandFault {
  const text = `NO Request is throttled. Suggested Backoff Time: ${milliseconds} milliseconds`;
  return { ...scope, kind: 'command', command: 'UID FETCH', at: 'received', effect: { do: 'answer', text } };
}

describe('Exchange Online as the source', () => {
  test('ends a session since its token has expired: a fresh one is asked for, and nothing is lost or doubled', async () => {
    const { name, tenant, bench, store, start } = await build({
      side: 'source',
      people: ['anna'],
      mailbox: { language: 'de' },
      settings: { timing: { ...UNHURRIED, troubleBackoff: [3_600_000] } },
    });
    fill(store('tenant', 'anna'), 60);
    const text = 'Session invalidated - AccessTokenExpired';
    tenant.imap.faults.add({ kind: 'command', command: 'UID FETCH', at: 'executed', effect: { do: 'bye', text } });
    await start();
    const view = await bench.mailboxIs(name, 'anna', ({ phase }) => phase === 'ready');
    expect(found(store('other', 'anna'))).toEqual(found(store('tenant', 'anna')));
    expect(view.leftOut.map(({ sourcePath, messages }) => [sourcePath, messages])).toContainEqual(['Kalender', 1]);
    expect(view.problem).toBeUndefined();
  });

  test('asks one mailbox to wait: its own number is kept, and the others are through meanwhile', async () => {
    const { name, tenant, bench, store, start } = await build({ side: 'source', people: ['anna', 'bert', 'carl'] });
    for (const person of ['anna', 'bert', 'carl']) fill(store('tenant', person), 20);
    tenant.imap.faults.add(throttled(2_400_000, { user: `bert@${tenant.domain}`, times: 'always' }));
    const before = Date.now();
    const handle = await start();
    const bert = await bench.mailboxIs(name, 'bert', ({ problem }) => problem?.code === 'server.throttled');
    expect(bert.nextAt).toBeGreaterThanOrEqual(before + 2_400_000);
    expect(bert.now).toMatch(/asks to be left in peace.*one folder at a time from then on/);
    await bench.projectIs(name, ({ totals }) => totals.phases.ready === 2);
    tenant.imap.faults.clear();
    await handle.executeUpdate(retry, { args: [{ failedOnly: false }] });
    await bench.projectIs(name, ({ totals }) => totals.phases.ready === 3);
    expect(found(store('other', 'bert'))).toEqual(found(store('tenant', 'bert')));
  });

  test('asks several mailboxes to wait at once: that is the tenant, and nobody knocks until it is over', async () => {
    const people = ['anna', 'bert', 'carl', 'dora'];
    const { name, tenant, bench, store, start } = await build({ side: 'source', people });
    for (const person of people) fill(store('tenant', person), 20);
    tenant.imap.faults.add(throttled(6_000, { times: 'always' }));
    await start();
    const problems = async (): Promise<readonly (Problem | undefined)[]> =>
      (await Promise.all(people.map((person) => bench.mailboxIs(name, person, () => true)))).map(
        ({ problem }) => problem,
      );
    const seen = await until(problems, (all) => all.some((problem) => problem?.code === 'server.all-throttled'));
    tenant.imap.faults.clear();
    const held = seen.find((problem) => problem?.code === 'server.all-throttled');
    expect(held?.text).toMatch(/has asked [34] mailboxes at once to wait/);
    await bench.projectIs(name, ({ totals }) => totals.phases.ready === 4);
    for (const person of people) expect(found(store('other', person))).toEqual(found(store('tenant', person)));
  });

  test('lets in fewer connections of a mailbox than it has folders in hand: it goes on with those', async () => {
    const { name, bench, store, start } = await build({
      side: 'source',
      people: ['anna'],
      tenant: { imap: { connectionsPerUser: 2 } },
      settings: { limits: { ...projectSettings('any').limits, connectionsPerMailbox: 5 } },
    });
    const folders = ['A', 'B', 'C', 'D', 'E', 'F'];
    for (const folder of folders) {
      store('tenant', 'anna').addFolder(folder);
      fill(store('tenant', 'anna'), 20, folder);
    }
    await start();
    const view = await bench.mailboxIs(name, 'anna', ({ phase }) => phase === 'ready' || phase === 'attention');
    expect(view).toMatchObject({ phase: 'ready' });
    for (const folder of folders) expect(found(store('other', 'anna'), folder)).toHaveLength(20);
  });

  test('finds folders of the same name: that waits for a person', async () => {
    const { name, tenant, bench, store, start } = await build({ side: 'source', people: ['anna', 'bert'] });
    for (const person of ['anna', 'bert']) fill(store('tenant', person), 5);
    tenant.imap.faults.add(duplicateFolders('Projects', { user: `bert@${tenant.domain}` }));
    const handle = await start();
    const bert = await bench.mailboxIs(name, 'bert', ({ phase }) => phase === 'attention');
    expect(bert.problem).toMatchObject({ code: 'server.duplicate-folders' });
    expect(bert.problem?.serverText).toContain('"Projects"');
    tenant.imap.faults.clear();
    await handle.executeUpdate(retry, { args: [{ failedOnly: true }] });
    await bench.projectIs(name, ({ totals }) => totals.phases.ready === 2);
  });
});

describe('Exchange Online as the destination', () => {
  test('is full and does not say so: a person is told, and `retry` completes it once there is room', async () => {
    const { name, bench, store, start } = await build({
      side: 'destination',
      people: ['anna'],
      settings: { timing: { ...UNHURRIED, troubleBackoff: [50] } },
    });
    fill(store('other', 'anna'), 30);
    store('tenant', 'anna').quota = { messages: 25 };
    const handle = await start();
    const id = mailboxId({ user: 'anna@contoso.example' });
    const full = await bench.mailboxIs(name, id, ({ phase }) => phase === 'attention');
    expect(full.problem).toMatchObject({ code: 'destination.quota-suspected' });
    store('tenant', 'anna').quota = {};
    await handle.executeUpdate(retry, { args: [{ failedOnly: true }] });
    const view = await bench.mailboxIs(name, id, ({ phase }) => phase === 'ready');
    expect(view.problem).toBeUndefined();
    expect(found(store('tenant', 'anna'))).toEqual(found(store('other', 'anna')));
  });

  test('rewrites what it is given and loses \\Flagged: nothing is doubled by a second project, and flags are there', async () => {
    const first = await build({ side: 'destination', people: ['anna'] });
    fill(first.store('other', 'anna'), 30);
    await first.start();
    const id = mailboxId({ user: 'anna@contoso.example' });
    await first.bench.mailboxIs(first.name, id, ({ phase }) => phase === 'ready');
    expect(found(first.store('tenant', 'anna'))).toEqual(found(first.store('other', 'anna')));
    const again = { ...first.settings, name: `${first.name}-again` };
    const row = { id, source: { user: 'anna', password: PASSWORD }, destination: { user: 'anna@contoso.example' } };
    await first.bench.start(again, [row]);
    const view = await first.bench.mailboxIs(again.name, id, ({ phase }) => phase === 'ready');
    expect(view.counts).toMatchObject({ copied: 0, adopted: 30 });
    expect(found(first.store('tenant', 'anna'))).toHaveLength(30);
  });
});
