import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, type Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WORKFLOW } from '../../workflows/messages.ts';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import { connect } from '../../temporal/connection.ts';
import { startDevServer } from '../../temporal/dev-server.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { runCli, startCli, type CliEnding, type CliProcess } from '../support/cli.ts';
import { temporalCliPath } from '../support/context.ts';
import { freePorts } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { startUp, stopUp } from '../support/up.ts';

const USERS = ['anna', 'berta'];
const MESSAGES = 6;
/** A namespace in which one of our search attributes has another type, and one that has no workers. */
const CLASH = 'clash';
const IDLE = 'idle';
/** Temporal's number for the type. */
const KEYWORD = 2;

let directory = '';
let temporal: Connection;
let address = '';
let up: CliProcess;
let source: Sandbox;
let destination: Sandbox;

/** Everything runs beside one `mailferry up` of its own, so that no other test's worker takes its work. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailferry-cli-'));
  source = await startSandbox({ users: USERS.map((name) => ({ name, password: `source-${name}` })) });
  destination = await startSandbox({ users: USERS.map((name) => ({ name, password: `destination-${name}` })) });
  for (const name of USERS) {
    for (let number = 0; number < MESSAGES; number += 1)
      source.store.user(name).addMessage('INBOX', message(name, number));
  }
  up = await startUp(directory);
  address = await addressOfUp();
  temporal = await connect({ address, connection: { address } });
  await addNamespaces();
});

afterAll(async () => {
  await temporal?.close();
  await stopUp(up);
  await source?.close();
  await destination?.close();
  await rm(directory, { recursive: true, force: true });
});

async function addressOfUp(): Promise<string> {
  const state: unknown = JSON.parse(await readText('.mailferry/up.json'));
  if (typeof state !== 'object' || state === null || !('address' in state)) throw new Error('up left no address');
  return String(state.address);
}

async function addNamespaces(): Promise<void> {
  for (const namespace of [CLASH, IDLE]) {
    await temporal.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(86_400_000),
    });
  }
  await eventually(() => ensureSearchAttributes(temporal, IDLE));
  await eventually(() =>
    temporal.operatorService.addSearchAttributes({
      namespace: CLASH,
      searchAttributes: Object.fromEntries([['MailferryMessages', KEYWORD]]),
    }),
  );
}

/** The process of the Temporal server that an `up` has started. */
async function temporalOf({ child }: CliProcess): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const found = lines.find(([, parent, ...args]) => parent === String(child.pid) && args.includes('start-dev'));
  if (found === undefined) throw new Error('no Temporal server is running');
  return Number(found[0]);
}

/** A namespace is not known to every part of the server at once. */
async function eventually(work: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function mailferry(...args: readonly string[]): Promise<CliEnding> {
  return runCli(args, { cwd: directory });
}

async function timed(...args: readonly string[]): Promise<{ readonly ms: number; readonly ending: CliEnding }> {
  const before = performance.now();
  const ending = await mailferry(...args);
  return { ms: performance.now() - before, ending };
}

/** The status as a worker tells it: a busy machine may need longer for that than `status` makes a person wait. */
function answeredStatus(name: string): Promise<Readonly<Record<string, unknown>>> {
  const ask = async (): Promise<Readonly<Record<string, unknown>>> =>
    JSON.parse((await mailferry('status', name, '-o', 'json')).out);
  return until(ask, ({ worker }) => worker === 'answers');
}

interface Side {
  readonly port?: number;
  readonly tls?: string;
  readonly ca?: string;
}

interface ProjectFile {
  readonly name: string;
  readonly source?: Side;
  readonly destination?: Side;
  readonly csv?: string;
  readonly more?: string;
}

function endpointText(side: string, { port, tls = 'none', ca }: Side, usual: number): string {
  return [
    `${side}:`,
    '  host: 127.0.0.1',
    `  port: ${port ?? usual}`,
    `  tls: ${tls}`,
    ...(ca === undefined ? [] : [`  ca: ${ca}`]),
    '  authentication:',
    '    kind: password',
  ].join('\n');
}

/** Writes a project file and its CSV, right but for what the test makes wrong. */
async function project({
  name,
  source: from = {},
  destination: to = {},
  csv,
  more = '',
}: ProjectFile): Promise<string> {
  const text = [
    'schema: mailferry/project/v1',
    `name: ${name}`,
    endpointText('source', from, source.port),
    endpointText('destination', to, destination.port),
    `mailboxes:\n  csv: ${name}.csv`,
    'prestage:\n  olderThan: 0d',
    'tail:\n  every: 1s\n  quietFor: 1s',
    'timing:\n  accessBackoff: [1s]\n  accessGrace: 2s\n  troubleBackoff: [1s]',
    more,
  ].join('\n');
  await writeFile(join(directory, `${name}.csv`), csv ?? rows(USERS), { mode: 0o600 });
  await writeFile(join(directory, `${name}.yaml`), `${text}\n`);
  return `${name}.yaml`;
}

const HEADER = 'source,destination,source_password,destination_password\n';

function rows(users: readonly string[]): string {
  return HEADER + users.map((name) => `${name},${name},source-${name},destination-${name}\n`).join('');
}

function message(user: string, number: number): { readonly body: Buffer; readonly internalDate: Date } {
  const head = `Message-ID: <${user}-${number}@old.example>\r\nFrom: a@old.example\r\nSubject: ${number}\r\n`;
  return { body: Buffer.from(`${head}\r\nhello\r\n`), internalDate: new Date(Date.UTC(2024, 0, 1, 0, number)) };
}

async function readText(name: string): Promise<string> {
  return readFile(join(directory, name), 'utf8');
}

/** How many workflows of a project are running or have ever been started, in the namespace given. */
async function workflowsOf(name: string, namespace = 'default', running = true): Promise<number> {
  const client = new Client({ connection: temporal, namespace });
  const query = `MailferryProject = '${name}'${running ? " AND ExecutionStatus = 'Running'" : ''}`;
  return (await client.workflow.count(query)).count;
}

/** Refused with this code, cause and next step, and nothing of it is running. */
async function expectRefused(ending: CliEnding, name: string, code: number, ...said: readonly RegExp[]): Promise<void> {
  expect(ending, ending.err).toMatchObject({ code });
  for (const words of said) expect(ending.err).toMatch(words);
  expect(ending.err).toMatch(/^ {2}next: \S/m);
  expect(ending.err).not.toMatch(/source-anna|destination-anna/);
  await expect.poll(() => workflowsOf(name)).toBe(0);
}

describe('bad input is refused with its code and next step, and nothing is half-started:', () => {
  it('an unknown key', async () => {
    const file = await project({ name: 'key', more: 'frobnicate: 1' });
    const ending = await mailferry('start', file, '--yes');
    await expectRefused(ending, 'key', 2, /error project\.file:/, /key\.yaml:\d+:1 .*frobnicate/);
  });

  it('an empty CSV', async () => {
    const ending = await mailferry('start', await project({ name: 'empty', csv: HEADER }), '--yes');
    await expectRefused(ending, 'empty', 2, /error project\.csv:/);
  });

  it('two rows with one destination, also by case', async () => {
    const csv = `${rows(['anna'])}berta,ANNA,source-berta,destination-anna\n`;
    const ending = await mailferry('start', await project({ name: 'twice', csv }), '--yes');
    await expectRefused(ending, 'twice', 2, /error project\.csv:/, /twice\.csv:3/);
  });

  it('a namespace to which the search attributes cannot be added', async () => {
    const file = await project({ name: 'attributes' });
    const ending = await mailferry('start', file, '--yes', '--namespace', CLASH);
    await expectRefused(
      ending,
      'attributes',
      5,
      /error temporal\.search-attributes:/,
      /temporal operator search-attribute create .*--namespace clash .*MailferryProject/,
    );
  });

  it('a namespace that is not there', async () => {
    const ending = await mailferry('list', '--namespace', 'nowhere');
    await expectRefused(ending, 'nowhere', 2, /error temporal\.namespace:/);
  });

  it('a Temporal that does not answer', async () => {
    const [nobody] = await freePorts();
    const ending = await mailferry('list', '--address', `127.0.0.1:${nobody}`);
    await expectRefused(ending, 'list', 5, /error temporal\.unreachable:/, /mailferry up/);
  });

  it('a server that cannot be reached', async () => {
    const [nobody] = await freePorts();
    const file = await project({ name: 'unreachable', destination: { port: nobody } });
    const ending = await mailferry('start', file, '--yes');
    await expectRefused(ending, 'unreachable', 5, /error server\.unreachable:/, /anna \(destination\)/);
  });

  it('a wrong password', async () => {
    const csv = rows(USERS).replace('source-berta', 'wrong');
    const ending = await mailferry('start', await project({ name: 'password', csv }), '--yes');
    await expectRefused(ending, 'password', 4, /error access\.password: 1 of 2 /, /berta \(source\)/);
    expect(ending.out).toContain(`anna  ${MESSAGES} messages in 1 folder`);
  });

  it('an expired certificate', async () => {
    const { certPem: cert, keyPem: key } = selfSignedCertificate(['127.0.0.1'], {
      notBefore: new Date(Date.now() - 172_800_000),
      notAfter: new Date(Date.now() - 86_400_000),
    });
    await writeFile(join(directory, 'expired.pem'), cert);
    const expired = await startSandbox({
      tls: { mode: 'implicit', cert, key },
      users: USERS.map((name) => ({ name, password: `destination-${name}` })),
    });
    const side = { port: expired.port, tls: 'implicit', ca: 'expired.pem' };
    const ending = await mailferry('start', await project({ name: 'expired', destination: side }), '--yes');
    await expired.close();
    await expectRefused(ending, 'expired', 5, /error server\.certificate:/, /expired/);
  });

  it('a key that the worker does not have', async () => {
    const file = await project({ name: 'otherkey' });
    const ending = await mailferry('start', file, '--yes', '--home', join(directory, 'other'), '--address', address);
    await expectRefused(ending, 'otherkey', 2, /error seal\.wrong-key:/, /seal\.key/);
  });

  it('a start without a worker', async () => {
    const file = await project({ name: 'noworker' });
    const waiting = await mailferry('start', file, '--yes', '--no-preflight', '--namespace', IDLE);
    await expectRefused(waiting, 'noworker', 5, /error temporal\.no-worker:/, /mailferry up/);
    const looked = await mailferry('start', file, '--yes', '--namespace', IDLE);
    await expectRefused(looked, 'noworker', 5, /error temporal\.no-worker:/);
    await expect.poll(() => workflowsOf('noworker', IDLE)).toBe(0);
  });

  it('a start that nobody confirms', async () => {
    const ending = await mailferry('start', await project({ name: 'unasked' }));
    await expectRefused(ending, 'unasked', 6, /error command\.not-confirmed:/, /--yes/);
    expect(ending.out).toContain(`2 mailboxes with ${MESSAGES * 2} messages`);
  });

  it('a second `up` on the same directory', async () => {
    const ending = await mailferry('up');
    await expectRefused(ending, 'up', 2, /error up\.running:/, new RegExp(`process ${up.child.pid}`));
  });

  it.each(['pause', 'resume', 'retry', 'finish'])('%s of a project that is not there', async (command) => {
    const ending = await mailferry(command, 'nobody');
    await expectRefused(ending, 'nobody', 2, /error project\.unknown:/);
  });
});

describe('a destination over quota', () => {
  it('needs attention, is named with its next step, and is taken up again by retry', async () => {
    destination.store.addUser({ name: 'full', password: 'destination-full', quota: { messages: 2 } });
    const csv = `${rows(['anna'])}berta,full,source-berta,destination-full\n`;
    const file = await project({ name: 'quota', csv });
    expect(await mailferry('start', file, '--yes')).toMatchObject({ code: 0 });
    expect(await mailferry('wait', 'quota', '--for', 'ready', '--timeout', '200s')).toMatchObject({ code: 3 });
    // On a busy machine nobody is named within the two seconds that `status` takes at most.
    const told = async (): Promise<string> => (await mailferry('status', 'quota')).out;
    await until(told, (out) => /full {2}destination\.quota[^]*next: Raise its quota/.test(out));
    destination.store.user('full').quota = {};
    expect(await mailferry('retry', 'quota', '--failed')).toMatchObject({ code: 0 });
    expect(await mailferry('wait', 'quota', '--for', 'ready', '--timeout', '200s')).toMatchObject({ code: 0 });
    expect(await mailferry('cancel', 'quota', '--confirm', 'quota')).toMatchObject({ code: 0 });
    await expect.poll(() => workflowsOf('quota')).toBe(0);
  });
});

describe('a project', () => {
  it('goes from its start to its end by the command line', async () => {
    const file = await project({ name: 'road', csv: rows(['anna']) });
    const started = await mailferry('start', file, '--yes', '-o', 'json');
    expect(JSON.parse(started.out)).toMatchObject({
      project: 'road',
      started: true,
      mailboxes: 1,
      preflight: [{ ok: true, id: 'anna', messages: MESSAGES }],
    });

    const again = await mailferry('start', file, '--yes');
    expect(again).toMatchObject({ code: 2 });
    expect(again.err).toMatch(/error project\.exists:[^]*mailferry apply/);

    expect(await mailferry('wait', 'road', '--for', 'ready', '--timeout', '200s')).toMatchObject({ code: 0 });
    const impatient = await mailferry('wait', 'road', '--timeout', '1s');
    expect(impatient).toMatchObject({ code: 5 });
    expect(impatient.err).toContain('error command.timeout:');

    const paused = await mailferry('pause', 'road', '-o', 'json');
    expect(JSON.parse(paused.out)).toMatchObject({ done: 'pause', inEffect: true });
    expect((await mailferry('status', 'road')).out).toContain('paused');
    expect(await mailferry('resume', 'road')).toMatchObject({ code: 0 });

    expect((await mailferry('apply', file, '--yes')).out).toContain('nothing was changed');
    await writeFile(join(directory, 'road.csv'), rows(['anna', 'berta']));
    const applied = await mailferry('apply', file, '--yes', '-o', 'json');
    expect(JSON.parse(applied.out)).toMatchObject({ applied: true, changes: [{ kind: 'mailbox-added', id: 'berta' }] });
    expect(await mailferry('wait', 'road', '--for', 'ready', '--timeout', '200s')).toMatchObject({ code: 0 });
    expect((await mailferry('show', 'road', 'BERTA')).out).toMatch(/INBOX +\d+ {2}of {2}6/);
    expect(await mailferry('show', 'road', 'carl')).toMatchObject({ code: 2 });

    expect(await mailferry('finish', 'road')).toMatchObject({ code: 2 });
    expect(await mailferry('cutover', 'road', '--confirm', 'road')).toMatchObject({ code: 0 });
    expect(await mailferry('wait', 'road', '--timeout', '200s')).toMatchObject({ code: 0 });
    expect(await answeredStatus('road')).toMatchObject({
      phase: 'finished',
      workflow: 'completed',
      worker: 'answers',
      mailboxes: 2,
      counts: { missing: 0, doubled: 0 },
    });
    expect(JSON.parse((await mailferry('list', '-o', 'json')).out)).toContainEqual(
      expect.objectContaining({ project: 'road', phase: 'finished', mailboxes: 2 }),
    );
  });

  it('is watched until Ctrl-C, which detaches and says so', async () => {
    await mailferry('start', await project({ name: 'watched', csv: rows(['anna']) }), '--yes');
    const watch = startCli(['status', 'watched', '--watch'], { cwd: directory });
    await watch.printed(/^watched: /m);
    watch.child.kill('SIGINT');
    const ending = await watch.ended;
    expect(ending).toMatchObject({ code: 130 });
    expect(ending.err).toMatch(/Detached\. Project "watched" goes on/);
    expect(await mailferry('cancel', 'watched', '--confirm', 'watched')).toMatchObject({ code: 0 });
  });

  it('whose workflow was terminated by hand is ended by cancel all the same', async () => {
    await mailferry('start', await project({ name: 'orphan', csv: rows(USERS) }), '--yes');
    const client = new Client({ connection: temporal });
    await client.workflow.getHandle('mailferry/orphan').terminate('by hand');
    expect((await mailferry('status', 'orphan')).out).toContain('terminated');
    const ending = await mailferry('cancel', 'orphan', '--confirm', 'orphan');
    // Its mailboxes notice by themselves that nobody steers them; cancel may find that nothing is left to do.
    expect([0, 2]).toContain(ending.code);
    await expect.poll(() => workflowsOf('orphan')).toBe(0);
  });

  it('that no worker has taken up is shown within two seconds, and told so', async () => {
    const client = new Client({ connection: temporal, namespace: IDLE });
    await client.workflow.start(WORKFLOW.project, { workflowId: 'mailferry/lonely', taskQueue: 'mailferry', args: [] });
    const times = { list: [] as number[], status: [] as number[] };
    for (let time = 0; time < 3; time += 1) {
      times.list.push((await timed('list', '--namespace', IDLE)).ms);
      const { ms, ending } = await timed('status', 'lonely', '--namespace', IDLE);
      times.status.push(ms);
      expect(ending).toMatchObject({ code: 0 });
      expect(ending.out).toContain('No worker is running');
    }
    // Other tests share the machine: the best of three counts, beside what a command takes there that waits for nobody.
    expect(Math.min(...times.status)).toBeLessThan(Math.max(2_000, 2 * Math.min(...times.list)));
    await client.workflow.getHandle('mailferry/lonely').terminate();
  });
});

describe('a copy of the state', () => {
  it('made while `up` works is a whole ledger', async () => {
    await mailferry('start', await project({ name: 'kept', csv: rows(USERS) }), '--yes', '--no-preflight');
    const ending = await mailferry('backup', '--to', join(directory, 'safe'), '-o', 'json');
    expect(ending).toMatchObject({ code: 0 });
    const [copy = ''] = await readdir(join(directory, 'safe'));
    expect(await readdir(join(directory, 'safe', copy))).toEqual(
      expect.arrayContaining(['backup.json', 'seal.key', 'temporal.db']),
    );
    const server = await startDevServer({
      cliPath: temporalCliPath(),
      dbFile: join(directory, 'safe', copy, 'temporal.db'),
      logFile: join(directory, 'safe', 'temporal.log'),
    });
    const ids = await mailferry('list', '-o', 'json', '--address', server.address).then(({ out }) => out);
    await server.stop();
    expect(ids).toContain('"kept"');
    expect(await mailferry('cancel', 'kept', '--confirm', 'kept')).toMatchObject({ code: 0 });
  });
});

describe('up', () => {
  it('starts a crashed Temporal again', async () => {
    const crashed = await temporalOf(up);
    process.kill(crashed, 'SIGKILL');
    await expect.poll(() => temporalOf(up).catch(() => crashed)).not.toBe(crashed);
    await expect.poll(async () => (await mailferry('list')).code).toBe(0);
  });

  it('stops on SIGTERM, and goes on where it was', async () => {
    await mailferry('start', await project({ name: 'durable', csv: rows(['anna']) }), '--yes');
    await mailferry('wait', 'durable', '--for', 'ready', '--timeout', '200s');
    up.child.kill('SIGTERM');
    expect(await up.ended).toMatchObject({ code: 0 });
    expect(await readdir(join(directory, '.mailferry'))).not.toContain('up.json');
    up = await startUp(directory);
    expect(await answeredStatus('durable')).toMatchObject({ phase: 'ready', worker: 'answers' });
    expect(await mailferry('cancel', 'durable', '--confirm', 'durable')).toMatchObject({ code: 0 });
  });
});
