import { WorkflowNotFoundError } from '@temporalio/client';
import * as messages from '../../workflows/messages.ts';
import { mapAtOnce } from '../parallel.ts';
import { projectHandle } from './project.ts';
import { countRunningParts, listRunningParts } from './visibility.ts';
import type { Remote } from './temporal.ts';

const LOOK_MS = 300;
const CANCELS_AT_ONCE = 10;

export interface Cancellation {
  /** Whether the project's own workflow was running and took the wish. */
  readonly signalled: boolean;
  /** Workflows left behind by a project workflow that is gone, each told to stop. */
  readonly parts: number;
  /** Workflows that were still running when the wait was over. */
  readonly stillRunning: number;
}

/**
 * Ends a project: by a signal to its workflow, which lets every mailbox finish its batch; where that workflow is gone
 * (terminated by hand, say), by cancelling what visibility still finds of it. Waits at most `withinMs` for the end, and
 * goes on after an interruption: a project half cancelled is worse than a command that takes a moment to end.
 */
export async function cancelProject(
  remote: Remote,
  project: string,
  withinMs: number,
  now: () => number,
): Promise<Cancellation> {
  const deadline = now() + withinMs;
  const signalled = await signalCancel(remote, project);
  const asked = new Set<string>();
  for (;;) {
    const running = (await projectRuns(remote, project)) ? 1 : 0;
    if (running === 0) await cancelParts(remote, project, asked);
    const stillRunning = running + (await remote.callRegardless(() => countRunningParts(remote, project)));
    if (stillRunning === 0 || now() > deadline) return { signalled, parts: asked.size, stillRunning };
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Whether the project's own workflow is running. */
export async function projectRuns(remote: Remote, project: string): Promise<boolean> {
  try {
    const { status } = await remote.callRegardless(() => projectHandle(remote, project).describe());
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function signalCancel(remote: Remote, project: string): Promise<boolean> {
  try {
    await remote.callRegardless(() => projectHandle(remote, project).signal(messages.cancel));
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Asks each of them once. */
async function cancelParts(remote: Remote, project: string, asked: Set<string>): Promise<void> {
  const ids = await remote.callRegardless(() => listRunningParts(remote, project));
  await mapAtOnce(
    ids.filter((id) => !asked.has(id)),
    CANCELS_AT_ONCE,
    async (id) => {
      await remote.callRegardless(() => remote.client.workflow.getHandle(id).cancel()).catch(goneAlready);
      asked.add(id);
    },
  );
}

function goneAlready(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
