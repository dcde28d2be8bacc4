/**
 * Records what Temporal keeps of three small projects, so that later versions of the workflows can be replayed against it:
 * `node --import tsx scripts/record-histories.ts VERSION` writes every run to test/histories/VERSION/. What is there already
 * stays: it stands for projects that are under way somewhere.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { pino } from 'pino';
import { doctorGates, doctorLogins, type DoctorInput } from '../model/doctor-run.ts';
import { asideWorkflowId, doctorWorkflowId, mailboxId, preflightWorkflowId } from '../model/ids.ts';
import type { Application, Endpoint, MailboxRow, MailboxSide, ProjectSettings, Side } from '../model/project.ts';
import { credentialBinding, passwordBinding } from '../model/seal-binding.ts';
import { startSandbox, type Sandbox } from '../sandbox/server.ts';
import type { Registration } from '../sandbox/tenant/registration.ts';
import { startTenant, type Tenant } from '../sandbox/tenant/tenant.ts';
import type { SealKey } from '../seal/key.ts';
import { createKeyFile } from '../seal/key-file.ts';
import { seal } from '../seal/seal.ts';
import { defaultCacheDir, obtainTemporalCli } from '../temporal/binary.ts';
import { connect } from '../temporal/connection.ts';
import { startDevServer } from '../temporal/dev-server.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { Administrator } from '../test/support/administrator.ts';
import { generateNewMail } from '../test/support/corpus.ts';
import { projectSettings } from '../test/support/projects.ts';
import { startProxy, type Proxy } from '../test/support/proxy.ts';
import { startWorker } from '../worker/entry.ts';
import { TASK_QUEUE, WORKFLOW, cancel, change, cutover, pause, resume, retry } from '../workflows/messages.ts';

const USERS = ['anna', 'bert'] as const;
const PASSWORD = 'recorded';
const MESSAGES = 40;
const PACE = 20_000;

interface Stage {
  readonly admin: Administrator;
  readonly key: SealKey;
  readonly source: Sandbox;
  readonly destination: Sandbox;
  readonly wire: Proxy;
  readonly settingsOf: (name: string) => ProjectSettings;
  readonly rowsOf: (settings: ProjectSettings) => readonly MailboxRow[];
}

type Later = (act: () => Promise<unknown>) => void;

async function record(version: string): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const stage = await setUp((act) => undo.push(act));
    await wholeSaga(stage);
    await troubleAndCancel(stage);
    await behindAGate(stage);
    await write(stage.admin.client, join('test', 'histories', version));
  } finally {
    for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
  }
}

async function setUp(later: Later): Promise<Stage> {
  const stateDir = await mkdtemp(join(tmpdir(), 'mailferry-record-'));
  later(() => rm(stateDir, { recursive: true, force: true }));
  const [key] = await createKeyFile(join(stateDir, 'seal.key'));
  const source = await startSandbox({ users: USERS.map((name) => ({ name, password: PASSWORD })) });
  later(() => source.close());
  const destination = await startSandbox({ users: USERS.map((name) => ({ name, password: PASSWORD })) });
  later(() => destination.close());
  const wire = await startProxy(`${destination.host}:${destination.port}`);
  later(wire.close);
  USERS.forEach((user, at) => deliver(source, user, at + 1, MESSAGES));
  const settingsOf = (name: string): ProjectSettings => settingsFor(name, source, wire);
  const rowOf = (settings: ProjectSettings, user: string): MailboxRow => {
    const side = (which: Side): MailboxSide => ({
      user,
      password: seal(key, passwordBinding(settings.name, settings[which], user), PASSWORD),
    });
    return { id: mailboxId({ user }), source: side('source'), destination: side('destination') };
  };
  const admin = new Administrator(await startTemporal(stateDir, later), TASK_QUEUE);
  return { admin, key, source, destination, wire, settingsOf, rowsOf: (own) => USERS.map((user) => rowOf(own, user)) };
}

async function startTemporal(stateDir: string, later: Later): Promise<Client> {
  const cliPath = await obtainTemporalCli({
    env: process.env,
    cacheDir: defaultCacheDir(process.env, { platform: process.platform, home: homedir() }),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const server = await startDevServer({ cliPath, logFile: join(stateDir, 'temporal.log') });
  later(() => server.stop());
  const { address } = server;
  const connection = await connect({ address, connection: { address } });
  later(() => connection.close());
  await ensureSearchAttributes(connection, 'default');
  const worker = await startWorker({
    connection: { address },
    namespace: 'default',
    stateDir,
    env: {},
    log: pino({ level: 'warn' }),
    identity: 'worker',
  });
  later(() => worker.shutdown());
  return new Client({ connection, identity: 'administrator' });
}

function settingsFor(name: string, source: Sandbox, destination: Proxy): ProjectSettings {
  const settings = projectSettings(name);
  const limits = { ...settings.limits, connectionsPerMailbox: 1, messagesPerShare: 25 };
  const { timing } = settings;
  return {
    ...settings,
    source: { ...settings.source, port: source.port },
    destination: { ...settings.destination, port: destination.port },
    prestageOlderThanDays: 0,
    limits,
    timing: { ...timing, tailInterval: 2_000, tailQuiet: 2_000, accessBackoff: [500], accessGrace: 1_500 },
  };
}

/** Refused access, a pause in the middle of a copy, new mail before and after the cutover, a comparison. */
async function wholeSaga({ admin, source, destination, wire, settingsOf, rowsOf }: Stage): Promise<void> {
  const settings = settingsOf('whole-saga');
  const rows = rowsOf(settings);
  const [row] = rows;
  if (row === undefined) throw new Error('there is no mailbox to record');
  const folder = { source: 'INBOX', sourcePath: 'INBOX', uidValidity: 1, notes: [] };
  await admin.client.workflow.execute(WORKFLOW.aside, {
    workflowId: asideWorkflowId(settings.name, 'recorded'),
    taskQueue: TASK_QUEUE,
    args: [{ settings, row, folders: [folder] }],
  });
  await admin.client.workflow.execute(WORKFLOW.preflight, {
    workflowId: preflightWorkflowId(settings.name, 'recorded'),
    taskQueue: TASK_QUEUE,
    args: [{ settings, rows }],
  });
  const bert = destination.store.user('bert');
  bert.password = 'another';
  for (const connection of destination.connections('bert')) connection.bye('The password has changed');
  wire.throttle(PACE);
  const handle = await admin.start(settings, rows);
  await wire.passed(10_000);
  await handle.signal(pause);
  await admin.mailboxIs(settings.name, 'anna', ({ now }) => now.startsWith('paused'));
  wire.throttle(undefined);
  await handle.signal(resume);
  await admin.mailboxIs(settings.name, 'bert', ({ phase }) => phase === 'attention');
  bert.password = PASSWORD;
  await handle.executeUpdate(retry, { args: [{ failedOnly: false }] });
  await admin.projectIs(settings.name, ({ totals }) => totals.phases.ready === USERS.length);
  deliver(source, 'anna', 3, 3);
  await handle.executeUpdate(cutover, { args: [{ force: false }] });
  await admin.projectIs(settings.name, ({ phase }) => phase === 'tail');
  deliver(source, 'bert', 4, 2);
  await admin.result(settings.name);
}

/** A full destination, a removed mailbox, changed settings, and the end in the middle of a copy. */
async function troubleAndCancel({ admin, source, destination, wire, settingsOf, rowsOf }: Stage): Promise<void> {
  const settings = settingsOf('trouble');
  const rows = rowsOf(settings);
  const anna = destination.store.user('anna');
  deliver(source, 'anna', 5, 20);
  anna.quota = { messages: MESSAGES + 10 };
  const handle = await admin.start(settings, rows);
  await admin.mailboxIs(settings.name, 'anna', ({ problem }) => problem?.code === 'destination.quota');
  await handle.executeUpdate(change, { args: [{ shards: [{ index: 0, removed: ['bert'] }] }] });
  await admin.projectIs(settings.name, ({ totals }) => totals.phases.cancelled === 1);
  anna.quota = {};
  wire.throttle(PACE);
  deliver(source, 'anna', 6, MESSAGES);
  await handle.executeUpdate(change, { args: [{ settings }] });
  await wire.passed(10_000);
  await handle.signal(cancel);
  await admin.result(settings.name);
}

/** A tenant that lets nobody in until it knows the application; a doctor that says so; an administrator who mends it. */
async function behindAGate({ admin, key, settingsOf, rowsOf }: Stage): Promise<void> {
  const tenant = await startTenant();
  try {
    const app = tenant.registerApp({ servicePrincipal: 'none' });
    for (const user of USERS) tenant.addMailbox(user);
    const settings = openedBy(app, tenant, settingsOf('behind-a-gate'), key);
    const rows = rowsOf(settings).map(({ id, destination }): MailboxRow => ({
      id,
      source: { user: `${id}@${tenant.domain}` },
      destination,
    }));
    const doctor: DoctorInput = {
      settings,
      tasks: [...doctorGates(settings, rows), ...doctorLogins(settings, rows)],
    };
    await admin.client.workflow.execute(WORKFLOW.doctor, {
      workflowId: doctorWorkflowId(settings.name, 'recorded'),
      taskQueue: TASK_QUEUE,
      args: [doctor],
    });
    const handle = await admin.start(settings, rows);
    await admin.projectIs(settings.name, ({ gates }) => (gates?.[0]?.tries ?? 0) > 1);
    app.setServicePrincipal('enterprise-application');
    await handle.executeUpdate(retry, { args: [{ failedOnly: false }] });
    await admin.projectIs(settings.name, ({ phase }) => phase === 'ready');
    await handle.signal(cancel);
    await admin.result(settings.name);
  } finally {
    await tenant.close();
  }
}

function openedBy(app: Registration, tenant: Tenant, settings: ProjectSettings, key: SealKey): ProjectSettings {
  const { authority, tenantId, scope, caPem } = tenant;
  const application = (secret: string): Application => ({
    clientId: app.clientId,
    credential: { kind: 'secret', secret },
  });
  const sourceWith = (secret: string): Endpoint => ({
    host: '127.0.0.1',
    port: tenant.imap.port,
    tls: 'implicit',
    caPem,
    auth: { kind: 'oauth2', tenant: tenantId, app: application(secret), authority, scope, authorityCaPem: caPem },
  });
  const binding = credentialBinding(settings.name, sourceWith(''));
  if (binding === undefined) throw new Error('the application has no secret');
  return { ...settings, source: sourceWith(seal(key, binding, app.secret)) };
}

function deliver({ store }: Sandbox, user: string, seed: number, messages: number): void {
  for (const { raw, flags } of generateNewMail(seed, { messages, now: new Date() })) {
    store.user(user).addMessage('INBOX', { body: raw, flags: [...flags] });
  }
}

/** One file for each run, named after its workflow and counted in the order of the runs. */
async function write(client: Client, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const runs = [];
  for await (const listed of client.workflow.list()) runs.push(listed);
  const numbered = new Map<string, number>();
  for (const { workflowId, runId, type } of runs.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())) {
    const number = (numbered.get(workflowId) ?? 0) + 1;
    numbered.set(workflowId, number);
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const file = join(folder, `${workflowId.replaceAll('/', '.')}.${number}.json`);
    const parsed: unknown = JSON.parse(historyToJSON(history));
    await writeFile(file, `${JSON.stringify({ workflowId, type, history: parsed })}\n`);
    process.stdout.write(`${file}\n`);
  }
}

const [version] = process.argv.slice(2);
if (version === undefined) throw new Error('Say for which version, for example: 0.1.0');
await record(version);
