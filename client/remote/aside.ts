import { randomBytes } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { AsideInput, AsidePage, AsideResult, DescribedFolder } from '../../model/aside.ts';
import { asideWorkflowId, mailboxWorkflowId, shardWorkflowId } from '../../model/ids.ts';
import type { Problem } from '../../model/mailbox.ts';
import * as messages from '../../workflows/messages.ts';
import { unlessInterrupted, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { mapAtOnce } from '../parallel.ts';
import { countOf } from '../screens/format.ts';
import { isUnanswered, projectHandle, unknownProject } from './project.ts';
import { runShortWorkflow } from './short-workflow.ts';
import { noWorker, workflowPollers, type Remote } from './temporal.ts';

const QUERY_MS = 10_000;
const MAILBOXES_AT_ONCE = 4;

/** Messages put aside of one mailbox, as far as they could be asked for. */
export interface AsideMailbox {
  readonly mailbox: string;
  readonly total: number;
  readonly folders: readonly DescribedFolder[];
  /** Why the source told nothing of some of them. */
  readonly problem?: Problem;
}

/** The mailboxes of a project, also of one that has ended, that have put messages aside. Rejects without a worker. */
export async function mailboxesWithAside(
  context: Context,
  remote: Remote,
  project: string,
): Promise<readonly string[]> {
  const { shards } = await answered(context, remote, () =>
    projectHandle(remote, project)
      .query(messages.status)
      .catch((error: unknown) => unknownProject(error, project)),
  );
  const reports = await mapAtOnce(
    Array.from({ length: shards }, (_, index) => index),
    MAILBOXES_AT_ONCE,
    (shard) =>
      answered(context, remote, () =>
        remote.client.workflow.getHandle(shardWorkflowId(project, shard)).query(messages.shardReports),
      ),
  );
  return reports.flat().flatMap(({ id, counts }) => (counts.aside > 0 ? [id] : []));
}

/** The notes of one mailbox, page by page, each with what it takes to ask the source. */
export async function* asidePages(
  context: Context,
  remote: Remote,
  project: string,
  mailbox: string,
): AsyncGenerator<AsidePage> {
  const handle = remote.client.workflow.getHandle(mailboxWorkflowId(project, mailbox));
  for (let skip = 0, total = 1; skip < total;) {
    const page = await answered(context, remote, () => handle.query(messages.asidePage, { skip })).catch(
      (error: unknown) => unknownMailbox(error, project, mailbox),
    );
    const notes = page.folders.reduce((sum, folder) => sum + folder.notes.length, 0);
    yield page;
    if (notes === 0) return;
    total = page.total;
    skip += notes;
  }
}

/** Has a worker ask the source what these messages are. */
export function describePage(
  context: Context,
  remote: Remote,
  { settings, row, folders }: AsidePage,
): Promise<AsideResult> {
  const count = folders.reduce((sum, { notes }) => sum + notes.length, 0);
  return runShortWorkflow<AsideInput, AsideResult>(context, remote, {
    type: messages.WORKFLOW.aside,
    id: asideWorkflowId(settings.name, randomBytes(4).toString('hex')),
    project: settings.name,
    input: { settings, row, folders },
    summary: `reads the headers of ${countOf(count, 'message')} put aside of ${row.id}`.slice(0, 200),
    details: 'Reads headers at the source. Writes nothing.',
    purpose: 'Asking the source about messages put aside needs a worker.',
    follow: (handle) => unlessInterrupted(handle.result(), context.signal),
  });
}

/** An answer that only a worker can give. */
async function answered<T>(context: Context, remote: Remote, ask: () => Promise<T>): Promise<T> {
  try {
    return await remote.call(ask, QUERY_MS);
  } catch (error) {
    if (!isUnanswered(error)) throw error;
    const pollers = await remote.call(() => workflowPollers(remote, messages.TASK_QUEUE, context.io.now()));
    throw noWorker('Messages put aside are told by the mailboxes, which needs a worker.', pollers);
  }
}

function unknownMailbox(error: unknown, project: string, mailbox: string): never {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
  throw new Failure('project.mailbox-unknown', `Project "${project}" has no mailbox "${mailbox}".`, {
    why: ['Mailboxes are named by the user name at the destination.'],
  });
}
