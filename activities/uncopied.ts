import { applyGrowth, decodeLedger, encodeLedger } from '../copy/ledger-codec.ts';
import { Ledger } from '../copy/ledger.ts';
import { newTally } from '../copy/tally.ts';
import type { CopyFolderResult, CopyOutcome } from '../model/activities.ts';

/**
 * The result of an attempt that did not copy: the ledger as it was given, with the growth of earlier attempts in it, since
 * with this result the workflow forgets that growth. Throws LedgerDamaged.
 */
export function uncopied(
  outcome: CopyOutcome,
  { ledger: text, growth }: { readonly ledger: string | undefined; readonly growth: string | undefined },
): CopyFolderResult {
  const ledger = text === undefined ? new Ledger() : decodeLedger(text);
  const { counts, notes } = growth === undefined ? newTally() : applyGrowth(ledger, growth);
  return { outcome, ledger: encodeLedger(ledger), handled: ledger.size, counts, aside: ledger.newlyAside, notes };
}
