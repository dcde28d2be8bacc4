import type { CopyFolderResult, CopyOutcome } from '../model/activities.ts';
import { MOST_GROWTH_CHARACTERS, MOST_LEDGER_CHARACTERS } from '../model/ledger-limits.ts';
import { encodeGrowth, encodeLedger } from './ledger-codec.ts';
import type { Ledger } from './ledger.ts';
import { restOf, type Recalled } from './recall.ts';
import type { Tally } from './tally.ts';

/** In place of growth that no heartbeat can carry; who finds it recognises what was written since at the destination. */
export const OUTGROWN = 'more than a heartbeat can carry';

/** What a heartbeat carries of a ledger. */
export function carriedGrowth(ledger: Ledger, tally: Tally): string {
  const growth = encodeGrowth(ledger, tally);
  return growth.length <= MOST_GROWTH_CHARACTERS ? growth : OUTGROWN;
}

/** The ledger as it travels; undefined when it is too large to be carried. */
export function carriedLedger(ledger: Ledger): string | undefined {
  const text = encodeLedger(ledger);
  return text.length <= MOST_LEDGER_CHARACTERS ? text : undefined;
}

/** What a copy returns. */
export function copyResult(
  outcome: CopyOutcome,
  { ledger, tally }: Recalled,
  text: string | undefined = carriedLedger(ledger),
): CopyFolderResult {
  return {
    outcome,
    ...(text !== undefined && { ledger: text }),
    rest: restOf(ledger),
    handled: ledger.size,
    counts: tally.counts,
    aside: ledger.newlyAside,
    notes: tally.notes,
  };
}
