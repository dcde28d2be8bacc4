import { randomBytes } from 'node:crypto';
import {
  refusedKey,
  type DoctorFinding,
  type DoctorInput,
  type DoctorResult,
  type DoctorTask,
} from '../../model/doctor-run.ts';
import { doctorWorkflowId } from '../../model/ids.ts';
import type { ProjectSettings } from '../../model/project.ts';
import { doctorProgress, WORKFLOW } from '../../workflows/messages.ts';
import type { Context } from '../context.ts';
import { followProgress, runShortWorkflow } from './short-workflow.ts';
import type { Remote } from './temporal.ts';
import { isRecord } from './visibility.ts';

/**
 * Has a worker look at how mailboxes are opened, by a short workflow. `told` hears of everything as it is found. Rejects
 * with `temporal.no-worker` when no worker takes it up.
 */
export async function examine(
  context: Context,
  remote: Remote,
  settings: ProjectSettings,
  tasks: readonly DoctorTask[],
  told: (findings: DoctorResult) => void,
): Promise<DoctorResult> {
  const { name } = settings;
  const known = await refusedBefore(remote, name);
  const input = { settings, tasks: tasks.map((task) => withKnown(task, known)) };
  return runShortWorkflow<DoctorInput, DoctorResult>(context, remote, {
    type: WORKFLOW.doctor,
    id: doctorWorkflowId(name, randomBytes(4).toString('hex')),
    project: name,
    input,
    summary: `looks at how the mailboxes of ${name} are opened`,
    details: 'Gets tokens and logs in to a few mailboxes. Writes nothing.',
    purpose: 'Looking at how the mailboxes are opened needs a worker; nothing was started.',
    follow: (handle) => followProgress(context, remote, handle, doctorProgress, told),
  });
}

function withKnown(task: DoctorTask, known: Readonly<Record<string, number>>): DoctorTask {
  if (task.kind !== 'gate') return task;
  const refusedSince = known[refusedKey(task.gate)];
  return refusedSince === undefined ? task : { ...task, refusedSince };
}

/**
 * Since when the last look has found applications refused: what has lasted for hours is no permission on its way. Empty when
 * there was no look, or all was well.
 */
async function refusedBefore(remote: Remote, project: string): Promise<Readonly<Record<string, number>>> {
  const query = `MailferryProject = '${project}' AND WorkflowType = '${WORKFLOW.doctor}' AND ExecutionStatus = 'Completed'`;
  const last = remote.client.workflow.list({ query, pageSize: 1 })[Symbol.asyncIterator]();
  const { value, done } = await remote.call(() => last.next());
  const memo: unknown = done === true ? undefined : value.memo?.['refusedSince'];
  if (!isRecord(memo)) return {};
  return Object.fromEntries(
    Object.entries(memo).flatMap(([key, since]) => (typeof since === 'number' ? [[key, since] as const] : [])),
  );
}

/** Whether mailboxes behind it may be logged in to. */
export function isOpen({ diagnosis }: DoctorFinding): boolean {
  return diagnosis?.kind === 'open';
}
