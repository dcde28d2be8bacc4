/** What is done about a server that has contradicted itself: what was believed because of it is found out once more. */
import { refuse } from '../imap/refusal.ts';
import type { OpenFolder } from '../imap/types.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import type { Sending } from './sending.ts';
import { SideRefusal } from './sides.ts';
import { count } from './tally.ts';
import type { Work } from './work.ts';

/** Whether this share ends because one of the servers said what cannot be. */
export function wasContradicted({ end }: Sending): boolean {
  return end?.kind === 'refused' && end.problem.code === 'server.protocol';
}

/**
 * Takes back what was recorded of messages that were sent or adopted, since a server that does not keep to IMAP may have told
 * wrong UIDs all along. What was stored is recognised by identity, as after a crash. `from`: UIDNEXT before anything was sent.
 */
export function withdrawAll(work: Work, sending: Sending, from: number): void {
  const { sent, adopted, sentBytes } = sending;
  if (sent.length + adopted.length === 0) return;
  const { ledger, tally, progress } = work;
  ledger.withdraw(new Set([...sent, ...adopted]));
  const doubtFrom = ledger.head.doubtFrom === 0 ? from : Math.min(ledger.head.doubtFrom, from);
  ledger.update({ doubtFrom, settledBelow: adopted.length > 0 ? 1 : Math.min(ledger.head.settledBelow, from) });
  count(tally, 'copied', -sent.length);
  count(tally, 'bytes', -sentBytes);
  count(tally, 'adopted', -adopted.length);
  progress.done -= sent.length + adopted.length;
  sending.inDoubt = true;
}

/** Where one told UID cannot be, the others are not believed either: all that was sent is looked for. */
export function forgetNonsense({ work: { ledger }, sent, lastUid, toldNonsense }: Sending, uidNext: number): void {
  if (!toldNonsense && lastUid < uidNext) return;
  for (const uid of sent) if (ledger.get(uid)?.counterpart !== NOWHERE) ledger.place(uid, SOUGHT);
}

/**
 * A server that accepted more messages than it has given UIDs since has not stored all of them: which, is found out. `from`:
 * UIDNEXT before anything was sent. Throws a SideRefusal.
 */
export function checkStored(work: Work, sending: Sending, from: number): void {
  const [accepted, stored] = [sending.sent.length, work.folder.uidNext - from];
  if (stored >= accepted) return;
  withdrawAll(work, sending, from);
  const text = `The server has accepted ${accepted} messages, and stored ${stored} at most`;
  throw new SideRefusal('destination', refuse('server.protocol', text));
}

/**
 * UIDNEXT never falls while UIDVALIDITY stays (RFC 3501 section 2.3.1.1). Where it does between two looks, the server is not
 * believed: throws a SideRefusal. Where it is below what the ledger holds, either was false, and the whole folder is compared
 * once more.
 */
export function checkUidNext({ ledger, folder }: Work, before: OpenFolder): void {
  const { uidNext, uidValidity } = folder;
  if (before.uidValidity === uidValidity && before.name === folder.name && uidNext < before.uidNext) {
    const text = `The server tells ${uidNext} as UIDNEXT, and told ${before.uidNext} before`;
    throw new SideRefusal('destination', refuse('server.protocol', text));
  }
  const { doubtFrom, settledBelow, writtenFrom, writtenBelow } = ledger.head;
  if (Math.max(doubtFrom, settledBelow, writtenFrom, writtenBelow) <= uidNext) return;
  ledger.update({
    settledBelow: 1,
    doubtFrom: doubtFrom > uidNext ? 1 : doubtFrom,
    writtenFrom: Math.min(writtenFrom, uidNext),
    writtenBelow: Math.min(writtenBelow, uidNext),
  });
}
