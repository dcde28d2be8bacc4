import type { PassKind } from './pass.ts';
import type { MailboxState } from './saga.ts';

/** What a mailbox does next. Times are epoch milliseconds. */
export type NextStep =
  | { readonly kind: 'pass'; readonly pass: PassKind }
  | { readonly kind: 'wait'; readonly until: number; readonly next: PassKind }
  | { readonly kind: 'verify' }
  /** The comparison found something missing: one more pass, or a person. */
  | { readonly kind: 'repair' }
  | { readonly kind: 'done' }
  | { readonly kind: 'cancelled' };

/**
 * The saga of one mailbox as a rule: pre-stage, daily deltas until the cutover, the final delta, a tail of deltas until
 * nothing new has come for the quiet time, the comparison, done. The tail ends with a pass that listed everything, never
 * with the passing of time alone.
 */
export function nextStep(state: MailboxState, now: number): NextStep {
  const { directive } = state;
  if (state.removed || directive.stage === 'cancel') return { kind: 'cancelled' };
  return directive.stage === 'cutover' || directive.stage === 'finish'
    ? afterCutover(state, now)
    : beforeCutover(state, now);
}

function beforeCutover(state: MailboxState, now: number): NextStep {
  if (state.current !== undefined) return { kind: 'pass', pass: state.current.kind };
  const last = state.passes.at(-1);
  if (last === undefined) return { kind: 'pass', pass: 'prestage' };
  return due(last.endedAt + state.settings.timing.deltaInterval, 'delta', now);
}

function afterCutover(state: MailboxState, now: number): NextStep {
  const { finalAt, current, verification } = state;
  const last = state.passes.at(-1);
  if (finalAt === undefined || last === undefined) return { kind: 'pass', pass: 'final' };
  if (current !== undefined) return { kind: 'pass', pass: current.kind };
  if (verification !== undefined && verification.at >= last.endedAt) {
    return verification.missing === 0 ? { kind: 'done' } : { kind: 'repair' };
  }
  const quietFor = last.startedAt - (state.lastNewAt ?? finalAt);
  const quiet = last.kind === 'tail' && quietFor >= state.settings.timing.tailQuiet;
  if (quiet || state.directive.stage === 'finish' || state.repairs > 0) return { kind: 'verify' };
  return due(last.endedAt + state.settings.timing.tailInterval, 'tail', now);
}

function due(at: number, pass: PassKind, now: number): NextStep {
  return now >= at ? { kind: 'pass', pass } : { kind: 'wait', until: at, next: pass };
}
