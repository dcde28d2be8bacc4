/**
 * A worker in a process of its own, for tests that kill, stop and cut off workers. Its settings come over the channel to
 * the process that started it, never as arguments; it ends when that channel does.
 */
import { pino, destination } from 'pino';
import { startWorker } from '../../worker/entry.ts';
import type { WorkerMessage, WorkerOrder } from './workers.ts';

const tell = (message: WorkerMessage): void => {
  process.send?.(message);
};

process.once('disconnect', () => process.exit(1));
process.once('message', (order: WorkerOrder) => {
  if (order.kind === 'start') void work(order);
});

async function work({ address, taskQueue, stateDir, bundlePath, identity }: StartOrder): Promise<void> {
  const worker = await startWorker({
    connection: { address },
    namespace: 'default',
    taskQueue,
    stateDir,
    env: {},
    identity,
    workflowBundlePath: bundlePath,
    log: pino({ level: 'debug' }, destination({ fd: 1, sync: true })),
  });
  process.on('message', (order: WorkerOrder) => {
    if (order.kind === 'shutdown') void worker.shutdown();
  });
  tell({ kind: 'ready' });
  await worker.finished;
  process.exit(0);
}

type StartOrder = Extract<WorkerOrder, { readonly kind: 'start' }>;
