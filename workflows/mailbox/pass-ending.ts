import { workflowInfo } from '@temporalio/workflow';
import type { Problem } from '../../model/mailbox.ts';
import type { PassKind } from '../../model/pass.ts';

/** How a pass ended: through; with a problem to recover from; overtaken by the cutover; or with history to be cut first. */
export type PassEnding =
  | { readonly kind: 'through' }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'history-full' };

/** Ledgers travel in and out of every share; well below the 50 MiB at which Temporal ends a history. */
const HISTORY_BYTES = 8 * 1024 * 1024;

export function historyIsFull(): boolean {
  const info = workflowInfo();
  return info.continueAsNewSuggested || info.historySize > HISTORY_BYTES;
}

export function phaseOf(kind: PassKind): 'prestage' | 'final' | 'tail' {
  return kind === 'delta' ? 'prestage' : kind;
}
