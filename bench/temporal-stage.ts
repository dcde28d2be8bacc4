import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, WorkflowContinuedAsNewError, WorkflowNotFoundError } from '@temporalio/client';
import { destination, pino } from 'pino';
import { mailboxId, mailboxWorkflowId, projectWorkflowId } from '../model/ids.ts';
import type { Endpoint, MailboxRow, ProjectSettings } from '../model/project.ts';
import { newProject } from '../model/saga.ts';
import { passwordBinding } from '../model/seal-binding.ts';
import { loadOrCreateKeyFile } from '../seal/key-file.ts';
import type { SealKey } from '../seal/key.ts';
import { seal } from '../seal/seal.ts';
import { defaultCacheDir, obtainTemporalCli } from '../temporal/binary.ts';
import { connect } from '../temporal/connection.ts';
import { startDevServer } from '../temporal/dev-server.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { startWorker } from '../worker/entry.ts';
import { addMailboxes, mailboxView, TASK_QUEUE, WORKFLOW } from '../workflows/messages.ts';
import type { projectWorkflow } from '../workflows/project.ts';
import type { CopyJob } from './processes/job.ts';
import { stepsOf, type PassStep } from './pass-steps.ts';
import { makeScratch } from './scratch.ts';

/** A Temporal server and a worker, on which mailboxes are copied by their workflows. */
export interface TemporalStage {
  /** Resolves with the activities of the mailbox's first pass when it is over. Rejects when it did not end. */
  readonly copy: (project: string, job: CopyJob) => Promise<readonly PassStep[]>;
  /** Begins the same without waiting for it. Resolves, when the mailbox's workflow runs, with how to put an end to it. */
  readonly begin: (project: string, job: CopyJob) => Promise<() => Promise<void>>;
  readonly stop: () => Promise<void>;
}

const ASK_EVERY_MS = 20;
const MOST_ASKED = 500;
const PASS_TIMEOUT_MS = 5 * 60_000;
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
    return {
      stop,
      copy: (project, job) => copyMailbox(client, key, project, job),
      begin: async (project, job) => {
        const { mailbox } = await beginCopy(client, key, project, job);
        return async () => void (await client.workflow.getHandle(mailbox).terminate());
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface BegunCopy {
  readonly mailbox: string;
  readonly runId: string;
}

async function beginCopy(client: Client, key: SealKey, name: string, job: CopyJob): Promise<BegunCopy> {
  const settings = settingsFor(name, job);
  const row = rowFor(key, settings, job);
  const project = await client.workflow.start<typeof projectWorkflow>(WORKFLOW.project, {
    workflowId: projectWorkflowId(name),
    taskQueue: TASK_QUEUE,
    args: [newProject(settings, 1)],
  });
  await project.executeUpdate(addMailboxes, { args: [{ key: 'start-0', rows: [row] }] });
  const mailbox = mailboxWorkflowId(name, row.id);
  return { mailbox, runId: await firstRunOf(client, mailbox) };
}

async function copyMailbox(client: Client, key: SealKey, name: string, job: CopyJob): Promise<readonly PassStep[]> {
  const { mailbox, runId } = await beginCopy(client, key, name, job);
  await endOfRun(client, mailbox, runId);
  const { events } = await client.workflow.getHandle(mailbox, runId).fetchHistory();
  return stepsOf(events ?? []);
}

/** The shard starts the mailbox's workflow some moments after the project has taken its row. */
async function firstRunOf(client: Client, workflowId: string): Promise<string> {
  for (let asked = 0; asked < MOST_ASKED; asked++) {
    try {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      const runId = raw.workflowExecutionInfo?.firstRunId;
      if (runId) return runId;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    await delay(ASK_EVERY_MS);
  }
  throw new Error(`the workflow ${workflowId} was not started`);
}

/**
 * A mailbox is continued as new after each pass. The server is asked once and answers then: to ask again and again would take
 * from the copy what is measured.
 */
async function endOfRun(client: Client, workflowId: string, runId: string): Promise<void> {
  const run = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  try {
    await client.withDeadline(Date.now() + PASS_TIMEOUT_MS, () => run.result());
  } catch (error) {
    if (error instanceof WorkflowContinuedAsNewError) return;
    const { now, problem } = await run.query(mailboxView);
    throw new Error(`the first pass did not end: ${now} (${problem?.text ?? 'no problem is known'})`, { cause: error });
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
