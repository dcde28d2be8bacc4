import { isStream, type Body } from '../imap/body.ts';
import { ByteBudget } from '../imap/budget.ts';
import type { FetchedMessage } from '../imap/types.ts';
import { Asking, type Inquiry } from './asking.ts';
import type { Care } from './care.ts';
import { headed } from './headed.ts';
import { headerOf, type Identity } from './identity.ts';
import type { IdentityIndex } from './identity-index.ts';
import { Lane } from './lane.ts';
import { likeness } from './match.ts';
import { isWhole, Preparing, type WholeMessage } from './message.ts';
import { isPlaceholder } from './placeholder.ts';
import { readBack } from './read-back.ts';
import { newSending, putAside, type Sending } from './sending.ts';
import { SideRefusal } from './sides.ts';
import { count, note } from './tally.ts';
import { endOfShare, identityOf, messagesLeft, refused, type Work } from './work.ts';

/** So many messages to read back are read back before more are sent. */
const MOST_SUSPECTS = 500;

/** What is known, during one attempt, of messages at which one of the servers fails. */
export interface Hunt extends Inquiry {
  readonly care: Care;
}

/**
 * Carries messages over: read from the source as one stream, sent to the destination as its lane allows. Held at one time
 * are at most as many bytes of bodies as the limits say; larger ones go straight through. A source that dies in the
 * middle of a literal leaves nothing at the destination. Returns what was sent, with the reason why it ended before all
 * were, if it did.
 *
 * `strangers`: destination messages that the ledger does not know; one that equals a source message is taken for it.
 */
export async function transfer(
  work: Work,
  uids: Uint32Array,
  listed: Uint32Array,
  strangers: IdentityIndex,
  hunt: Hunt,
): Promise<Sending> {
  const { care } = hunt;
  const sending = newSending(work, listed, endOfShare(work));
  const left = withoutCondemned(sending, uids, care);
  const budget = new ByteBudget(work.task.limits.memoryBytes);
  const limit = await work.destination.appendLimit(work.task.folder.destination);
  const transferring: Transferring = {
    sending,
    strangers,
    similar: work.bytesKept ? strangers.looseLeft() : new Set<number>(),
    compared: new Set(),
    budget,
    limit: limit ?? Number.POSITIVE_INFINITY,
    lane: new Lane(sending, budget, care),
    preparing: new Preparing(work.folder, work.now()),
    asking: new Asking(sending, hunt, left),
  };
  try {
    await carryInTurn(transferring, care.ordered(left));
  } catch (error) {
    if (!(error instanceof SideRefusal)) throw error;
    await transferring.lane.drained();
    sending.end ??= refused(work, error);
  }
  transferring.asking.judge();
  return sending;
}

interface Transferring {
  readonly sending: Sending;
  readonly strangers: IdentityIndex;
  /** Headers of strangers, without sizes. */
  readonly similar: ReadonlySet<number>;
  /** Large messages that were compared with strangers, and are none of them. */
  readonly compared: Set<number>;
  readonly budget: ByteBudget;
  /** Bytes of the largest message that the destination takes. */
  readonly limit: number;
  readonly lane: Lane;
  readonly preparing: Preparing;
  readonly asking: Asking;
}

/** Messages at which the source has failed come behind all others, or when they have waited long enough. */
async function carryInTurn(transferring: Transferring, groups: readonly Uint32Array[]): Promise<void> {
  const { sending, asking } = transferring;
  await asking.hearOther();
  const turn = asking.turn();
  await carryAll(transferring, Uint32Array.from(turn));
  for (const group of groups) await carryAll(transferring, asking.others(group, turn));
  for (const uid of asking.waiting()) {
    if (sending.end === undefined) await carryAll(transferring, Uint32Array.of(uid));
    else if (!(await asking.isReadable(uid))) return;
  }
}

async function carryAll(transferring: Transferring, uids: Uint32Array): Promise<void> {
  const { sending, asking } = transferring;
  let left = uids;
  while (left.length > 0 && sending.end === undefined) {
    const { asked, later } = asking.next(left, messagesLeft(sending.work));
    left = later;
    await carryShare(transferring, asked);
    sending.end ??= endOfShare(sending.work);
  }
}

/**
 * Messages that ended the connection again and again, and that are not at the destination for all that, are put aside. Those
 * that turned out to be there are under suspicion no longer.
 */
function withoutCondemned(sending: Sending, uids: Uint32Array, care: Care): Uint32Array {
  const { ledger } = sending.work;
  care.accountedFor([...care.suspicious].filter((uid) => ledger.has(uid)));
  const condemned = new Set(care.takeCondemned().filter((uid) => uids.includes(uid)));
  for (const uid of condemned) putAside(sending, uid, 'destination.message-refused');
  care.accountedFor(condemned);
  return condemned.size === 0 ? uids : uids.filter((uid) => !condemned.has(uid));
}

/** What the source does not hand out is asked for once more; then it is gone, or cannot be read. */
async function carryShare(transferring: Transferring, uids: readonly number[]): Promise<void> {
  const { sending } = transferring;
  const missing = await carry(transferring, uids);
  if (missing.length === 0 || sending.end !== undefined) return;
  const unreadable = new Set(await carry(transferring, missing));
  if (unreadable.size === 0 || sending.end !== undefined) return;
  for await (const { uid } of sending.work.source.fetchFlags([...unreadable])) {
    if (unreadable.delete(uid)) putAside(sending, uid, 'source.message-unreadable');
  }
}

/** Fetches and sends; returns the UIDs whose messages did not come, or have to come once more. */
async function carry(transferring: Transferring, uids: readonly number[]): Promise<readonly number[]> {
  const { sending, lane, budget, strangers, asking } = transferring;
  const asked = asking.begin(uids);
  for await (const group of sending.work.source.readMessages(uids, budget)) {
    for (const fetched of group) {
      if (!isMessage(transferring, fetched) || !asked.take(fetched.uid)) {
        giveBack(transferring, fetched);
      } else if (isStream(fetched.body)) {
        const isCarried = await carryStream(transferring, fetched, fetched.body);
        if (!isCarried || asking.hasFailed) asked.putBack(fetched.uid);
      } else if (strangers.size === 0) {
        send(transferring, fetched);
      } else {
        await carryHeld(transferring, fetched, fetched.body);
      }
    }
    lane.nudge();
    if (sending.suspects.length >= MOST_SUSPECTS) await readBackKnown(transferring);
    if (lane.isOver) break;
  }
  if (!lane.isOver) asking.end();
  await readBackKnown(transferring);
  return asked.missing();
}

/** Servers do one after the other (RFC 3501 section 5.5), so this tells of all that was sent, without a round trip more. */
function lookBehind(sending: Sending): void {
  const { destination, task } = sending.work;
  sending.look ??= destination.select(task.folder.destination);
  sending.look.catch(() => undefined);
}

function isMessage({ sending }: Transferring, fetched: FetchedMessage): fetched is WholeMessage {
  return isWhole(fetched) && !isPlaceholder(sending.work.source, fetched.body);
}

function giveBack({ budget }: Transferring, { body, bytes }: FetchedMessage): void {
  if (body === undefined || !isStream(body)) budget.give(bytes);
}

/** Sends a message, unless it is one of the strangers. */
async function carryHeld(transferring: Transferring, fetched: WholeMessage, body: readonly Buffer[]): Promise<void> {
  const { sending, strangers } = transferring;
  const identity = identified(sending.work, fetched, headerOf(body));
  const counterpart = strangers.take(identity) ?? (await alteredCounterpart(transferring, identity, body));
  if (counterpart === undefined) return send(transferring, fetched);
  adopt(sending, fetched, counterpart);
  giveBack(transferring, fetched);
}

/** Sends a message that is held; what the destination would refuse for its size does not travel. */
function send(transferring: Transferring, fetched: WholeMessage): void {
  const { lane, preparing } = transferring;
  if (fetched.bytes <= largestTaken(transferring)) return lane.add(preparing.prepare(fetched));
  putTooLargeAside(transferring, fetched);
  giveBack(transferring, fetched);
}

/** The same for a body that is a stream, which is left unread then. */
async function passOn(transferring: Transferring, fetched: WholeMessage): Promise<void> {
  const { lane, preparing } = transferring;
  if (fetched.bytes <= largestTaken(transferring)) await lane.pass(preparing.prepare(fetched));
  else putTooLargeAside(transferring, fetched);
}

/** By what the server announces, and by what it has refused for its size. */
function largestTaken({ limit, sending }: Transferring): number {
  return Math.min(limit, sending.tooLarge - 1);
}

function putTooLargeAside({ sending, limit }: Transferring, { uid, bytes }: WholeMessage): void {
  const known = bytes > limit ? `APPENDLIMIT=${limit}` : `one of ${sending.tooLarge} bytes was refused for its size`;
  putAside(sending, uid, 'destination.message-too-large', `${known}; the message has ${bytes} bytes`);
}

/** The same for one that is too large to be held. False when it was read to compare it, and has to come once more. */
async function carryStream(
  transferring: Transferring,
  fetched: WholeMessage,
  stream: AsyncIterable<Buffer>,
): Promise<boolean> {
  const { sending, strangers, similar, compared } = transferring;
  if (strangers.size === 0) {
    await passOn(transferring, fetched);
    return true;
  }
  const { header, whole } = await headed(stream);
  const identity = identified(sending.work, fetched, header);
  const counterpart = strangers.take(identity);
  if (counterpart !== undefined) {
    adopt(sending, fetched, counterpart);
    return true;
  }
  if (!similar.has(identity.loose) || compared.has(fetched.uid)) {
    await passOn(transferring, { ...fetched, body: whole });
    return true;
  }
  compared.add(fetched.uid);
  const altered = await alteredCounterpart(transferring, identity, whole);
  if (altered !== undefined) adopt(sending, fetched, altered);
  return altered !== undefined;
}

function identified(work: Work, { internalDate, bytes }: WholeMessage, headers: Buffer): Identity {
  return identityOf(work, { headers, internalDate, size: bytes });
}

function adopt(
  { work: { ledger, tally, progress }, adopted }: Sending,
  { uid, flags }: WholeMessage,
  counterpart: number,
): void {
  ledger.handle(uid, counterpart, flags);
  adopted.push(uid);
  count(tally, 'adopted');
  progress.done += 1;
}

/** A stranger with these headers whose body is this one but for what servers alter in silence. */
async function alteredCounterpart(
  { sending, similar, strangers, lane }: Transferring,
  identity: Identity,
  body: Body,
): Promise<number | undefined> {
  if (!similar.has(identity.loose)) return undefined;
  const candidates = strangers.leftWithLoose(new Set([identity.loose]));
  if (candidates.length === 0) return undefined;
  await lane.drained();
  const wanted = await likeness(body);
  let found: number | undefined;
  for await (const { uid, body: there } of sending.work.destination.fetchMessages(candidates)) {
    if (there !== undefined && (await likeness(there)) === wanted) found = Math.min(found ?? uid, uid);
  }
  if (found === undefined) return undefined;
  strangers.takeUid(found);
  note(sending.work.tally, 'destination.message-altered');
  return found;
}

/** Where UIDs are not told, messages are read back when they have been found. */
async function readBackKnown({ sending, lane }: Transferring): Promise<void> {
  await lane.drained(() => lookBehind(sending));
  if (sending.hasSought || sending.inDoubt || !sending.work.destination.usable) return;
  const { suspects } = sending;
  sending.suspects = [];
  sending.seeming.push(...(await readBack(sending.work, suspects)));
}
