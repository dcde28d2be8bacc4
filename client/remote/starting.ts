import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { projectWorkflowId } from '../../model/ids.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import { newProject, NO_TOTALS, type ProjectView } from '../../model/saga.ts';
import * as messages from '../../workflows/messages.ts';
import { chunksOf } from '../chunks.ts';
import { unlessInterrupted, type Context } from '../context.ts';
import { Failure, interrupted } from '../failure.ts';
import { countOf } from '../screens/format.ts';
import { cancelProject, projectRuns } from './cancelling.ts';
import { isUnanswered, projectHandle } from './project.ts';
import { noWorker, workflowPollers, type Remote } from './temporal.ts';
import { countRunningParts } from './visibility.ts';

const MAILBOXES_PER_MESSAGE = 500;
const MESSAGE_MS = 30_000;
const CANCEL_MS = 10_000;
/** Temporal takes 400 bytes; the names of two servers may be longer. */
const SUMMARY_CHARACTERS = 390;

const PROJECT = defineSearchAttributeKey('MailferryProject', 'KEYWORD');
const PHASE = defineSearchAttributeKey('MailferryPhase', 'KEYWORD');

/** Rejects with `project.exists` when the project, or what an earlier one of its name left behind, is running. */
export async function requireNoProject(remote: Remote, project: string): Promise<void> {
  if (await projectRuns(remote, project)) throw exists(project);
  const parts = await remote.call(() => countRunningParts(remote, project));
  if (parts === 0) return;
  throw new Failure(
    'project.exists',
    `${countOf(parts, 'workflow')} of an earlier project "${project}" still running.`,
    {
      next: `End them with \`mailferry cancel ${project} --confirm ${project}\`, then start again.`,
    },
  );
}

/** Rejects with `temporal.no-worker` when none is registered: a project's mailboxes are handed to a worker. */
export async function requireWorker(remote: Remote, now: number): Promise<void> {
  const pollers = await remote.call(() => workflowPollers(remote, messages.TASK_QUEUE, now));
  if (pollers.count === 0)
    throw noWorker('Starting a project needs a worker to take its mailboxes; nothing was started.', pollers);
}

/**
 * Starts the project's workflow and hands over its mailboxes. When that fails, or is interrupted, what was started is
 * cancelled before it rejects.
 */
export async function startProject(
  context: Context,
  remote: Remote,
  settings: ProjectSettings,
  rows: readonly MailboxRow[],
): Promise<void> {
  const { name } = settings;
  await launch(remote, settings, rows.length, context.io.now());
  try {
    await unlessInterrupted(addMailboxes(remote, name, rows, 'start'), context.signal);
  } catch (error) {
    await undoStart(context, remote, name);
    if (context.signal.aborted) throw interrupted();
    throw isUnanswered(error) || isUpdateTimeout(error)
      ? noWorker('No worker took the mailboxes in time; the start was undone.')
      : error;
  }
}

/** Hands rows over in messages that a worker takes; each has a key, and is taken once however often it is sent. */
export async function addMailboxes(
  remote: Remote,
  project: string,
  rows: readonly MailboxRow[],
  key: string,
): Promise<void> {
  const handle = projectHandle(remote, project);
  for (const [index, chunk] of chunksOf(rows, MAILBOXES_PER_MESSAGE).entries()) {
    const args: [{ key: string; rows: readonly MailboxRow[] }] = [{ key: `${key}-${index}`, rows: chunk }];
    await remote.call(
      () => handle.executeUpdate(messages.addMailboxes, { args, updateId: `${key}-${index}` }),
      MESSAGE_MS,
    );
  }
}

async function launch(
  remote: Remote,
  settings: ProjectSettings,
  mailboxes: number,
  now: number,
): Promise<WorkflowHandle> {
  const { name, source, destination } = settings;
  const summary = `Moves ${countOf(mailboxes, 'mailbox', 'mailboxes')} from ${source.host} to ${destination.host}`;
  try {
    return await remote.call(() =>
      remote.client.workflow.start(messages.WORKFLOW.project, {
        workflowId: projectWorkflowId(name),
        taskQueue: messages.TASK_QUEUE,
        args: [newProject(settings, mailboxes)],
        workflowIdConflictPolicy: 'FAIL',
        typedSearchAttributes: new TypedSearchAttributes([
          { key: PROJECT, value: name },
          { key: PHASE, value: 'loading' },
        ]),
        memo: { status: firstView(name, mailboxes, now) },
        staticSummary: summary.slice(0, SUMMARY_CHARACTERS),
        staticDetails: storyOf(summary, name),
      }),
    );
  } catch (error) {
    throw error instanceof WorkflowExecutionAlreadyStartedError ? exists(name, error) : error;
  }
}

/** What `status` shows until a worker has taken the project up. */
function firstView(name: string, expectedMailboxes: number, startedAt: number): ProjectView {
  const now = 'waits for a worker to take it up';
  return { name, phase: 'loading', paused: false, now, startedAt, expectedMailboxes, shards: 0, totals: NO_TOTALS };
}

function storyOf(summary: string, name: string): string {
  return [
    `${summary}.`,
    '',
    'Older mail is copied first (pre-stage); then the project waits until it is told that the MX record has moved',
    '(cutover), copies what is new (final delta), goes on with deltas until nothing new comes (tail), and compares both',
    'sides. Each mailbox has a workflow of its own that tells its story.',
    '',
    `Steer it with the command line: \`mailferry status ${name}\`, \`pause\`, \`resume\`, \`cutover\`, \`retry\`, \`cancel\`.`,
  ].join('\n');
}

/** Gracefully where a worker is there to do so; by terminating a workflow that nobody has taken up. */
async function undoStart({ io, printer }: Context, remote: Remote, project: string): Promise<void> {
  printer.say('Undoing the start …');
  const { stillRunning } = await cancelProject(remote, project, CANCEL_MS, io.now);
  if (stillRunning === 0 || !(await projectRuns(remote, project))) return;
  await remote.callRegardless(() => projectHandle(remote, project).terminate('its start did not come to an end'));
  await cancelProject(remote, project, 0, io.now);
}

function isUpdateTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError';
}

function exists(project: string, cause?: unknown): Failure {
  return new Failure('project.exists', `Project "${project}" is running already.`, {
    next: `Change it with \`mailferry apply\`, or end it first with \`mailferry cancel ${project} --confirm ${project}\`.`,
    cause,
  });
}
