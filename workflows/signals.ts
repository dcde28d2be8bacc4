import { getExternalWorkflowHandle, type SignalDefinition } from '@temporalio/workflow';

/** A workflow may have 2,000 signals under way; and one task's commands stay small. */
const SIGNALS_AT_A_TIME = 100;

/** Sends one signal to many workflows; answers which of them are no longer there. */
export async function signalAll<Args extends unknown[]>(
  workflowIds: readonly string[],
  definition: SignalDefinition<Args>,
  ...args: Args
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (let at = 0; at < workflowIds.length; at += SIGNALS_AT_A_TIME) {
    const some = workflowIds.slice(at, at + SIGNALS_AT_A_TIME);
    const sent = await Promise.allSettled(some.map((id) => getExternalWorkflowHandle(id).signal(definition, ...args)));
    sent.forEach((one, index) => {
      const id = some[index];
      if (one.status === 'rejected' && id !== undefined) gone.push(id);
    });
  }
  return gone;
}
