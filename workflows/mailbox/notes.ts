import { isRefusalCode, type RefusalCode } from '../../model/refusals.ts';

/** Things worth knowing, counted by code. */
type Notes = Readonly<Partial<Record<RefusalCode, number>>>;

/** Adds notes up, code by code. */
export function addNotes(a: Notes, b: Notes): Notes {
  const sum: Partial<Record<RefusalCode, number>> = { ...a };
  for (const [code, count] of Object.entries(b)) if (isRefusalCode(code)) sum[code] = (sum[code] ?? 0) + count;
  return sum;
}
