/**
 * Copies that an attempt sent without living to tell of it, and that no message of the source folder claims any more: their
 * messages have left it since. They are recorded as copies of messages that disappeared, so that they are counted, and follow
 * when it turns out where their user has moved the messages.
 */
import { batches } from './batches.ts';
import type { Ledger } from './ledger.ts';
import { count, type Tally } from './tally.ts';
import { throwIfInterrupted, type Sides } from './work.ts';

/** The opened source folder. */
export interface Remaining {
  /** Every message in it. */
  readonly all: readonly number[] | Uint32Array;
  /** When it was opened, before it was listed. */
  readonly uidNext: number;
}

interface Kept {
  readonly ledger: Ledger;
  readonly tally: Tally;
}

const PER_FETCH = 1_000;

/**
 * UIDs that the source folder has given out, of messages that are there no longer and were not handled; no message will have
 * them again (RFC 3501 section 2.3.1.1). The last ones first, at most so many. Where there are none, no message can have left.
 */
export async function vanished(
  { source }: Sides,
  ledger: Ledger,
  { all, uidNext }: Remaining,
  most: number,
): Promise<readonly number[]> {
  const there = new Set(all);
  const uids: number[] = [];
  for (let uid = uidNext - 1; uid > 0 && uids.length < most; uid--) {
    if (!there.has(uid) && !ledger.has(uid) && !ledger.isAside(uid)) uids.push(uid);
  }
  // A message that a listing left out must not pass for handled.
  for await (const { uid } of source.fetchFlags(uids)) there.add(uid);
  return uids.filter((uid) => !there.has(uid));
}

/**
 * Records such copies, under UIDs of messages that vanished: nobody knows which is whose. The destination folder has to be open.
 * Returns the UIDs of the copies that were recorded.
 */
export async function recordUnclaimed(
  { destination, interrupt }: Sides,
  { ledger, tally }: Kept,
  unclaimed: readonly number[],
  uids: readonly number[],
): Promise<readonly number[]> {
  const recorded: number[] = [];
  for (const batch of batches(unclaimed.slice(0, uids.length), PER_FETCH)) {
    throwIfInterrupted({ interrupt });
    for await (const { uid: counterpart, flags } of destination.fetchFlags(batch)) {
      const uid = uids[recorded.length];
      if (uid === undefined) break;
      ledger.handle(uid, counterpart, flags);
      recorded.push(counterpart);
    }
  }
  count(tally, 'copied', recorded.length);
  return recorded;
}
