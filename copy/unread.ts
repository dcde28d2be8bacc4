import { isStream } from '../imap/body.ts';
import { ByteBudget } from '../imap/budget.ts';
import type { FetchedMessage } from '../imap/types.ts';
import { batches } from './batches.ts';
import { isWhole, Preparing } from './message.ts';
import { WatchedBody, type Suspect } from './read-back.ts';
import { throwIfInterrupted, type Work } from './work.ts';

const PER_FETCH = 1_000;
/** What was a date of these days to the attempt that sent it may be an old one by now. */
const SENT_WITHIN_MS = 7 * 86_400_000;

/**
 * What an earlier attempt sent and did not live to read back, as the source has it: messages that servers are known to alter
 * in silence. Those that turn out to be none, and those that the source no longer has, are not waited for any longer.
 *
 * `known`: suspects of this attempt.
 */
export async function unreadSuspects(work: Work, known: readonly Suspect[]): Promise<readonly Suspect[]> {
  const { ledger, source, task, folder } = work;
  const knownUids = new Set(known.map(({ uid }) => uid));
  const unread = ledger.unread.filter((uid) => !knownUids.has(uid));
  const budget = new ByteBudget(task.limits.memoryBytes);
  const preparing = new Preparing(folder, work.now() - SENT_WITHIN_MS);
  const suspects: Suspect[] = [];
  for (const uids of batches(unread, PER_FETCH)) {
    throwIfInterrupted(work);
    const innocent = new Set(uids);
    for await (const group of source.readMessages(uids, budget)) {
      for (const fetched of group) {
        const suspect = await suspectIn(preparing, fetched);
        if (fetched.body === undefined || !isStream(fetched.body)) budget.give(fetched.bytes);
        if (suspect === undefined) continue;
        suspects.push(suspect);
        innocent.delete(suspect.uid);
      }
    }
    for (const uid of innocent) ledger.wasReadBack(uid);
  }
  return suspects;
}

async function suspectIn(preparing: Preparing, fetched: FetchedMessage): Promise<Suspect | undefined> {
  if (!isWhole(fetched)) return undefined;
  return new WatchedBody(preparing.prepare(fetched)).read();
}
