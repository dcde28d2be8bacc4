import type { MailboxPhase } from './mailbox.ts';
import { gateSentence } from './gate-view.ts';
import { closedGates, type Gate } from './gates.ts';
import type { ProjectPhase, ProjectState, Totals } from './saga.ts';
import { NO_TOTALS, addTotals } from './saga.ts';

/** Phases in which a mailbox is not waited for before the cutover, or before the tail. */
const READY: readonly MailboxPhase[] = ['ready', 'attention', 'done', 'cancelled'];
const BEYOND_FINAL: readonly MailboxPhase[] = ['tail', 'verify', 'attention', 'done', 'cancelled'];

export function totalsOfProject(state: ProjectState): Totals {
  return state.shards.reduce((sum, shard) => addTotals(sum, shard.totals), NO_TOTALS);
}

/** The project's phase follows from its mailboxes: the slowest one that is not waiting for a person tells it. */
export function projectPhase(state: ProjectState, totals: Totals): ProjectPhase {
  const { directive, phase } = state;
  if (directive.stage === 'cancel') return 'cancelled';
  if (directive.stage === 'hold') return phase;
  if (totals.mailboxes > 0 && totals.ended === totals.mailboxes) return 'finished';
  if (directive.stage === 'prestage') return count(totals, READY) === totals.mailboxes ? 'ready' : 'prestage';
  return count(totals, BEYOND_FINAL) === totals.mailboxes ? 'tail' : 'final';
}

function count(totals: Totals, phases: readonly MailboxPhase[]): number {
  return phases.reduce((sum, phase) => sum + (totals.phases[phase] ?? 0), 0);
}

/** One sentence: what the project does or waits for. */
export function projectSentence(state: ProjectState, totals: Totals): string {
  const { phases, mailboxes } = totals;
  const closed = closedGates(state.gates);
  const stuck = phases.attention ?? 0;
  const behind = behindGates(closed);
  const others = `${stuck === 0 ? '' : `; ${stuck} of ${mailboxes} mailboxes need attention`}${behind}`;
  switch (state.phase) {
    case 'loading':
      return `takes in its mailboxes: ${mailboxes} of ${state.expectedMailboxes}`;
    case 'prepare':
      return listed(closed.map(gateSentence)) || 'begins';
    case 'prestage':
      return `pre-stage: ${(phases.ready ?? 0) + (phases.done ?? 0)} of ${mailboxes} mailboxes ready${others}`;
    case 'ready':
      return `waits for the cutover; deltas go on${others}`;
    case 'final':
      return `final delta: ${count(totals, ['tail', 'verify', 'done'])} of ${mailboxes} mailboxes through${others}`;
    case 'tail':
      return `tail: ${phases.done ?? 0} of ${mailboxes} mailboxes done${others}`;
    case 'finished':
      return `finished: ${phases.done ?? 0} of ${mailboxes} mailboxes done, ${totals.exceptions} with exceptions`;
    case 'cancelled':
      return `cancelled: ${totals.ended} of ${mailboxes} mailboxes have stopped`;
  }
}

/** What mailboxes behind closed gates wait for, to be added to a sentence. */
function behindGates(closed: readonly Gate[]): string {
  const waits = closed.map((gate) => {
    const who = gate.mailboxes === 1 ? '1 mailbox waits' : `${gate.mailboxes} mailboxes wait`;
    return `${who} for the ${gateSentence(gate)}`;
  });
  return waits.length === 0 ? '' : `; ${listed(waits)}`;
}

/** A sentence is read: a project with many applications names some of them. */
const LISTED = 3;

function listed(parts: readonly string[]): string {
  const more = parts.length - LISTED;
  return [...parts.slice(0, LISTED), ...(more > 0 ? [`and ${more} more applications`] : [])].join('; ');
}
