import { fileURLToPath } from 'node:url';
import { Client, type Connection, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { acknowledgedHeartbeats, createActivities, reachedBy } from '../../activities/index.ts';
import { systemClock } from '../../activities/clock.ts';
import { createLimiter } from '../../activities/limiter.ts';
import { createOwnMailboxes } from '../../activities/own-mailboxes.ts';
import { createThrottles } from '../../activities/throttles.ts';
import { createSessionKeeper } from '../../activities/session-keeper.ts';
import { encodeGrowth, encodeLedger } from '../../copy/ledger-codec.ts';
import { Ledger } from '../../copy/ledger.ts';
import { newTally } from '../../copy/tally.ts';
import type { CopyContext, CopyFolder, CopyTask } from '../../copy/types.ts';
import type { CopyFolderInput, CopyFolderResult } from '../../model/activities.ts';
import { NO_COPY_COUNTS } from '../../model/pass.ts';
import { connect } from '../../temporal/connection.ts';
import { attemptsOf } from '../support/attempts.ts';
import { temporalAddress } from '../support/context.ts';
import { MemoryMailbox } from '../support/memory-server.ts';
import { MemorySession } from '../support/memory-session.ts';
import { mailboxRow, projectSettings, QUICK } from '../support/projects.ts';
import { startProxy } from '../support/proxy.ts';
import type { oneCopy } from '../support/workflows/one-copy.ts';

/** Temporal waits so long for heartbeats; a lease lasts a third of it. So long that a busy machine is in time with both. */
const HEARTBEAT_TIMEOUT = 12_000;
const WORKFLOWS = 'lease-workflows';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let connection: Connection;
let client: Client;
let endWorkflows: () => Promise<void>;
const undo: (() => Promise<unknown>)[] = [];

/** Workflows run on a worker of their own: what happens to a worker here is to happen to a copy and to nothing else. */
beforeAll(async () => {
  const workflowsPath = fileURLToPath(new URL('../support/workflows/one-copy.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  connection = await connect({ address: temporalAddress(), connection: { address: temporalAddress() } });
  client = new Client({ connection });
  const native = await NativeConnection.connect({ address: temporalAddress() });
  const worker = await Worker.create({ connection: native, taskQueue: WORKFLOWS, workflowBundle });
  const running = worker.run();
  endWorkflows = async () => {
    worker.shutdown();
    await running;
    await native.close();
  };
});
afterAll(async () => {
  await endWorkflows();
  await connection.close();
});
afterEach(async () => {
  for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
});

/** A worker whose copies do what a test says, and who sees when their sockets are destroyed. */
interface Bench {
  readonly stop: () => Promise<void>;
  /** Sockets that were destroyed because the lease was lost: when, by `performance.now()`, and why. */
  readonly destroyed: { readonly at: number; readonly why: string }[];
  readonly attempts: { readonly at: number; readonly task: CopyTask }[];
}

async function startBench(taskQueue: string, copyFolder: CopyFolder, address = temporalAddress()): Promise<Bench> {
  const native = await NativeConnection.connect({ address });
  const own = await connect({ address, connection: { address } });
  const stopping = new AbortController();
  const bench = {
    destroyed: [] as { at: number; why: string }[],
    attempts: [] as { at: number; task: CopyTask }[],
  };
  const activities = createActivities({
    openSession: async ({ signal }) => {
      signal.addEventListener('abort', () => {
        bench.destroyed.push({ at: performance.now(), why: String(signal.reason) });
      });
      return new MemorySession(new MemoryMailbox());
    },
    copyFolder: (task, context) => {
      bench.attempts.push({ at: performance.now(), task });
      return copyFolder(task, context);
    },
    pairMoves: () => Promise.reject(new Error('nothing is moved here')),
    verifyFolder: () => Promise.reject(new Error('nothing is verified here')),
    openSecret: () => Promise.resolve('secret'),
    ...reachedBy({}),
    heartbeats: acknowledgedHeartbeats(new Client({ connection: own })),
    limiter: createLimiter(),
    keeper: createSessionKeeper(systemClock),
    ownMailboxes: createOwnMailboxes(systemClock),
    throttles: createThrottles(Date.now),
    clock: systemClock,
    stopping: stopping.signal,
  });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    activities,
    // A worker that has been cut off must not be given the next attempt by a poll that is still open.
    maxConcurrentActivityTaskExecutions: 1,
    maxHeartbeatThrottleInterval: '1s',
    shutdownGraceTime: '10s',
    shutdownForceTime: '20s',
  });
  const running = worker.run();
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    worker.shutdown();
    await running;
    await own.close();
    await native.close();
  };
  const stopOnce = (): Promise<void> => (stopped ??= stop());
  undo.push(stopOnce);
  return { ...bench, stop: stopOnce };
}

async function startCopy(taskQueue: string): Promise<WorkflowHandle<typeof oneCopy>> {
  const timing = { ...QUICK, heartbeatTimeout: HEARTBEAT_TIMEOUT };
  const input: CopyFolderInput = {
    settings: projectSettings('lease', { timing }),
    row: mailboxRow('anna@example.org'),
    pass: 'prestage',
    folder: { source: 'INBOX', sourcePath: 'INBOX', destination: 'INBOX', destinationPath: 'INBOX' },
    retryAside: false,
  };
  const handle = await client.workflow.start<typeof oneCopy>('oneCopy', {
    workflowId: taskQueue,
    taskQueue: WORKFLOWS,
    args: [taskQueue, input],
  });
  undo.push(() => endQuietly(handle));
  return handle;
}

async function endQuietly(handle: WorkflowHandle<typeof oneCopy>): Promise<void> {
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') await handle.terminate();
}

/** Growth in which the source's messages up to this UID are handled. */
function growthUpTo(uid: number): string {
  const ledger = new Ledger();
  for (let one = 1; one <= uid; one++) ledger.handle(one, one, []);
  return encodeGrowth(ledger, newTally());
}

function resultOf(kind: 'complete' | 'interrupted', handled = 0): CopyFolderResult {
  const ledger = encodeLedger(new Ledger());
  return { outcome: { kind }, ledger, handled, counts: NO_COPY_COUNTS, aside: [], notes: {} };
}

/** A copy that works on until it is asked to end, checking its lease all the time. */
async function workUntilAsked({ lease, interrupt }: CopyContext, growth = ''): Promise<CopyFolderResult> {
  lease.carry(() => ({ text: 'INBOX: 2 of 3', done: 2, of: 3, growth }));
  await lease.acknowledged();
  while (!interrupt.aborted) {
    lease.check();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return resultOf('interrupted');
}

/** A copy that another attempt has to begin before a test can go on. */
class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

describe('a copy on a real server', () => {
  test('that takes longer than any timer of the worker’s SDK still reports its result', async () => {
    const queue = 'lease-long';
    await startBench(queue, async (_task, { lease }) => {
      const until = performance.now() + HEARTBEAT_TIMEOUT + 8_000;
      await lease.acknowledged();
      while (performance.now() < until) {
        lease.check();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return resultOf('complete', 3);
    });
    const handle = await startCopy(queue);
    expect((await handle.result()).handled).toBe(3);
  });

  test('that the workflow cancels ends after its batch, and its result comes back', async () => {
    const queue = 'lease-cancel';
    const begun = new Gate();
    await startBench(queue, async (_task, context) => {
      begun.open();
      await workUntilAsked(context);
      return resultOf('interrupted', 2);
    });
    const handle = await startCopy(queue);
    await begun.opened;
    await handle.cancel();
    const result = await handle.result();
    expect(result.outcome.kind).toBe('interrupted');
    expect(result.handled).toBe(2);
  });

  test('whose worker stops is taken up at once by another, with the newest growth', async () => {
    const queue = 'lease-stop';
    const begun = new Gate();
    const first = await startBench(queue, async (_task, context) => {
      const result = await workUntilAskedSaying(context, begun);
      context.lease.carry(() => ({ text: 'INBOX: 3 of 3', done: 3, of: 3, growth: growthUpTo(3) }));
      return result;
    });
    const handle = await startCopy(queue);
    await begun.opened;
    const stopped = first.stop();
    const second = await startBench(queue, async () => resultOf('complete', 3));
    expect((await handle.result()).outcome.kind).toBe('complete');
    expect(second.attempts.map(({ task }) => task.previousGrowth)).toEqual([growthUpTo(3)]);
    // Temporal waited neither for heartbeats that did not come nor before the next attempt.
    expect(await attemptsOf(client, queue, 'copyFolder')).toMatchObject([{ count: 2, before: 'HandedOver' }]);
    await stopped;
    expect(first.destroyed).toEqual([]);
  });

  test('whose workflow is terminated by hand destroys its sockets with the next heartbeat', async () => {
    const queue = 'lease-terminated';
    const begun = new Gate();
    const bench = await startBench(queue, (_task, context) => workUntilAskedSaying(context, begun));
    const handle = await startCopy(queue);
    await begun.opened;
    await handle.terminate();
    await expect.poll(() => bench.destroyed.length).toBeGreaterThan(0);
    // An answer, and not the end of a lease for which no answers came.
    expect(bench.destroyed[0]?.why).toContain('Temporal does not know this attempt any more');
  });

  test('that is cut off from Temporal has destroyed its sockets long before another attempt begins', async () => {
    const queue = 'lease-cut';
    const wire = await startProxy(temporalAddress());
    undo.push(wire.close);
    const begun = new Gate();
    const cutOff = await startBench(
      queue,
      (_task, context) => workUntilAskedSaying(context, begun, growthUpTo(2)),
      wire.address,
    );
    const handle = await startCopy(queue);
    await begun.opened;
    wire.stall();
    const cutAt = performance.now();
    const other = await startBench(queue, async () => resultOf('complete', 3));
    expect((await handle.result()).outcome.kind).toBe('complete');
    wire.mend();
    const destroyedAt = cutOff.destroyed[0]?.at ?? Infinity;
    // A third is the lease, the second is for the machine: the last is then left before Temporal hands the copy out.
    expect(destroyedAt - cutAt).toBeLessThan((HEARTBEAT_TIMEOUT * 2) / 3);
    const [takenOver] = other.attempts;
    expect(takenOver?.task.previousGrowth).toBe(growthUpTo(2));
    expect((takenOver?.at ?? 0) - destroyedAt).toBeGreaterThan(HEARTBEAT_TIMEOUT / 6);
  });
});

/** As `workUntilAsked`, and opens the gate when the first heartbeat that carries the growth has been acknowledged. */
async function workUntilAskedSaying(context: CopyContext, begun: Gate, growth = ''): Promise<CopyFolderResult> {
  const acknowledged = async (): Promise<void> => {
    await context.lease.acknowledged();
    begun.open();
  };
  const [result] = await Promise.all([workUntilAsked(context, growth), acknowledged()]);
  return result;
}
