import type { WorkflowExecutionDescription, WorkflowExecutionStatusName } from '@temporalio/client';
import { credentialWarnings, type CredentialWarning } from '../../model/credential-expiry.ts';
import { forecastEnd } from '../../model/forecast.ts';
import { projectWorkflowId } from '../../model/ids.ts';
import type { GateView } from '../../model/gate-view.ts';
import type { MailboxCounts, Problem } from '../../model/mailbox.ts';
import { PROJECT_PHASES, type ProjectPhase, type ProjectView } from '../../model/saga.ts';
import * as messages from '../../workflows/messages.ts';
import { unknownProject } from './project.ts';
import { glanceAt, isRecord, type Glance, type MailboxTrouble } from './visibility.ts';
import { workflowPage, workflowPollers, type Pollers, type Remote } from './temporal.ts';

/** How long a worker may take to answer, and visibility beside it. */
const ANSWER_MS = 1_500;

/** What `status` prints. */
export interface StatusReport {
  readonly project: string;
  /** Undefined when no worker has ever taken the project up. */
  readonly phase: ProjectPhase | undefined;
  readonly paused: boolean;
  readonly now: string;
  /** `running`, or how the project's workflow ended. */
  readonly workflow: 'running' | 'completed' | 'cancelled' | 'terminated' | 'failed' | 'timed-out';
  /** Whether a worker answered; `silent`: one is registered and did not. */
  readonly worker: 'answers' | 'silent' | 'none';
  readonly startedAt: number;
  readonly readyAt: number | undefined;
  readonly cutoverAt: number | undefined;
  readonly mailboxes: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly counts: MailboxCounts | undefined;
  readonly exceptions: number;
  readonly problem: Problem | undefined;
  /** Applications that let nobody in, and what is likely the cause. */
  readonly gates: readonly GateView[];
  /** Of the mailboxes in trouble, the first ones. */
  readonly troubles: readonly MailboxTrouble[];
  /** How many these are; also where Temporal did not name them in time. */
  readonly troubled: number;
  /** Secrets and certificates of applications that end before the project does. */
  readonly credentials: readonly CredentialWarning[];
  readonly page: string | undefined;
}

/**
 * Asks the project's workflow, and Temporal's visibility beside it, so that there is an answer without a worker too:
 * then the numbers are those of the last memo and of visibility. Rejects with `project.unknown`.
 */
export async function readStatus(
  remote: Remote,
  project: string,
  now: number,
  withinMs: number = ANSWER_MS,
): Promise<StatusReport> {
  const handle = remote.client.workflow.getHandle(projectWorkflowId(project));
  const [description, pollers] = await Promise.all([
    remote.call(() => handle.describe()).catch((error: unknown) => unknownProject(error, project)),
    remote.call(() => workflowPollers(remote, messages.TASK_QUEUE, now), withinMs).catch(orNothing),
  ]);
  const memo = memoView(description);
  const since = memo === undefined ? description.startTime : new Date(memo.startedAt);
  const [answer, glance] = await Promise.all([
    pollers?.count === 0 ? undefined : remote.call(() => handle.query(messages.status), withinMs).catch(orNothing),
    remote.call(() => glanceAt(remote, project, since), withinMs).catch(orNothing),
  ]);
  return composeStatus({
    project,
    description: { status: description.status.name, startTime: description.startTime.getTime() },
    memo,
    answer,
    glance,
    pollers,
    page: workflowPage(remote, projectWorkflowId(project)),
    now,
  });
}

export interface StatusSources {
  readonly project: string;
  readonly description: { readonly status: WorkflowExecutionStatusName; readonly startTime: number };
  /** The view that the workflow left for when no worker answers. */
  readonly memo: ProjectView | undefined;
  /** The worker's own answer. */
  readonly answer: ProjectView | undefined;
  readonly glance: Glance | undefined;
  readonly pollers: Pollers | undefined;
  readonly page: string | undefined;
  readonly now: number;
}

/** Puts together what is known: a worker's answer, else the memo with visibility's counts. */
export function composeStatus(sources: StatusSources): StatusReport {
  const { project, description, memo, answer, glance, pollers, page, now } = sources;
  const view = answer ?? memo;
  const workflow = endingOf(description.status);
  const registered = pollers === undefined || pollers.count > 0;
  // Of a workflow that did not end by itself, the last words are older than what visibility sees.
  const broken = workflow === 'terminated' || workflow === 'failed' || workflow === 'timed-out';
  const phases =
    (broken ? glance?.phases : undefined) ?? answer?.totals.phases ?? glance?.phases ?? view?.totals.phases ?? {};
  return {
    project,
    phase: workflow === 'cancelled' ? 'cancelled' : view?.phase,
    paused: view?.paused ?? false,
    now: nowOf(workflow, view),
    workflow,
    worker: answer !== undefined ? 'answers' : registered ? 'silent' : 'none',
    startedAt: view?.startedAt ?? description.startTime,
    readyAt: view?.readyAt,
    cutoverAt: view?.cutoverAt,
    mailboxes: Math.max(view?.expectedMailboxes ?? 0, view?.totals.mailboxes ?? 0),
    phases: numbers(phases),
    counts: view?.totals.counts,
    exceptions: view?.totals.exceptions ?? 0,
    problem: view?.problem,
    gates: view?.gates ?? [],
    troubles: glance?.troubles ?? [],
    troubled: glance?.troubled ?? (phases['attention'] ?? 0) + (phases['refused'] ?? 0),
    credentials: workflow === 'running' && view !== undefined ? warningsOf(view, now) : [],
    page,
  };
}

function warningsOf(view: ProjectView, now: number): readonly CredentialWarning[] {
  const { credentials = [], cutoverAt } = view;
  return credentialWarnings(credentials, { now, cutoverAt, endsAt: forecastEnd(view, now) });
}

function nowOf(workflow: StatusReport['workflow'], view: ProjectView | undefined): string {
  switch (workflow) {
    case 'terminated':
      return 'The project’s workflow was terminated by hand; `mailferry cancel` ends what is left of it.';
    case 'failed':
    case 'timed-out':
      return `The project’s workflow has ${workflow === 'failed' ? 'failed' : 'timed out'}; \`mailferry cancel\` ends what is left of it.`;
    case 'running':
    case 'completed':
    case 'cancelled':
      return view?.now ?? 'waits for a worker';
  }
}

function endingOf(status: WorkflowExecutionStatusName): StatusReport['workflow'] {
  switch (status) {
    case 'COMPLETED':
      return 'completed';
    case 'CANCELLED':
      return 'cancelled';
    case 'TERMINATED':
      return 'terminated';
    case 'FAILED':
      return 'failed';
    case 'TIMED_OUT':
      return 'timed-out';
    case 'RUNNING':
    case 'PAUSED':
    case 'CONTINUED_AS_NEW':
    case 'UNSPECIFIED':
    case 'UNKNOWN':
      return 'running';
  }
}

/** The view in a project's memo, when there is one that this version understands. */
export function memoView({ memo }: Pick<WorkflowExecutionDescription, 'memo'>): ProjectView | undefined {
  const view = memo?.['status'];
  return isProjectView(view) ? view : undefined;
}

function isProjectView(value: unknown): value is ProjectView {
  if (!isRecord(value) || !isRecord(value['totals'])) return false;
  const { phase, startedAt, totals } = value;
  return (
    typeof startedAt === 'number' &&
    PROJECT_PHASES.some((known) => known === phase) &&
    isRecord(totals['phases']) &&
    isRecord(totals['counts'])
  );
}

function numbers(phases: Readonly<Partial<Record<string, number>>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(phases).map(([phase, number]) => [phase, number ?? 0]));
}

/** What only completes the picture may be missing from it. */
function orNothing(): undefined {
  return undefined;
}
