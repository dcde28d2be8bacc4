import { recallLedger, type Remembered } from '../copy/recall.ts';
import { copyResult } from '../copy/copy-result.ts';
import type { CopyFolderResult, CopyOutcome } from '../model/activities.ts';

/**
 * The result of an attempt that did not copy: the ledger as it was given, with the growth of earlier attempts in it, since
 * with this result the workflow forgets that growth.
 */
export function uncopied(outcome: CopyOutcome, remembered: Remembered): CopyFolderResult {
  return copyResult(outcome, recallLedger(remembered));
}
