import { putAside, send, type Sending } from './append.ts';
import { headerOf, type Identity } from './identity.ts';
import type { IdentityIndex } from './identity-index.ts';
import { likeness } from './match.ts';
import { isWhole, type WholeMessage } from './message.ts';
import { readBack } from './read-back.ts';
import { SideRefusal } from './sides.ts';
import { count } from './tally.ts';
import { endOfShare, identityOf, messagesLeft, refused, type Work } from './work.ts';

const PER_FETCH = 50;

/**
 * Carries messages over, one after another: fetched whole, then appended, so that a source that dies in the middle of a
 * literal leaves nothing at the destination. Held at one time: the message in hand and at most one that the session has
 * read ahead. Returns what was sent, with the reason why it ended before all were, if it did.
 *
 * `strangers`: destination messages that the ledger does not know; one that equals a source message is taken for it.
 */
export async function transfer(
  work: Work,
  uids: readonly number[],
  listed: readonly number[],
  strangers: IdentityIndex,
): Promise<Sending> {
  const sending: Sending = {
    work,
    order: listed,
    sent: [],
    suspects: [],
    hasSought: false,
    inDoubt: false,
    end: endOfShare(work),
  };
  const transferring = { sending, strangers, similar: work.bytesKept ? strangers.looseLeft() : new Set<number>() };
  try {
    let next = 0;
    while (next < uids.length && sending.end === undefined) {
      const batch = uids.slice(next, next + Math.min(PER_FETCH, messagesLeft(work)));
      next += batch.length;
      await carryBatch(transferring, batch);
      await readBackKnown(sending);
    }
  } catch (error) {
    if (!(error instanceof SideRefusal)) throw error;
    sending.end = refused(work, error);
  }
  return sending;
}

interface Transferring {
  readonly sending: Sending;
  readonly strangers: IdentityIndex;
  /** Headers of strangers, without sizes. */
  readonly similar: ReadonlySet<number>;
}

/** What the source does not hand out is asked for once more; then it is gone, or cannot be read. */
async function carryBatch(transferring: Transferring, batch: readonly number[]): Promise<void> {
  const { sending } = transferring;
  const missing = await carry(transferring, batch);
  if (missing.length === 0 || sending.end !== undefined) return;
  const unreadable = new Set(await carry(transferring, missing));
  if (unreadable.size === 0 || sending.end !== undefined) return;
  for await (const { uid } of sending.work.source.fetchFlags([...unreadable])) {
    if (unreadable.delete(uid)) putAside(sending, uid, 'source.message-unreadable');
  }
}

/** Fetches and sends; returns the UIDs whose messages did not come. */
async function carry(transferring: Transferring, uids: readonly number[]): Promise<readonly number[]> {
  const { sending } = transferring;
  const { work } = sending;
  const asked = new Set(uids);
  for await (const fetched of work.source.fetchMessages(uids)) {
    if (!asked.has(fetched.uid) || !isWhole(fetched)) continue;
    asked.delete(fetched.uid);
    await carryMessage(transferring, fetched);
    work.progress.done += 1;
    sending.end ??= endOfShare(work);
    if (sending.end !== undefined) break;
  }
  return [...asked];
}

async function carryMessage({ sending, strangers, similar }: Transferring, fetched: WholeMessage): Promise<void> {
  const { work } = sending;
  const headers = headerOf(fetched.body);
  const identity = identityOf(work, { headers, internalDate: fetched.internalDate, size: fetched.bytes });
  const counterpart =
    strangers.take(identity) ?? (await alteredCounterpart(work, fetched, identity, strangers, similar));
  if (counterpart === undefined) {
    await send(sending, fetched, identity);
    return;
  }
  work.ledger.handle(fetched.uid, counterpart, fetched.flags);
  count(work.tally, 'adopted');
}

/** A stranger with these headers whose body is this one but for what servers alter in silence. */
async function alteredCounterpart(
  { destination }: Work,
  fetched: WholeMessage,
  identity: Identity,
  strangers: IdentityIndex,
  similar: ReadonlySet<number>,
): Promise<number | undefined> {
  if (!similar.has(identity.loose)) return undefined;
  const candidates = strangers.leftWithLoose(new Set([identity.loose]));
  if (candidates.length === 0) return undefined;
  const wanted = likeness(fetched.body);
  let found: number | undefined;
  for await (const { uid, body } of destination.fetchMessages(candidates)) {
    if (body !== undefined && likeness(body) === wanted) found = Math.min(found ?? uid, uid);
  }
  if (found !== undefined) strangers.takeUid(found);
  return found;
}

/** Where UIDs are not told, messages are read back when they have been found. */
async function readBackKnown(sending: Sending): Promise<void> {
  if (sending.hasSought || sending.inDoubt || !sending.work.destination.usable) return;
  await readBack(sending.work, sending.suspects);
  sending.suspects = [];
}
