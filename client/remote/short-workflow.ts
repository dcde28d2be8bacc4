import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes, type QueryDefinition } from '@temporalio/common';
import { TASK_QUEUE } from '../../workflows/messages.ts';
import { pause, unlessInterrupted, type Context } from '../context.ts';
import { isUnanswered } from './project.ts';
import { noWorker, workflowPollers, type Remote } from './temporal.ts';

const LOOK_MS = 250;
const PROGRESS_MS = 1_000;
/** Without any worker registered this is how long one is waited for; with one, the longer time. */
const WORKER_MS = 5_000;
const BUSY_WORKER_MS = 30_000;
/** A workflow that nobody waits for any more ends by itself. */
const LONGEST = '1 hour';

const PROJECT = defineSearchAttributeKey('MailferryProject', 'KEYWORD');

/** A question that a worker answers, since it has the network and the key. */
export interface ShortWorkflow<Input, Result> {
  readonly type: string;
  readonly id: string;
  readonly project: string;
  readonly input: Input;
  /** For whoever looks at it in the Web UI. */
  readonly summary: string;
  readonly details: string;
  /** What needs a worker, where there is none. */
  readonly purpose: string;
  readonly follow: (handle: WorkflowHandle<(input: Input) => Promise<Result>>) => Promise<Result>;
}

/**
 * Starts a short workflow and follows it to its result. Rejects with `temporal.no-worker` when no worker takes it up. However
 * that ends, the workflow does not go on.
 */
export async function runShortWorkflow<Input, Result>(
  context: Context,
  remote: Remote,
  { type, id, project, input, summary, details, purpose, follow }: ShortWorkflow<Input, Result>,
): Promise<Result> {
  const handle: WorkflowHandle<(given: Input) => Promise<Result>> = await remote.call(() =>
    remote.client.workflow.start<(given: Input) => Promise<Result>>(type, {
      workflowId: id,
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowExecutionTimeout: LONGEST,
      typedSearchAttributes: new TypedSearchAttributes([{ key: PROJECT, value: project }]),
      staticSummary: summary,
      staticDetails: details,
    }),
  );
  try {
    await requireWorker(context, remote, handle, purpose);
    return await follow(handle);
  } catch (error) {
    await stop(remote, handle, context.signal.aborted ? 'interrupted' : String(error));
    throw error;
  }
}

/** Resolves when a worker has taken the workflow up. */
async function requireWorker(
  context: Context,
  remote: Remote,
  handle: Pick<WorkflowHandle, 'describe'>,
  purpose: string,
): Promise<void> {
  const began = context.io.now();
  for (;;) {
    const { historyLength } = await remote.call(() => handle.describe());
    // Started and scheduled are the server's own events; what follows is a worker's.
    if (historyLength > 2) return;
    const waited = context.io.now() - began;
    if (waited > WORKER_MS) {
      const pollers = await remote.call(() => workflowPollers(remote, TASK_QUEUE, context.io.now()));
      if (pollers.count === 0 || waited > BUSY_WORKER_MS) throw noWorker(purpose, pollers);
    }
    await pause(LOOK_MS, context.signal);
  }
}

/** Ends it at once: it writes nothing, so there is nothing to end gracefully, and no worker may be there to do so. */
async function stop(remote: Remote, handle: Pick<WorkflowHandle, 'terminate'>, why: string): Promise<void> {
  await remote
    .callRegardless(() => handle.terminate(`the command that asked for it ended: ${why}`))
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
}

/** Asks a short workflow again and again how far it is, and resolves with its result. `told` hears of the result too. */
export async function followProgress<Result>(
  context: Context,
  remote: Remote,
  handle: Pick<WorkflowHandle, 'query'> & { readonly result: () => Promise<Result> },
  progress: QueryDefinition<Result>,
  told: (progress: Result) => void,
): Promise<Result> {
  const over = new AbortController();
  const follow = async (): Promise<never> => {
    for (;;) {
      await pause(PROGRESS_MS, AbortSignal.any([context.signal, over.signal]));
      const found = await remote.call(() => handle.query(progress), PROGRESS_MS * 2).catch(unansweredAsNothing);
      if (found !== undefined && !over.signal.aborted) told(found);
    }
  };
  const result = handle.result();
  try {
    const found = await unlessInterrupted(Promise.race([result, follow()]), context.signal);
    told(found);
    return found;
  } finally {
    over.abort();
    // An interrupted wait leaves it unanswered; the connection's end rejects it.
    result.catch(() => undefined);
  }
}

function unansweredAsNothing(error: unknown): undefined {
  if (!isUnanswered(error)) throw error;
}
