import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../model/activities.ts';
import { connect } from '../../temporal/connection.ts';
import { Administrator } from './administrator.ts';
import { temporalAddress, workflowBundlePath } from './context.ts';

/** A worker with chosen activities on a task queue of its own, and the hands of an administrator. */
export interface SagaBench extends Pick<Administrator, 'client' | 'start' | 'projectIs' | 'mailboxIs' | 'result'> {
  readonly stop: () => Promise<void>;
}

/** Tests read what workflows do, not what they log. */
Runtime.install({ logger: new DefaultLogger('ERROR') });

export async function startSagaBench(activities: Activities, taskQueue: string): Promise<SagaBench> {
  const address = temporalAddress();
  const native = await NativeConnection.connect({ address });
  const connection = await connect({ address, connection: { address } });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: { codePath: workflowBundlePath() },
    activities: { ...activities },
    maxHeartbeatThrottleInterval: '1s',
  });
  const running = worker.run();
  const stop = async (): Promise<void> => {
    worker.shutdown();
    await running;
    await connection.close();
    await native.close();
  };
  return Object.assign(new Administrator(new Client({ connection }), taskQueue), { stop });
}
