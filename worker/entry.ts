import { setMaxListeners } from 'node:events';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { acknowledgedHeartbeats, createActivities, dependenciesOf } from '../activities/index.ts';
import { connect, type TemporalTarget } from '../temporal/connection.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';
import { workflowBundle } from './bundle.ts';
import { secretOpener, type KeyPlace } from './keys.ts';
import { installRuntime } from './logging.ts';

export interface WorkerSettings extends KeyPlace {
  readonly connection: TemporalTarget['connection'];
  readonly namespace: string;
  /** `log` is the whole process's, for the first worker that is started in it. */
  readonly log: Logger;
  /** How this worker is called in the Web UI. */
  readonly identity?: string;
  /** Every mailferry worker's own when absent. */
  readonly taskQueue?: string;
  /** Activities at one time; 100 when absent. */
  readonly activitySlots?: number;
  /** A bundle of the workflows made beforehand. */
  readonly workflowBundlePath?: string;
}

export interface RunningWorker {
  /** Settles when the worker has ended, whether it was told to or not; rejects when it ended of an error. */
  readonly finished: Promise<void>;
  /**
   * Takes nothing new, lets every copy end its batch and hand its folder over, and resolves when all have. May be called
   * again. Rejects when that took longer than a minute; the process should end then.
   */
  readonly shutdown: () => Promise<void>;
}

const ACTIVITY_SLOTS = 100;
/** A worker that is cut off swallows as many tasks as it has polls waiting at the server, each for a heartbeat timeout. */
const ACTIVITY_POLLS = 2;
/** Mailboxes wait for days between passes; one that is not cached is replayed in milliseconds. */
const CACHED_WORKFLOWS = 500;
/** For activities that are over in seconds; copies are told at once. */
const SHUTDOWN_GRACE = '10 seconds';
const SHUTDOWN_AT_THE_LATEST = '60 seconds';
/** So long a dead worker holds up the workflows that it had in its memory. */
const STICKY_TIMEOUT = '5 seconds';
/** A dead worker's newest details are at most so old. */
const HEARTBEAT_THROTTLE = '1 second';

/**
 * Starts a worker in this process. It handles no signals. Rejects with TemporalUnreachable or TemporalRefused; then nothing is
 * left open.
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { connection, namespace, log, identity, stateDir } = settings;
  installRuntime(log);
  const codePath = settings.workflowBundlePath ?? (await workflowBundle(stateDir, log));
  const close = new AsyncDisposer();
  try {
    const heartbeatConnection = await connect({ address: connection.address ?? '', connection });
    close.later(() => heartbeatConnection.close());
    const native = await NativeConnection.connect(connection);
    close.later(() => native.close());
    const stopping = new AbortController();
    // Every copy under way listens to it; more than ten of them are no leak.
    setMaxListeners(0, stopping.signal);
    const client = new Client({
      connection: heartbeatConnection,
      namespace,
      ...(identity !== undefined && { identity }),
    });
    const deps = dependenciesOf({
      env: settings.env,
      openSecret: secretOpener(settings),
      heartbeats: acknowledgedHeartbeats(client),
      stopping: stopping.signal,
    });
    const worker = await Worker.create({
      connection: native,
      namespace,
      taskQueue: settings.taskQueue ?? TASK_QUEUE,
      workflowBundle: { codePath },
      activities: createActivities(deps),
      maxConcurrentActivityTaskExecutions: settings.activitySlots ?? ACTIVITY_SLOTS,
      maxConcurrentActivityTaskPolls: ACTIVITY_POLLS,
      maxCachedWorkflows: CACHED_WORKFLOWS,
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
      maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
      shutdownGraceTime: SHUTDOWN_GRACE,
      shutdownForceTime: SHUTDOWN_AT_THE_LATEST,
      ...(identity !== undefined && { identity }),
    });
    return running(worker, stopping, close);
  } catch (error) {
    await close.all();
    throw error;
  }
}

function running(worker: Worker, stopping: AbortController, close: AsyncDisposer): RunningWorker {
  const finished = runToEnd(worker, stopping, close);
  // Whoever waits hears of it; before that it must not end the process as an unhandled rejection.
  finished.catch(() => undefined);
  return {
    finished,
    shutdown: () => {
      // In one tick: a copy that hands over now must not be taken up again by this worker.
      stopping.abort();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      return finished;
    },
  };
}

async function runToEnd(worker: Worker, stopping: AbortController, close: AsyncDisposer): Promise<void> {
  try {
    await worker.run();
  } finally {
    stopping.abort();
    await close.all();
  }
}

/** What was opened, closed in the opposite order. */
class AsyncDisposer {
  readonly #closers: (() => Promise<void>)[] = [];

  later(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async all(): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) await close();
  }
}
