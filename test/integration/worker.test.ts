import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import { destination, pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PreflightResult } from '../../model/preflight.ts';
import type { Endpoint, MailboxRow, ProjectSettings } from '../../model/project.ts';
import { passwordBinding } from '../../model/seal-binding.ts';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import { loadOrCreateKeyFile } from '../../seal/key-file.ts';
import { SealKey } from '../../seal/key.ts';
import { seal } from '../../seal/seal.ts';
import { connect } from '../../temporal/connection.ts';
import { startWorker, type RunningWorker } from '../../worker/entry.ts';
import { TASK_QUEUE, WORKFLOW } from '../../workflows/messages.ts';
import { temporalAddress, workflowBundlePath } from '../support/context.ts';
import { projectSettings } from '../support/projects.ts';

const PROJECT = 'worker-test';
const USER = 'anna@example.org';
const PASSWORD = 'canary-7d1f-password';

let stateDir: string;
let connection: Connection;
let client: Client;
let source: Sandbox;
let target: Sandbox;
let worker: RunningWorker;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'mailferry-worker-'));
  connection = await connect({ address: temporalAddress(), connection: { address: temporalAddress() } });
  client = new Client({ connection });
  source = await startSandbox({ users: [{ name: USER, password: PASSWORD }] });
  target = await startSandbox({ users: [{ name: USER, password: PASSWORD }] });
  source.store.user(USER).addFolder('Work');
  source.store.user(USER).addMessage('Work', { body: Buffer.from('Subject: one\r\n\r\nBody\r\n') });
  worker = await startWorker({
    connection: { address: temporalAddress() },
    namespace: 'default',
    stateDir,
    env: {},
    log: pino(destination({ dest: join(stateDir, 'worker.log'), sync: true })),
    identity: 'the worker of a test',
    workflowBundlePath: workflowBundlePath(),
  });
});
afterAll(async () => {
  await worker.shutdown();
  await Promise.all([source.close(), target.close(), connection.close()]);
  await rm(stateDir, { recursive: true });
});

function endpoint(server: Sandbox): Endpoint {
  return { host: server.host, port: server.port, tls: 'none', auth: { kind: 'password' } };
}

async function preflight(key: SealKey, password: string, id: string): Promise<PreflightResult> {
  const settings: ProjectSettings = {
    ...projectSettings(PROJECT),
    source: endpoint(source),
    destination: endpoint(target),
  };
  const sealed = (side: 'source' | 'destination'): string =>
    seal(key, passwordBinding(PROJECT, settings[side], USER), password);
  const row: MailboxRow = {
    id: USER,
    source: { user: USER, password: sealed('source') },
    destination: { user: USER, password: sealed('destination') },
  };
  return client.workflow.execute(WORKFLOW.preflight, {
    workflowId: `mailferry/${PROJECT}/preflight-${id}`,
    taskQueue: TASK_QUEUE,
    args: [{ settings, rows: [row] }],
  });
}

test('a worker without a key says so, and opens secrets as soon as there is one', async () => {
  const [missing] = await preflight(SealKey.create(), PASSWORD, 'no-key');
  expect(missing).toMatchObject({ ok: false, problem: { code: 'seal.key-missing' } });
  const [key] = await loadOrCreateKeyFile(join(stateDir, 'seal.key'));
  const [seen] = await preflight(key, PASSWORD, 'key');
  expect(seen).toMatchObject({ ok: true, messages: 1 });
});

test('a worker with another key names it, and a wrong password is refused by the server', async () => {
  const [key] = await loadOrCreateKeyFile(join(stateDir, 'seal.key'));
  const [wrongKey] = await preflight(SealKey.create(), PASSWORD, 'wrong-key');
  expect(wrongKey).toMatchObject({ ok: false, problem: { code: 'seal.wrong-key' } });
  const [wrongPassword] = await preflight(key, `${PASSWORD}-not`, 'wrong-password');
  expect(wrongPassword).toMatchObject({ ok: false, side: 'source', problem: { code: 'access.password' } });
});

test('what a worker logs holds no secret', async () => {
  expect(await readFile(join(stateDir, 'worker.log'), 'utf8')).not.toContain('canary');
});

test('a worker that is told to stop twice stops once, and has let go of everything', async () => {
  await Promise.all([worker.shutdown(), worker.shutdown()]);
  await expect(worker.finished).resolves.toBeUndefined();
});

test('a worker that finds no Temporal says which address it tried', async () => {
  const nowhere = startWorker({
    connection: { address: '127.0.0.1:1' },
    namespace: 'default',
    stateDir,
    env: {},
    log: pino({ level: 'silent' }),
    workflowBundlePath: workflowBundlePath(),
  });
  await expect(nowhere).rejects.toThrow(/Temporal at 127\.0\.0\.1:1 cannot be reached/);
});
