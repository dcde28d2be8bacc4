import { addCopyCounts, NO_COPY_COUNTS, type CopyCounts } from '../model/pass.ts';
import { isRefusalCode, type RefusalCode } from '../model/refusals.ts';

/** What an activity has done so far, also in attempts of it that crashed: it travels with the ledger's growth. */
export interface Tally {
  counts: CopyCounts;
  notes: Partial<Record<RefusalCode, number>>;
}

export function newTally(): Tally {
  return { counts: NO_COPY_COUNTS, notes: {} };
}

export function count(tally: Tally, field: keyof CopyCounts, more = 1): void {
  tally.counts = { ...tally.counts, [field]: tally.counts[field] + more };
}

export function note(tally: Tally, code: RefusalCode, more = 1): void {
  if (more === 0) return;
  tally.notes = { ...tally.notes, [code]: (tally.notes[code] ?? 0) + more };
}

/** Adds what another did. */
export function addTally(tally: Tally, more: Tally): void {
  tally.counts = addCopyCounts(tally.counts, more.counts);
  for (const [code, times] of Object.entries(more.notes)) if (isRefusalCode(code)) note(tally, code, times);
}
