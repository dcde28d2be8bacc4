import { MAILBOX_PHASES, type Problem } from '../../model/mailbox.ts';
import { isRefusalCode } from '../../model/refusals.ts';
import { WORKFLOW } from '../../workflows/messages.ts';
import type { Remote } from './temporal.ts';

/** A mailbox that waits because of something, as its memo tells. */
export interface MailboxTrouble {
  readonly id: string;
  readonly phase: string;
  readonly now: string;
  readonly problem: Problem;
}

/** What a project's mailboxes look like from outside, without any worker. */
export interface Glance {
  /** Mailboxes by phase; `paused` while the project is paused. */
  readonly phases: Readonly<Record<string, number>>;
  readonly troubles: readonly MailboxTrouble[];
  readonly troubled: number;
}

/** A project is named in messages; with more, `show` and the Web UI help. */
export const NAMED_TROUBLES = 20;

/**
 * Counts a project's mailboxes by phase and names those in trouble. `since` keeps out earlier projects of the same name.
 * One count for each phase, all at once: visibility groups by nothing but the execution's status.
 */
export async function glanceAt(remote: Remote, project: string, since: Date): Promise<Glance> {
  const scope = mailboxesOf(project, since);
  const phases = [...MAILBOX_PHASES, 'paused'];
  const troubled = `${scope} AND MailferryProblem IS NOT NULL`;
  const [counts, trouble, troubles] = await Promise.all([
    Promise.all(phases.map((phase) => count(remote, `${scope} AND MailferryPhase = '${phase}'`))),
    count(remote, troubled),
    listTroubles(remote, troubled),
  ]);
  const entries = phases.map((phase, index) => [phase, counts[index] ?? 0] as const).filter(([, number]) => number > 0);
  return { phases: Object.fromEntries(entries), troubles, troubled: trouble };
}

/** The ids of a project's running workflows other than the project's own. */
export async function listRunningParts(remote: Remote, project: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of remote.client.workflow.list({ query: runningParts(project) }))
    ids.push(workflowId);
  return ids;
}

/** How many of them there are. */
export async function countRunningParts(remote: Remote, project: string): Promise<number> {
  return count(remote, runningParts(project));
}

function runningParts(project: string): string {
  const types = [WORKFLOW.shard, WORKFLOW.mailbox, WORKFLOW.preflight, WORKFLOW.aside, WORKFLOW.doctor]
    .map((type) => `'${type}'`)
    .join(', ');
  return `MailferryProject = '${project}' AND WorkflowType IN (${types}) AND ExecutionStatus = 'Running'`;
}

async function count(remote: Remote, query: string): Promise<number> {
  return (await remote.client.workflow.count(query)).count;
}

async function listTroubles(remote: Remote, query: string): Promise<readonly MailboxTrouble[]> {
  const troubles: MailboxTrouble[] = [];
  for await (const { memo } of remote.client.workflow.list({ query, pageSize: NAMED_TROUBLES })) {
    const trouble = troubleOf(memo?.['mailbox']);
    if (trouble !== undefined) troubles.push(trouble);
    if (troubles.length >= NAMED_TROUBLES) break;
  }
  return troubles.toSorted((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
}

/** What waits for a person comes before what is tried again by itself. */
function rank({ phase }: MailboxTrouble): number {
  return phase === 'attention' ? 0 : 1;
}

function mailboxesOf(project: string, since: Date): string {
  return [
    `MailferryProject = '${project}'`,
    `WorkflowType = '${WORKFLOW.mailbox}'`,
    `ExecutionStatus != 'ContinuedAsNew'`,
    `StartTime >= '${since.toISOString()}'`,
  ].join(' AND ');
}

/** A memo is written by our own workflows, of whatever version. */
function troubleOf(memo: unknown): MailboxTrouble | undefined {
  if (!isRecord(memo) || !isRecord(memo['problem'])) return undefined;
  const { id, phase, now, problem } = memo;
  const { code, text, serverText } = problem;
  if (typeof id !== 'string' || typeof code !== 'string' || typeof text !== 'string') return undefined;
  return {
    id,
    phase: typeof phase === 'string' ? phase : 'unknown',
    now: typeof now === 'string' ? now : '',
    problem: {
      code: isRefusalCode(code) ? code : 'us.bug',
      text,
      ...(typeof serverText === 'string' && { serverText }),
    },
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
