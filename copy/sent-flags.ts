import { batches } from './batches.ts';
import { changeOf } from './flags.ts';
import { throwIfInterrupted, type Work } from './work.ts';

const PER_FETCH = 1_000;

/**
 * Copies of an attempt that died were sent with the flags that their messages had then. What the source's user has set since is
 * missing at the copy: it is no part of the base, so that the next comparison of all flags carries it over. What only the copy
 * has may be its user's, and stays.
 *
 * `uids`: source UIDs of such messages, whose base is what they have now.
 */
export async function rebaseFlags(work: Work, uids: readonly number[]): Promise<void> {
  const { ledger, destination } = work;
  const byCounterpart = new Map(uids.map((uid) => [ledger.get(uid)?.counterpart, uid]));
  for (const batch of batches(
    [...byCounterpart.keys()].filter((uid) => uid !== undefined),
    PER_FETCH,
  )) {
    throwIfInterrupted(work);
    for await (const { uid: counterpart, flags } of destination.fetchFlags(batch)) {
      const uid = byCounterpart.get(counterpart);
      const entry = uid === undefined ? undefined : ledger.get(uid);
      const missing = new Set(entry === undefined ? [] : changeOf(flags, entry.flags)?.add);
      if (uid === undefined || entry === undefined || missing.size === 0) continue;
      ledger.handle(
        uid,
        counterpart,
        entry.flags.filter((flag) => !missing.has(flag)),
      );
      ledger.update({ highestModseq: 0 });
      work.owesFlags = true;
    }
  }
}
