import { defaultPayloadConverter, WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import { credentialWarnings, type CredentialWarning } from '../../model/credential-expiry.ts';
import { mailboxWorkflowId } from '../../model/ids.ts';
import type { MailboxView } from '../../model/mailbox.ts';
import * as messages from '../../workflows/messages.ts';
import { Failure } from '../failure.ts';
import { isUnanswered, projectHandle } from './project.ts';
import { memoView } from './status.ts';
import { workflowPage, type Remote } from './temporal.ts';
import { isRecord } from './visibility.ts';

const QUERY_MS = 1_500;

/** An activity that runs or waits for its next attempt. */
export interface RunningActivity {
  readonly type: string;
  readonly attempt: number;
  /** What its last heartbeat says, for people. */
  readonly progress: string | undefined;
  /** Why its last attempt failed. */
  readonly lastFailure: string | undefined;
}

/** What `show` prints. */
export interface MailboxReportView {
  readonly project: string;
  readonly mailbox: string;
  readonly workflow: string;
  /** The mailbox's own answer; absent when no worker answered. */
  readonly view: MailboxView | undefined;
  /** What the mailbox last told before that. */
  readonly lastTold: Readonly<Record<string, unknown>> | undefined;
  readonly activities: readonly RunningActivity[];
  /** Secrets and certificates of the applications that open it, where they end before the project does. */
  readonly credentials: readonly CredentialWarning[];
  readonly page: string | undefined;
}

/** One mailbox as it tells itself, else as it last told. Rejects with `project.mailbox-unknown`. */
export async function readMailbox(
  remote: Remote,
  project: string,
  mailbox: string,
  now: number,
): Promise<MailboxReportView> {
  const workflowId = mailboxWorkflowId(project, mailbox);
  const handle = remote.client.workflow.getHandle(workflowId);
  const description = await remote
    .call(() => handle.describe())
    .catch((error: unknown) => unknownMailbox(remote, error, project, mailbox));
  const view = await remote.call(() => handle.query(messages.mailboxView), QUERY_MS).catch(unansweredAsNothing);
  const told = description.memo?.['mailbox'];
  return {
    project,
    mailbox,
    workflow: description.status.name.toLowerCase(),
    view,
    lastTold: isRecord(told) ? told : undefined,
    activities: runningActivities(description),
    credentials: credentialWarnings(view?.credentials ?? [], { now }),
    page: workflowPage(remote, workflowId),
  };
}

/** Only the heartbeat's sentence is taken out of it: its growth of the ledger is for the next attempt. */
export function runningActivities({ raw }: Pick<WorkflowExecutionDescription, 'raw'>): readonly RunningActivity[] {
  return (raw.pendingActivities ?? []).map((activity) => {
    const payload = activity.heartbeatDetails?.payloads?.[0];
    const details: unknown = payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
    const progress = isRecord(details) && typeof details['text'] === 'string' ? details['text'] : undefined;
    return {
      type: activity.activityType?.name ?? 'activity',
      attempt: activity.attempt ?? 1,
      progress,
      lastFailure: activity.lastFailure?.message ?? undefined,
    };
  });
}

/** Behind a closed gate mailboxes have no workflow yet: then it is told what they wait for. */
async function unknownMailbox(remote: Remote, error: unknown, project: string, mailbox: string): Promise<never> {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
  const view = await remote.call(() => projectHandle(remote, project).describe()).then(memoView, unknownAsNothing);
  const waiting =
    (view?.gates ?? []).length > 0 && view !== undefined ? [`Not all mailboxes have begun: ${view.now}.`] : [];
  throw new Failure('project.mailbox-unknown', `Project "${project}" has no mailbox "${mailbox}" (yet).`, {
    why: [
      'Mailboxes are named by the user name at the destination; the first ones start seconds after the project.',
      ...waiting,
    ],
  });
}

function unknownAsNothing(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

function unansweredAsNothing(error: unknown): undefined {
  if (!isUnanswered(error)) throw error;
}
