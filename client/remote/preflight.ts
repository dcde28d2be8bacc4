import { randomBytes } from 'node:crypto';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { preflightWorkflowId } from '../../model/ids.ts';
import { PREFLIGHT_ROWS, type PreflightInput, type PreflightResult, type PreflightRow } from '../../model/preflight.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import { preflightProgress, TASK_QUEUE, WORKFLOW } from '../../workflows/messages.ts';
import { chunksOf } from '../chunks.ts';
import { pause, unlessInterrupted, type Context } from '../context.ts';
import { mapAtOnce } from '../parallel.ts';
import { countOf } from '../screens/format.ts';
import { isUnanswered } from './project.ts';
import { noWorker, workflowPollers, type Remote } from './temporal.ts';

const CHUNKS_AT_ONCE = 4;
const LOOK_MS = 1_000;
/** Without any worker registered this is how long one is waited for; with one, the longer time. */
const WORKER_MS = 5_000;
const BUSY_WORKER_MS = 30_000;
/** A preflight that nobody waits for any more ends by itself. */
const LONGEST = '1 hour';

const PROJECT = defineSearchAttributeKey('MailferryProject', 'KEYWORD');

/** How many rows have been looked at, and of how many; told whenever it changes. */
export type PreflightProgress = (done: number, of: number, refused: number) => void;

/**
 * Has workers look at both sides of every row, by short workflows. Rejects with `temporal.no-worker` when none takes
 * them up. However it ends, none of its workflows goes on.
 */
export async function preflight(
  context: Context,
  remote: Remote,
  settings: ProjectSettings,
  rows: readonly MailboxRow[],
  told: PreflightProgress,
): Promise<PreflightResult> {
  const unique = randomBytes(4).toString('hex');
  const looked = new Map<number, readonly PreflightRow[]>();
  const tell = (): void => {
    const all = [...looked.values()].flat();
    told(all.length, rows.length, all.filter(({ ok }) => !ok).length);
  };
  const results = await mapAtOnce(chunksOf(rows, PREFLIGHT_ROWS), CHUNKS_AT_ONCE, (chunk, index) =>
    lookAtChunk(context, remote, `${unique}-${index}`, { settings, rows: chunk }, (progress) => {
      looked.set(index, progress);
      tell();
    }),
  );
  return inOrder(results.flat(), rows);
}

async function lookAtChunk(
  context: Context,
  remote: Remote,
  unique: string,
  input: PreflightInput,
  told: (progress: readonly PreflightRow[]) => void,
): Promise<PreflightResult> {
  const { name } = input.settings;
  const handle: WorkflowHandle<(given: PreflightInput) => Promise<PreflightResult>> = await remote.call(() =>
    remote.client.workflow.start(WORKFLOW.preflight, {
      workflowId: preflightWorkflowId(name, unique),
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowExecutionTimeout: LONGEST,
      typedSearchAttributes: new TypedSearchAttributes([{ key: PROJECT, value: name }]),
      staticSummary: `looks at ${countOf(input.rows.length, 'mailbox', 'mailboxes')} before project ${name} starts`,
      staticDetails: 'Logs in to both sides and lists folders. Writes nothing.',
    }),
  );
  try {
    await requireWorker(context, remote, handle);
    return await followed(context, remote, handle, told);
  } catch (error) {
    await stop(remote, handle, context.signal.aborted ? 'interrupted' : String(error));
    throw error;
  }
}

/** Resolves when a worker has taken the workflow up. */
async function requireWorker(context: Context, remote: Remote, handle: WorkflowHandle): Promise<void> {
  const began = context.io.now();
  for (;;) {
    const { historyLength } = await remote.call(() => handle.describe());
    // Started and scheduled are the server's own events; what follows is a worker's.
    if (historyLength > 2) return;
    const waited = context.io.now() - began;
    if (waited > WORKER_MS) {
      const pollers = await remote.call(() => workflowPollers(remote, TASK_QUEUE, context.io.now()));
      if (pollers.count === 0 || waited > BUSY_WORKER_MS) {
        throw noWorker('Looking at the mailboxes needs a worker; nothing was started.', pollers);
      }
    }
    await pause(LOOK_MS / 4, context.signal);
  }
}

async function followed(
  context: Context,
  remote: Remote,
  handle: WorkflowHandle<(given: PreflightInput) => Promise<PreflightResult>>,
  told: (progress: readonly PreflightRow[]) => void,
): Promise<PreflightResult> {
  const over = new AbortController();
  const follow = async (): Promise<never> => {
    for (;;) {
      await pause(LOOK_MS, AbortSignal.any([context.signal, over.signal]));
      const progress = await remote.call(() => handle.query(preflightProgress), LOOK_MS * 2).catch(unansweredAsNothing);
      if (progress !== undefined && !over.signal.aborted) told(progress);
    }
  };
  const result = handle.result();
  try {
    const rows = await unlessInterrupted(Promise.race([result, follow()]), context.signal);
    told(rows);
    return rows;
  } finally {
    over.abort();
    // An interrupted wait leaves it unanswered; the connection's end rejects it.
    result.catch(() => undefined);
  }
}

function unansweredAsNothing(error: unknown): undefined {
  if (!isUnanswered(error)) throw error;
}

/** Ends it at once: it writes nothing, so there is nothing to end gracefully, and no worker may be there to do so. */
async function stop(remote: Remote, handle: WorkflowHandle, why: string): Promise<void> {
  await remote
    .callRegardless(() => handle.terminate(`the command that asked for it ended: ${why}`))
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
}

/** In the order of the project's rows, whatever answered first. */
function inOrder(result: PreflightResult, rows: readonly MailboxRow[]): PreflightResult {
  const place = new Map(rows.map(({ id }, index) => [id, index]));
  return result.toSorted((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}
