import { WorkflowNotFoundError } from '@temporalio/client';
import * as messages from '../../workflows/messages.ts';
import { pause as sleep, type Context } from '../context.ts';
import type { Action } from '../screens/action.ts';
import { projectHandle, requireRunning, unknownProject } from './project.ts';
import { readStatus } from './status.ts';
import type { Remote } from './temporal.ts';

/** Within so long a pause is in effect where a worker runs. */
const EFFECT_MS = 10_000;
const LOOK_MS = 250;

/**
 * Signals the wish, which Temporal keeps until a worker takes it, and waits a while for it to show. Resolves with what
 * came of it.
 */
export async function setPaused(context: Context, remote: Remote, project: string, paused: boolean): Promise<Action> {
  await requireRunning(remote, project);
  await remote
    .call(() => projectHandle(remote, project).signal(paused ? messages.pause : messages.resume))
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) unknownProject(error, project);
      throw error;
    });
  const done = paused ? 'pause' : 'resume';
  const shown = await untilShown(context, remote, project, paused);
  if (shown === 'yes') {
    const line = paused
      ? `Project "${project}" is paused: copies stop after the batch in hand and give their connections back.`
      : `Project "${project}" goes on.`;
    return { project, done, inEffect: true, lines: [line, ...(paused ? [`next: mailferry resume ${project}`] : [])] };
  }
  const reason = shown === 'no-worker' ? 'No worker is running now' : 'No worker has taken it up yet';
  return {
    project,
    done,
    inEffect: false,
    lines: [`The ${done} is recorded. ${reason}; the next one to start acts on it before anything else.`],
  };
}

async function untilShown(
  context: Context,
  remote: Remote,
  project: string,
  paused: boolean,
): Promise<'yes' | 'no-worker' | 'not-yet'> {
  const deadline = context.io.now() + EFFECT_MS;
  for (;;) {
    const status = await readStatus(remote, project, context.io.now());
    if (status.worker === 'answers' && status.paused === paused) return 'yes';
    if (status.worker === 'none') return 'no-worker';
    if (context.io.now() > deadline) return 'not-yet';
    await sleep(LOOK_MS, context.signal);
  }
}
