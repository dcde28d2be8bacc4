import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { shardWorkflowId } from '../../model/ids.ts';
import type { MailboxPhase, MailboxReport } from '../../model/mailbox.ts';
import { connect } from '../../temporal/connection.ts';
import * as messages from '../../workflows/messages.ts';
import type { Screen } from './screen.ts';

/** How every mailbox of the project stands. */
export type Standing = readonly MailboxReport[];

/** Follows the project, and shows it. */
export interface Watch {
  /** Asks again and again until the answer satisfies; `meanwhile` is done with each answer that does not. */
  readonly until: (
    satisfied: (standing: Standing) => boolean,
    meanwhile?: (standing: Standing) => Promise<void>,
  ) => Promise<Standing>;
  readonly close: () => Promise<void>;
}

const LOOK_MS = 300;
/** The longest wait of the project file is a few seconds; where nothing changes for so long, nothing will. */
const STANDSTILL_MS = 45_000;
const BAR = 24;

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

/** Connects to the Temporal at `address`. The project has one shard, as every project up to some hundred mailboxes. */
export async function watchProject(
  address: string,
  project: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<Watch> {
  const connection = await connect({ address, connection: { address } });
  const { workflow } = new Client({ connection });
  const shard = workflow.getHandle(shardWorkflowId(project, 0));
  let told = '';

  async function until(
    satisfied: (standing: Standing) => boolean,
    meanwhile?: (standing: Standing) => Promise<void>,
  ): Promise<Standing> {
    let last = '';
    let changedAt = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const standing = await connection.withAbortSignal(signal, () => shard.query(messages.shardReports));
      show(standing);
      if (satisfied(standing)) {
        screen.clear();
        return standing;
      }
      refuseWhatCannotEnd(standing);
      const now = JSON.stringify(standing);
      if (now !== last) changedAt = performance.now();
      last = now;
      if (performance.now() - changedAt > STANDSTILL_MS) {
        throw new Error(
          `nothing has changed for ${STANDSTILL_MS / 1_000} s; the mailboxes stand at: ${summary(standing)}`,
        );
      }
      await meanwhile?.(standing);
      await delay(LOOK_MS, undefined, { signal });
    }
  }

  function show(standing: Standing): void {
    if (screen.live) return screen.draw(block(standing, screen));
    const phases = phaseCounts(standing);
    if (phases !== told) screen.tell(summary(standing));
    told = phases;
  }

  return { until, close: () => connection.close() };
}

/** Nobody is there who would do what these mailboxes wait for. */
function refuseWhatCannotEnd(standing: Standing): void {
  const stuck = standing.find(({ phase }) => phase === 'attention' || phase === 'cancelled');
  if (stuck === undefined) return;
  const { code, text } = stuck.problem ?? { code: 'no code', text: 'no problem is named' };
  throw new Error(`${stuck.id} ${PHASE_WORDS[stuck.phase]}: ${code}: ${text}`);
}

function summary(standing: Standing): string {
  const handled = standing.reduce((sum, { counts }) => sum + counts.copied + counts.adopted, 0);
  return `${phaseCounts(standing)} (${handled.toLocaleString('en-US')} messages at the destination)`;
}

function phaseCounts(standing: Standing): string {
  const counts = new Map<MailboxPhase, number>();
  for (const { phase } of standing) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return [...counts].map(([phase, count]) => `${count} × ${PHASE_WORDS[phase]}`).join(', ');
}

function block(standing: Standing, { theme }: Screen): string {
  const widest = Math.max(...standing.map(({ id }) => id.length));
  return standing
    .map(({ id, phase, counts, problem }) => {
      const handled = Math.min(counts.copied + counts.adopted, counts.messages);
      const filled = counts.messages === 0 ? 0 : Math.round((handled / counts.messages) * BAR);
      const bar = `${'━'.repeat(filled)}${theme.dim('─'.repeat(BAR - filled))}`;
      const words = PHASE_WORDS[phase].padEnd(15);
      const tone = phase === 'refused' ? theme.warn : phase === 'done' ? theme.good : theme.bold;
      const why = problem === undefined ? '' : theme.dim(`  ${problem.code}`);
      return `  ${id.padEnd(widest)}  ${tone(words)} ${bar} ${String(handled).padStart(4)} of ${counts.messages}${why}`;
    })
    .join('\n');
}
