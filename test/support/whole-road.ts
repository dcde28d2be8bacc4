import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { mailboxId, mailboxWorkflowId, projectWorkflowId, shardWorkflowId } from '../../model/ids.ts';
import type { MailboxRow, MailboxSide, ProjectSettings, Side, Timing } from '../../model/project.ts';
import { passwordBinding } from '../../model/seal-binding.ts';
import { createKeyFile } from '../../seal/key-file.ts';
import { seal } from '../../seal/seal.ts';
import { connect } from '../../temporal/connection.ts';
import { Administrator, type ProjectHandle } from './administrator.ts';
import { temporalAddress, workflowBundlePath } from './context.ts';
import { compareMailboxes } from './imap-client.ts';
import type { MailboxComparison, SeedFolder } from './imap-client.ts';
import { projectSettings, QUICK } from './projects.ts';
import { openRoadSide, type RoadSide, type RoadSideOptions } from './road-side.ts';
import { until } from './until.ts';
import { startWorkerProcess, type WorkerProcess } from './workers.ts';

/** A mailbox of the project; its user has the same name on both sides. */
export interface RoadMailbox {
  readonly user: string;
  readonly source: readonly SeedFolder[];
  readonly destination?: readonly SeedFolder[];
}

export interface RoadOptions {
  readonly mailboxes: readonly RoadMailbox[];
  readonly source?: RoadSideOptions;
  readonly destination?: RoadSideOptions;
  /** Over a project that copies everything at once and waits seconds instead of hours. */
  readonly settings?: Partial<Omit<ProjectSettings, 'name' | 'source' | 'destination' | 'timing'>>;
  readonly timing?: Partial<Timing>;
  /** `host:port` of a Temporal server of the test's own. */
  readonly temporal?: string;
}

/** Two mail servers, Temporal, workers in processes of their own, and one project between them. */
export interface Road {
  /** Of the project, and of its task queue. */
  readonly name: string;
  /** Holds the key and the workers' logs. */
  readonly stateDir: string;
  readonly settings: ProjectSettings;
  readonly source: RoadSide;
  readonly destination: RoadSide;
  readonly admin: Administrator;
  /** Sealed anew for a project of these settings, with the right passwords or with others. */
  readonly row: (user: string, passwords?: Partial<Record<Side, string>>, settings?: ProjectSettings) => MailboxRow;
  /** Starts a worker, by default one that reaches Temporal directly. */
  readonly work: (temporal?: string) => Promise<WorkerProcess>;
  readonly start: (rows?: readonly MailboxRow[], settings?: ProjectSettings) => Promise<ProjectHandle>;
  /** Resolves with the worker that has a copy of this mailbox in hand, where `wanted` says that it is the right one. */
  readonly copying: (user: string, wanted?: (worker: WorkerProcess) => boolean) => Promise<WorkerProcess>;
  /** Both sides of a mailbox, read by a client that knows nothing of ledgers. */
  readonly compare: (user: string, folderMap?: (path: string) => string) => Promise<MailboxComparison>;
  /** Ends the project's workflows, the workers and the servers, and removes every file. */
  readonly close: () => Promise<void>;
}

type Later = (act: () => Promise<unknown>) => void;

let opened = 0;

/** Builds the road up to, but without, workers and the start of the project. */
export async function openRoad(options: RoadOptions): Promise<Road> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
  };
  try {
    return { ...(await build(options, (act) => undo.push(act))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(options: RoadOptions, later: Later): Promise<Omit<Road, 'close'>> {
  opened += 1;
  const name = `road-${process.pid}-${opened}`;
  const temporal = options.temporal ?? temporalAddress();
  const stateDir = await mkdtemp(join(tmpdir(), 'mailferry-road-'));
  later(() => rm(stateDir, { recursive: true, force: true }));
  const sides = await openSides(options, later);
  const settings = settingsOf(name, options, sides);
  const [key] = await createKeyFile(join(stateDir, 'seal.key'));
  const row: Road['row'] = (user, passwords = {}, own = settings) => {
    const side = (which: Side): MailboxSide => {
      const binding = passwordBinding(own.name, own[which], user);
      return { user, password: seal(key, binding, passwords[which] ?? sides[which].password(user)) };
    };
    return { id: mailboxId({ user }), source: side('source'), destination: side('destination') };
  };
  const connection = await connect({ address: temporal, connection: { address: temporal } });
  later(() => connection.close());
  const admin = new Administrator(new Client({ connection }), name);
  const users = options.mailboxes.map(({ user }) => user);
  const workers: WorkerProcess[] = [];
  let numbered = 0;
  return {
    name,
    stateDir,
    settings,
    ...sides,
    admin,
    row,
    work: async (address = temporal) => {
      const worker = await startNumberedWorker({ name, stateDir, address, number: (numbered += 1) });
      workers.push(worker);
      later(worker.kill);
      return worker;
    },
    start: async (rows = users.map((user) => row(user)), own = settings) => {
      later(() => terminateAll(admin, own.name, rows));
      return await admin.start(own, rows);
    },
    copying: (user, wanted = () => true) =>
      until(async () => {
        const identity = await copyingIdentity(admin, mailboxWorkflowId(name, mailboxId({ user })));
        return workers.find((worker) => worker.identity === identity && wanted(worker));
      }, Boolean).then(known),
    compare: async (user, folderMap) =>
      compareMailboxes(await sides.source.read(user), await sides.destination.read(user), folderMap),
  };
}

async function openSides(options: RoadOptions, later: Later): Promise<Record<Side, RoadSide>> {
  const { mailboxes } = options;
  const source = await openRoadSide(
    mailboxes.map((mailbox) => ({ user: mailbox.user, folders: mailbox.source })),
    options.source,
  );
  later(source.stop);
  const destination = await openRoadSide(
    mailboxes.map((mailbox) => ({ user: mailbox.user, folders: mailbox.destination ?? [] })),
    options.destination,
  );
  later(destination.stop);
  return { source, destination };
}

function settingsOf(name: string, options: RoadOptions, sides: Record<Side, RoadSide>): ProjectSettings {
  return projectSettings(name, {
    prestageOlderThanDays: 0,
    ...options.settings,
    source: sides.source.endpoint,
    destination: sides.destination.endpoint,
    timing: { ...QUICK, ...options.timing },
  });
}

function startNumberedWorker(worker: {
  readonly name: string;
  readonly stateDir: string;
  readonly address: string;
  readonly number: number;
}): Promise<WorkerProcess> {
  const { name, stateDir, address, number } = worker;
  return startWorkerProcess({
    address,
    taskQueue: name,
    stateDir,
    bundlePath: workflowBundlePath(),
    identity: `${name}-worker-${number}`,
    logFile: join(stateDir, `worker-${number}.log`),
  });
}

/** The identity of the worker that runs a copy for this mailbox, if one does. */
async function copyingIdentity({ client }: Administrator, workflowId: string): Promise<string | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const copies = (raw.pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'copyFolder');
  // Started is 2 in temporal.api.enums.v1.PendingActivityState.
  return copies.find(({ state }) => Number(state) === 2)?.lastWorkerIdentity ?? undefined;
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it was seen and is gone');
  return value;
}

async function terminateAll({ client }: Administrator, project: string, rows: readonly MailboxRow[]): Promise<void> {
  const mailboxes = rows.map(({ id }) => mailboxWorkflowId(project, id));
  for (const id of [projectWorkflowId(project), shardWorkflowId(project, 0), ...mailboxes]) {
    try {
      await client.workflow.getHandle(id).terminate('the test is over');
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
