import type { OpenFolder } from '../imap/types.ts';
import { batches } from './batches.ts';
import { checkStored, checkUidNext, forgetNonsense } from './distrust.ts';
import { NOWHERE } from './ledger.ts';
import { matchSource } from './match.ts';
import { readBack } from './read-back.ts';
import type { Sending } from './sending.ts';
import { lookForStrangers } from './strangers.ts';
import { note } from './tally.ts';
import { identityOf, type Work } from './work.ts';

const PER_FETCH = 1_000;

/**
 * The end of writing: finds the messages whose UIDs the server did not tell, names doubles that another writer may have
 * made meanwhile, and ends the doubt. `from`: UIDNEXT before anything was sent.
 */
export async function closeTransfer(work: Work, sending: Sending, from: number): Promise<void> {
  const { ledger, destination, task } = work;
  const before = work.folder;
  const look = (): Promise<OpenFolder> => destination.select(task.folder.destination);
  const folder = await (sending.look?.catch(look) ?? look());
  // Another folder of the same name has none of this; opening it the next time tells.
  if (folder.uidValidity === ledger.head.destinationValidity) {
    work.folder = folder;
    checkUidNext(work, before);
    checkStored(work, sending, from);
    forgetNonsense(sending, folder.uidNext);
    const sought = ledger.sought();
    const isExplicable = work.source.usable && (sought.length > 0 || folder.uidNext - from > sending.sent.length);
    if (isExplicable) await explainNew(work, sending, from, sought);
    const isAllOurs = !sending.hasSought && folder.uidNext - from === sending.sent.length;
    if (isAllOurs && ledger.head.settledBelow === from) ledger.update({ settledBelow: folder.uidNext });
    ledger.update({ writtenBelow: Math.max(ledger.head.writtenBelow, folder.uidNext) });
  }
  sending.seeming.push(...(await readBack(work, sending.suspects)));
  sending.suspects = [];
  ledger.update({ doubtFrom: 0 });
}

async function explainNew(work: Work, sending: Sending, from: number, sought: readonly number[]): Promise<void> {
  const { ledger, folder } = work;
  const { index } = await lookForStrangers(work, from, folder.uidNext);
  await matchSource(work, sought, index, ({ uid }, counterpart) => ledger.place(uid, counterpart));
  for (const uid of ledger.sought()) ledger.place(uid, NOWHERE);
  for (const uids of batches(sending.sent, PER_FETCH)) {
    if (index.size === 0) break;
    for await (const row of work.source.fetchIdentities(uids)) index.see(identityOf(work, row));
  }
  note(work.tally, 'verify.doubled', index.leftBesideSeen().length);
}
