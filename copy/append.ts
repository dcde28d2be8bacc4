import type { CopyOutcome } from '../model/activities.ts';
import { refusal, type RefusalCode } from '../model/refusals.ts';
import type { Identity } from './identity.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import { prepare, type WholeMessage } from './message.ts';
import { openDestination, saysFolderIsGone } from './open-folders.ts';
import { suspectOf, type Suspect } from './read-back.ts';
import { SideRefusal } from './sides.ts';
import { count, note } from './tally.ts';
import { refused, type Work } from './work.ts';

/** What one share has sent. */
export interface Sending {
  readonly work: Work;
  /** Source UIDs of the pass in their order; neighbours tell whether a refusal is about a message at all. */
  readonly order: readonly number[];
  /** Of all that was sent, to name doubles. */
  readonly sent: Identity[];
  /** Sent, and to be read back. */
  suspects: Suspect[];
  /** The server did not tell where it put some of them. */
  hasSought: boolean;
  /** Nobody can tell whether the last message was stored. */
  inDoubt: boolean;
  /** Why the share ends. */
  end: CopyOutcome | undefined;
}

/** Appends one message, and records what became of it. Throws what is no refusal, such as a lost lease. */
export async function send(sending: Sending, fetched: WholeMessage, identity: Identity): Promise<void> {
  const { work } = sending;
  const { lease } = work;
  const prepared = prepare(fetched, work.folder);
  try {
    const { destination } = work.task.folder;
    const appended = await work.destination.append(destination, prepared.message, () => lease.check());
    const isOurFolder = (appended.uidValidity ?? work.folder.uidValidity) === work.folder.uidValidity;
    recordSent(sending, fetched, isOurFolder ? appended.uid : undefined);
  } catch (error) {
    if (!(error instanceof SideRefusal)) throw error;
    lease.check();
    await recordRefusal(sending, fetched.uid, error);
    return;
  }
  sending.sent.push(identity);
  if (prepared.suspect) sending.suspects.push(suspectOf(fetched.uid, prepared));
  if (prepared.flagDropped) note(work.tally, 'destination.flag-dropped');
  if (prepared.dateMended) note(work.tally, 'destination.date-refused');
}

function recordSent(sending: Sending, { uid, flags, bytes }: WholeMessage, counterpart: number | undefined): void {
  const { ledger, tally } = sending.work;
  const isKnown = counterpart !== undefined && counterpart !== NOWHERE && counterpart !== SOUGHT;
  ledger.handle(uid, isKnown ? counterpart : SOUGHT, flags);
  if (!isKnown) sending.hasSought = true;
  // Where a UID was not told, all from there on stays in doubt until it has been found.
  else if (!sending.hasSought) ledger.update({ doubtFrom: Math.max(ledger.head.doubtFrom, counterpart + 1) });
  count(tally, 'copied');
  count(tally, 'bytes', bytes);
}

/** Refusals whose words nobody knows, or that say no more than that the command was not understood. */
function isUnclear({ refusal: { problem, status } }: SideRefusal): boolean {
  return problem.code === 'server.refused' || (status === 'BAD' && refusal(problem.code).scope !== 'message');
}

async function recordRefusal(sending: Sending, uid: number, error: SideRefusal): Promise<void> {
  const { work } = sending;
  const { stored, problem } = error.refusal;
  if (stored === 'in-doubt') {
    sending.inDoubt = true;
    sending.end = refused(work, error);
  } else if (saysFolderIsGone(error)) {
    sending.end = await afterFolderIsGone(work, error);
  } else if (refusal(problem.code).reaction === 'put-aside') {
    putAside(sending, uid, problem.code);
  } else if (isUnclear(error) && !neighboursWereRefused(sending, uid)) {
    putAside(sending, uid, UNCLEAR);
  } else {
    sending.end = refused(work, error);
  }
}

/** Its user deleted the folder meanwhile: made again, and the next share finds out what that means; once, not for ever. */
async function afterFolderIsGone(work: Work, error: SideRefusal): Promise<CopyOutcome> {
  const { uidValidity } = work.folder;
  await openDestination(work);
  return work.folder.uidValidity === uidValidity ? refused(work, error) : { kind: 'share-ended' };
}

const UNCLEAR = 'destination.message-refused';
const SUSPICIOUS_NEIGHBOURS = 4;

/** When the messages before it were refused as well, it is not the message that the server dislikes. */
function neighboursWereRefused({ work, order }: Sending, refusedUid: number): boolean {
  const position = order.indexOf(refusedUid);
  const before = order.slice(Math.max(0, position - SUSPICIOUS_NEIGHBOURS), position);
  return before.length === SUSPICIOUS_NEIGHBOURS && before.every((uid) => work.ledger.asideCode(uid) === UNCLEAR);
}

/** Names a message in the report; the others go on. */
export function putAside(sending: Sending, uid: number, code: RefusalCode): void {
  const { ledger, task, tally, destination } = sending.work;
  if (task.retryAside) ledger.update({ retriedUpTo: uid });
  ledger.putAside(uid, code);
  count(tally, 'aside');
  // A server that answered BAD, or hung up after its NO, is asked again on a new connection.
  if (!destination.usable) sending.end = { kind: 'share-ended' };
}
