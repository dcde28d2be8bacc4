import type { Appended, OpenFolder } from '../imap/types.ts';
import type { CopyOutcome } from '../model/activities.ts';
import { passesByItself, refusal, type RefusalCode } from '../model/refusals.ts';
import { carriedByAppend } from './flagged.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import type { Prepared } from './message.ts';
import { openDestination, saysFolderIsGone } from './open-folders.ts';
import type { Suspect } from './read-back.ts';
import type { SideRefusal } from './sides.ts';
import { count, note } from './tally.ts';
import { refused, type Work } from './work.ts';

/** What one share has sent. */
export interface Sending {
  readonly work: Work;
  /** Source UIDs of the pass in their order; neighbours tell whether a refusal is about a message at all. */
  readonly order: Uint32Array;
  /** Source UIDs of all that was stored, to name doubles. */
  readonly sent: number[];
  /** Bytes of all that was stored. */
  sentBytes: number;
  /** Source UIDs of what was taken for a message that was there already. */
  readonly adopted: number[];
  /** Sent, and to be read back. */
  suspects: Suspect[];
  /** Read back as they were sent, and to be read again over another connection. */
  readonly seeming: Suspect[];
  /** The last destination UID that the server told. */
  lastUid: number;
  /** It told one that cannot be, so that none of them means anything. */
  toldNonsense: boolean;
  /** The server did not tell where it put some of them. */
  hasSought: boolean;
  /** Nobody can tell whether the last messages were stored. */
  inDoubt: boolean;
  /** Messages that were refused in unclear words since one was last stored. */
  refusedInARow: number;
  /** The destination as it is behind the last command, where it has been asked for together with that. */
  look: Promise<OpenFolder> | undefined;
  /** The smallest message, in bytes, that the server refused for its size. */
  tooLarge: number;
  /** Why the share ends. */
  end: CopyOutcome | undefined;
  /** It may go on over new connections. */
  mayGoOn: boolean;
}

export function newSending(work: Work, order: Uint32Array, end: CopyOutcome | undefined): Sending {
  return {
    work,
    order,
    sent: [],
    sentBytes: 0,
    adopted: [],
    suspects: [],
    seeming: [],
    lastUid: work.folder.uidNext - 1,
    toldNonsense: false,
    hasSought: false,
    inDoubt: false,
    refusedInARow: 0,
    look: undefined,
    tooLarge: Number.POSITIVE_INFINITY,
    end,
    mayGoOn: false,
  };
}

/** Records what one command stored, in the order of the acknowledgements. */
export function recordSent(sending: Sending, batch: readonly Prepared[], appended: readonly Appended[]): void {
  const { work, sent } = sending;
  const { ledger, tally, progress } = work;
  let bytes = 0;
  let index = 0;
  for (const { uid, flags, message, flagDropped, dateMended, isSuspect } of batch) {
    const told = appended[index];
    ledger.handle(uid, counterpartOf(sending, told), carriedByAppend(work, uid, flags));
    index += 1;
    bytes += message.bytes;
    sent.push(uid);
    if (isSuspect) ledger.awaitReadBack(uid);
    if (flagDropped || hasLostKeywords(flags, told)) note(tally, 'destination.flag-dropped');
    if (dateMended) note(tally, 'destination.date-refused');
  }
  // Where a UID was not told, all from there on stays in doubt until it has been found.
  if (!sending.hasSought) ledger.update({ doubtFrom: Math.max(ledger.head.doubtFrom, sending.lastUid + 1) });
  count(tally, 'copied', batch.length);
  count(tally, 'bytes', bytes);
  sending.sentBytes += bytes;
  sending.refusedInARow = 0;
  progress.done += batch.length;
}

/** A server may take keywords and keep none, and say so with the message that it stores. */
function hasLostKeywords(flags: readonly string[], told: Appended | undefined): boolean {
  return told?.keywordsLost === true && flags.some((flag) => !flag.startsWith('\\'));
}

/** UIDs grow from message to message (RFC 3501 section 2.3.1.1); what does not cannot be a UID of ours. */
function counterpartOf(sending: Sending, appended: Appended | undefined): number {
  const { uidValidity } = sending.work.folder;
  const uid = appended?.uid;
  const isOurFolder = (appended?.uidValidity ?? uidValidity) === uidValidity;
  if (uid !== undefined && isOurFolder && uid > sending.lastUid && uid !== NOWHERE && uid !== SOUGHT) {
    sending.lastUid = uid;
    return uid;
  }
  sending.hasSought = true;
  sending.toldNonsense ||= uid !== undefined;
  return SOUGHT;
}

/** Refusals whose words nobody knows, or that say no more than that the command was not understood: neither to wait nor why. */
function isUnclear({ refusal: { problem, status } }: SideRefusal): boolean {
  const { code } = problem;
  if (code === 'server.refused') return true;
  const isClear = passesByItself(code) || code === 'destination.quota' || refusal(code).scope === 'message';
  return status === 'BAD' && !isClear;
}

const UNCLEAR = 'destination.message-refused';
const SUSPICIOUS_NEIGHBOURS = 4;

/**
 * The code under which a message would be put aside for this refusal; undefined when no message can be at fault: a quota, a
 * missing folder, a server that asks to wait, a lost connection.
 */
export function faultOf(error: SideRefusal): RefusalCode | undefined {
  if (error.refusal.stored === 'in-doubt' || saysFolderIsGone(error)) return undefined;
  const { code } = error.refusal.problem;
  if (refusal(code).reaction === 'put-aside') return code;
  return isUnclear(error) ? UNCLEAR : undefined;
}

/** When the messages before it were refused in unclear words as well, it is not the message that the server dislikes. */
export function neighboursWereRefused({ work, order }: Sending, refusedUid: number): boolean {
  const position = order.indexOf(refusedUid);
  const before = order.slice(Math.max(0, position - SUSPICIOUS_NEIGHBOURS), position);
  return before.length === SUSPICIOUS_NEIGHBOURS && before.every((uid) => work.ledger.asideCode(uid) === UNCLEAR);
}

/** Smaller ones are refused for something else, whatever the server says. */
const LEAST_LIMIT = 1 << 20;

/** What is larger than a message that was refused for its size does not have to travel. */
export function learnLimit(sending: Sending, bytes: number): void {
  if (bytes >= LEAST_LIMIT) sending.tooLarge = Math.min(sending.tooLarge, bytes);
}

/**
 * Puts one refused message aside, unless everything is refused without a reason, as a full mailbox may be; then the share ends
 * with the refusal. A BAD gives no reason, whatever its words.
 */
export function recordRefused(sending: Sending, uid: number, code: RefusalCode, error: SideRefusal): void {
  const isVague = refusal(error.refusal.problem.code).reaction !== 'put-aside' || error.refusal.status === 'BAD';
  const isReasonless = isVague && code === UNCLEAR;
  const wereAll = sending.refusedInARow >= SUSPICIOUS_NEIGHBOURS || neighboursWereRefused(sending, uid);
  if (isReasonless && wereAll) {
    sending.end = allRefused(sending.work, error);
    return;
  }
  if (isReasonless) sending.refusedInARow += 1;
  putAside(sending, uid, code, error.refusal.problem.serverText);
}

/** What is no message's fault waits for a person. */
function allRefused(work: Work, error: SideRefusal): CopyOutcome {
  const outcome = refused(work, error);
  if (outcome.kind !== 'refused' || refusal(outcome.problem.code).reaction !== 'put-aside') return outcome;
  return { ...outcome, problem: { ...outcome.problem, code: 'server.refused' } };
}

/** Its user deleted the folder meanwhile: made again, and the next share finds out what that means; once, not for ever. */
export async function afterFolderIsGone(work: Work, error: SideRefusal): Promise<CopyOutcome> {
  const { uidValidity } = work.folder;
  await openDestination(work);
  return work.folder.uidValidity === uidValidity ? refused(work, error) : { kind: 'share-ended' };
}

/** Names a message in the report; the others go on. */
export function putAside(sending: Sending, uid: number, code: RefusalCode, words?: string): void {
  const { ledger, task, tally, progress } = sending.work;
  if (task.retryAside) ledger.update({ retriedUpTo: uid });
  ledger.putAside(uid, code, words);
  count(tally, 'aside');
  progress.done += 1;
}
