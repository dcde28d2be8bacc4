import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  WorkflowNotFoundError,
  type WorkflowHandle,
} from '@temporalio/client';
import { PROJECT_NAME, projectWorkflowId } from '../../model/ids.ts';
import type { ProjectView } from '../../model/saga.ts';
import * as messages from '../../workflows/messages.ts';
import { Failure } from '../failure.ts';
import { TemporalUnanswered } from './unanswered.ts';
import { noWorker, workflowPollers, type Remote } from './temporal.ts';

/** Before an update is sent it is certain that somebody takes it: one that nobody takes may be lost with the server. */
const WORKER_MS = 5_000;
const UPDATE_MS = 20_000;

/** A project's name as it was typed. */
export function projectName(text: string): string {
  if (PROJECT_NAME.test(text)) return text;
  throw new Failure('command.usage', `"${text}" is not a project's name.`, {
    why: ['Names are made of lower-case letters, digits and hyphens.'],
    next: '`mailferry list` shows the projects that there are.',
  });
}

export function projectHandle(remote: Remote, project: string): WorkflowHandle {
  return remote.client.workflow.getHandle(projectWorkflowId(project));
}

/** Rethrows; a workflow that is not there is a project that is not there. */
export function unknownProject(error: unknown, project: string): never {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
  throw new Failure('project.unknown', `There is no project "${project}".`);
}

/** The view of a running project, answered by a worker. Rejects where there is no project, none any more, or no worker. */
export async function askProject(remote: Remote, project: string, now: number): Promise<ProjectView> {
  await requireRunning(remote, project);
  try {
    return await remote.call(() => projectHandle(remote, project).query(messages.status), WORKER_MS);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return unknownProject(error, project);
    if (!isUnanswered(error)) throw error;
    const pollers = await remote.call(() => workflowPollers(remote, messages.TASK_QUEUE, now));
    throw noWorker(`No worker answers for project "${project}"; nothing was sent.`, pollers);
  }
}

/** Rejects unless the project's workflow is running. */
export async function requireRunning(remote: Remote, project: string): Promise<void> {
  const description = await remote
    .call(() => projectHandle(remote, project).describe())
    .catch((error: unknown) => unknownProject(error, project));
  if (description.status.name !== 'RUNNING') {
    throw new Failure('project.ended', `Project "${project}" has ended (${description.status.name.toLowerCase()}).`);
  }
}

/** Sends an update to a project and waits for its answer; what the workflow refuses comes back with its code. */
export async function updateProject<Answer>(
  remote: Remote,
  project: string,
  now: number,
  send: (handle: WorkflowHandle) => Promise<Answer>,
): Promise<Answer> {
  await askProject(remote, project, now);
  return remote.call(() => send(projectHandle(remote, project)), UPDATE_MS);
}

/** Nobody took the query in time, or Temporal has not seen a worker for so long that it does not even wait. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof TemporalUnanswered) return true;
  const FAILED_PRECONDITION = 9;
  const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
  return isGrpcDeadlineError(error) || (isGrpcServiceError(cause) && cause.code.valueOf() === FAILED_PRECONDITION);
}
