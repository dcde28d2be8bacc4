import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { destination, pino } from 'pino';
import { mailboxId, mailboxWorkflowId, projectWorkflowId } from '../model/ids.ts';
import type { MailboxView } from '../model/mailbox.ts';
import type { PassSummary } from '../model/pass.ts';
import type { Endpoint, MailboxRow, ProjectSettings } from '../model/project.ts';
import { newProject } from '../model/saga.ts';
import { passwordBinding } from '../model/seal-binding.ts';
import { loadOrCreateKeyFile } from '../seal/key-file.ts';
import type { SealKey } from '../seal/key.ts';
import { seal } from '../seal/seal.ts';
import { defaultCacheDir, obtainTemporalCli } from '../temporal/binary.ts';
import { connect, hasGrpcCode } from '../temporal/connection.ts';
import { startDevServer } from '../temporal/dev-server.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { startWorker } from '../worker/entry.ts';
import { addMailboxes, mailboxView, TASK_QUEUE, WORKFLOW } from '../workflows/messages.ts';
import type { projectWorkflow } from '../workflows/project.ts';
import type { CopyJob } from './processes/job.ts';
import { makeScratch } from './scratch.ts';

/** A Temporal server and a worker, on which mailboxes are copied by their workflows. */
export interface TemporalStage {
  /** Resolves with the mailbox's first pass when it is over. Rejects when there is a problem. */
  readonly copy: (project: string, job: CopyJob) => Promise<PassSummary>;
  readonly stop: () => Promise<void>;
}

const ASK_EVERY_MS = 250;
const PASS_TIMEOUT_MS = 20 * 60_000;
/** Of gRPC: a query came before the workflow's first task. */
const FAILED_PRECONDITION = 9;
const HOUR_MS = 3_600_000;

export async function startTemporalStage(say: (line: string) => void): Promise<TemporalStage> {
  const { path: stateDir, remove } = await makeScratch();
  const undo: (() => Promise<unknown>)[] = [remove];
  const stop = async (): Promise<void> => {
    for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
  };
  try {
    const [key] = await loadOrCreateKeyFile(join(stateDir, 'seal.key'));
    const { env, platform } = process;
    const cacheDir = defaultCacheDir(env, { platform, home: homedir() });
    const cliPath = await obtainTemporalCli({ env, cacheDir, say });
    const server = await startDevServer({
      cliPath,
      logFile: join(stateDir, 'temporal.log'),
      dbFile: join(stateDir, 'db'),
    });
    undo.push(server.stop);
    const { address } = server;
    const connection = await connect({ address, connection: { address } });
    undo.push(() => connection.close());
    await ensureSearchAttributes(connection, 'default');
    const log = pino({ level: 'warn' }, destination({ dest: join(stateDir, 'worker.log'), sync: true }));
    const worker = await startWorker({ connection: { address }, namespace: 'default', stateDir, env: {}, log });
    undo.push(worker.shutdown);
    const client = new Client({ connection });
    return { stop, copy: (project, job) => copyMailbox(client, key, project, job) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function copyMailbox(client: Client, key: SealKey, name: string, job: CopyJob): Promise<PassSummary> {
  const settings = settingsFor(name, job);
  const row = rowFor(key, settings, job);
  const project = await client.workflow.start<typeof projectWorkflow>(WORKFLOW.project, {
    workflowId: projectWorkflowId(name),
    taskQueue: TASK_QUEUE,
    args: [newProject(settings, 1)],
  });
  await project.executeUpdate(addMailboxes, { args: [{ key: 'start-0', rows: [row] }] });
  const mailbox = client.workflow.getHandle(mailboxWorkflowId(name, row.id));
  const deadline = performance.now() + PASS_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const view = await viewOf(() => mailbox.query(mailboxView));
    const [pass] = view?.passes ?? [];
    if (pass !== undefined) return pass;
    if (view?.problem !== undefined) throw new Error(`${view.problem.code}: ${view.problem.text}`);
    await delay(ASK_EVERY_MS);
  }
  throw new Error(`the first pass of ${name} was not over after ${PASS_TIMEOUT_MS / 60_000} minutes`);
}

/** Undefined as long as the mailbox has no workflow, or one that has not begun. */
async function viewOf(ask: () => Promise<MailboxView>): Promise<MailboxView | undefined> {
  try {
    return await ask();
  } catch (error) {
    const soon = error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError;
    if (soon || hasGrpcCode(error, FAILED_PRECONDITION)) return undefined;
    throw error;
  }
}

function settingsFor(
  name: string,
  { source, destination: target, connections, memoryBytes }: CopyJob,
): ProjectSettings {
  return {
    name,
    source: endpoint(source.port),
    destination: endpoint(target.port),
    prestageOlderThanDays: 0,
    folders: { include: [], exclude: [], rename: [], roles: true },
    limits: {
      connectionsPerMailbox: connections,
      connectionsPerEndpoint: 50,
      messagesPerShare: 20_000,
      millisecondsPerShare: 600_000,
      memoryBytes,
    },
    timing: {
      accessBackoff: [HOUR_MS],
      accessGrace: HOUR_MS,
      deltaInterval: 24 * HOUR_MS,
      tailInterval: HOUR_MS,
      tailQuiet: HOUR_MS,
      heartbeatTimeout: 15_000,
      commandTimeout: 120_000,
      troubleBackoff: [HOUR_MS],
    },
  };
}

function endpoint(port: number): Endpoint {
  return { host: '127.0.0.1', port, tls: 'none', auth: { kind: 'password' } };
}

function rowFor(key: SealKey, settings: ProjectSettings, { source, destination: target }: CopyJob): MailboxRow {
  const side = (at: Endpoint, { user, password }: CopyJob['source']): MailboxRow['source'] => ({
    user,
    password: seal(key, passwordBinding(settings.name, at, user), password),
  });
  const row = { source: side(settings.source, source), destination: side(settings.destination, target) };
  return { id: mailboxId(row.destination), ...row };
}
