import type { WorkflowExecutionInfo } from '@temporalio/client';
import { projectWorkflowId } from '../../model/ids.ts';
import { WORKFLOW } from '../../workflows/messages.ts';
import { memoView } from './status.ts';
import type { Remote } from './temporal.ts';

/** A project in a list. */
export interface ProjectLine {
  readonly project: string;
  readonly workflow: string;
  readonly phase: string;
  readonly paused: boolean;
  readonly mailboxes: number;
  readonly handled: number;
  readonly exceptions: number;
  readonly startedAt: number;
}

/** All projects that Temporal still knows, the newest first; of several with one name, the newest. */
export async function listProjects(remote: Remote): Promise<readonly ProjectLine[]> {
  const query = `WorkflowType = '${WORKFLOW.project}' AND ExecutionStatus != 'ContinuedAsNew'`;
  const newest = new Map<string, WorkflowExecutionInfo>();
  for await (const execution of remote.client.workflow.list({ query })) {
    const known = newest.get(execution.workflowId);
    if (known === undefined || known.startTime < execution.startTime) newest.set(execution.workflowId, execution);
  }
  return [...newest.values()].map(projectLine).toSorted((a, b) => b.startedAt - a.startedAt);
}

function projectLine(execution: WorkflowExecutionInfo): ProjectLine {
  const view = memoView(execution);
  const counts = view?.totals.counts;
  return {
    project: execution.workflowId.slice(projectWorkflowId('').length),
    workflow: execution.status.name.toLowerCase(),
    phase: view?.phase ?? 'not taken up yet',
    paused: view?.paused ?? false,
    mailboxes: view?.expectedMailboxes ?? 0,
    handled: (counts?.copied ?? 0) + (counts?.adopted ?? 0),
    exceptions: view?.totals.exceptions ?? 0,
    startedAt: view?.startedAt ?? execution.startTime.getTime(),
  };
}
