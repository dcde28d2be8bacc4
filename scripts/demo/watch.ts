import { setTimeout as delay } from 'node:timers/promises';
import { Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { clean } from '../../client/clean.ts';
import { memoView } from '../../client/remote/status.ts';
import { projectWorkflowId } from '../../model/ids.ts';
import { MAILBOX_PHASES, type MailboxPhase } from '../../model/mailbox.ts';
import { connect } from '../../temporal/connection.ts';
import type { ProjectView } from '../../model/saga.ts';
import { WORKFLOW } from '../../workflows/messages.ts';
import type { Screen } from './screen.ts';

/** How a mailbox of the project stands, as its workflow tells visibility. */
export interface Standing {
  readonly id: string;
  readonly phase: MailboxPhase;
  /** One sentence: what it does or waits for. */
  readonly now: string;
  /** Handled so far. */
  readonly messages: number;
  /** Epoch milliseconds of the next try or pass, where one is set. */
  readonly nextAt: number | undefined;
}

/** Whether what is waited for has come; the project has no view before a worker has taken it up. */
type Satisfied = (standings: readonly Standing[], project: ProjectView | undefined) => boolean;

/** Follows the project, and shows it. */
export interface Watch {
  /** Asks again and again until the answer satisfies; `meanwhile` is done with each answer that does not. */
  readonly until: (satisfied: Satisfied, meanwhile?: (standings: readonly Standing[]) => void) => Promise<void>;
  readonly close: () => Promise<void>;
}

const MESSAGES = defineSearchAttributeKey('MailferryMessages', 'INT');
const LOOK_MS = 400;
/** Between two lines where nothing can be redrawn. */
const TELL_MS = 1_000;
/** The longest wait of the project file is a few seconds; where nothing changes for so long, nothing will. */
const STANDSTILL_MS = 90_000;
const WIDEST_PHASE = 16;

/** In the order in which a mailbox goes through them. */
const PHASE_WORDS: Readonly<Record<MailboxPhase, string>> = {
  queued: 'waits its turn',
  probe: 'logs in',
  refused: 'access refused',
  survey: 'lists folders',
  prestage: 'pre-stage',
  ready: 'ready',
  final: 'final delta',
  tail: 'tail',
  verify: 'compares',
  done: 'done',
  attention: 'needs attention',
  cancelled: 'cancelled',
};

/** Connects to the Temporal at `address`. Memos are read and nothing else: no worker is kept from its work. */
export async function watchProject(
  address: string,
  project: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<Watch> {
  const connection = await connect({ address, connection: { address } });
  const { workflow } = new Client({ connection });
  const handle = workflow.getHandle(projectWorkflowId(project));
  const query = `MailferryProject = '${project}' AND WorkflowType = '${WORKFLOW.mailbox}'`;
  const seen = new Map<string, Standing>();
  let told = '';
  let toldAt = -Infinity;

  /** Between two runs of one workflow there may be none to be seen: what was known of it then stays. */
  async function look(): Promise<readonly Standing[]> {
    for await (const info of workflow.list({ query: `${query} AND ExecutionStatus != 'ContinuedAsNew'` })) {
      const standing = standingOf(info);
      if (standing !== undefined) seen.set(standing.id, standing);
    }
    return known();
  }

  function known(): readonly Standing[] {
    return [...seen.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function until(satisfied: Satisfied, meanwhile?: (standings: readonly Standing[]) => void): Promise<void> {
    let last = '';
    let changedAt = performance.now();
    let trouble: unknown;
    for (;;) {
      signal.throwIfAborted();
      try {
        const standings = await look();
        show(standings);
        const view = memoView(await handle.describe());
        if (satisfied(standings, view)) return;
        const now = JSON.stringify([standings, view]);
        if (now !== last) changedAt = performance.now();
        last = now;
        trouble = undefined;
      } catch (error) {
        // A machine that has too much to do may have no answer; the next question may get one.
        trouble = error;
      }
      const standings = known();
      refuseWhatCannotEnd(standings);
      if (performance.now() - changedAt > STANDSTILL_MS) {
        throw new Error(`nothing has changed for ${STANDSTILL_MS / 1_000} s: ${summary(standings)}`, {
          cause: trouble,
        });
      }
      if (trouble === undefined) meanwhile?.(standings);
      await delay(LOOK_MS, undefined, { signal });
    }
  }

  function show(standings: readonly Standing[]): void {
    if (screen.live) return screen.draw(block(standings, screen));
    const phases = phaseCounts(standings);
    if (phases === '' || phases === told || performance.now() - toldAt < TELL_MS) return;
    screen.tell(summary(standings));
    told = phases;
    toldAt = performance.now();
  }

  return { until, close: () => connection.close() };
}

function standingOf({ memo, typedSearchAttributes }: WorkflowExecutionInfo): Standing | undefined {
  const told = memo?.['mailbox'];
  if (!isRecord(told)) return undefined;
  const { id, phase, now, nextAt } = told;
  const known = MAILBOX_PHASES.find((one) => one === phase);
  if (typeof id !== 'string' || typeof now !== 'string' || known === undefined) return undefined;
  const messages = typedSearchAttributes.get(MESSAGES) ?? 0;
  return {
    id: clean(id),
    phase: known,
    now: clean(now),
    messages,
    nextAt: typeof nextAt === 'number' ? nextAt : undefined,
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Nobody is there who would do what these mailboxes wait for. */
function refuseWhatCannotEnd(standings: readonly Standing[]): void {
  const stuck = standings.find(({ phase }) => phase === 'attention' || phase === 'cancelled');
  if (stuck !== undefined) throw new Error(`${stuck.id}: ${stuck.now}`);
}

function summary(standings: readonly Standing[]): string {
  const messages = standings.reduce((sum, standing) => sum + standing.messages, 0);
  return `${phaseCounts(standings)} (${messages.toLocaleString('en-US')} messages at the destination)`;
}

/** In the order of the phases, so that the same counts are the same words. */
function phaseCounts(standings: readonly Standing[]): string {
  return MAILBOX_PHASES.map((phase) => [phase, standings.filter((one) => one.phase === phase).length] as const)
    .filter(([, count]) => count > 0)
    .map(([phase, count]) => `${count} ${PHASE_WORDS[phase]}`)
    .join(', ');
}

function block(standings: readonly Standing[], { theme, columns }: Screen): string {
  const widest = Math.max(0, ...standings.map(({ id }) => id.length));
  return standings
    .map(({ id, phase, now, messages }) => {
      const tone = phase === 'refused' ? theme.warn : phase === 'done' ? theme.good : theme.bold;
      const start = `  ${id.padEnd(widest)}  `;
      const words = PHASE_WORDS[phase].padEnd(WIDEST_PHASE);
      const handled = `${String(messages).padStart(5)}  `;
      const left = Math.max(0, columns() - start.length - words.length - handled.length - 1);
      return `${start}${tone(words)}${handled}${theme.dim(now.slice(0, left))}`;
    })
    .join('\n');
}
