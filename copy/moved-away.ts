import { parseDateTime } from '../imap/grammar.ts';
import type { IdentityRow } from '../imap/types.ts';
import { countEverywhere } from './elsewhere.ts';
import { NOWHERE } from './ledger.ts';
import { keyOf, type Unmatched } from './match-moves.ts';
import type { OurCopies } from './our-copies.ts';
import { record, type Pairing, type PairingFolder } from './pairing.ts';

/** Source messages that disappeared, and whose copies are not where we put them, so that nobody knows what they were. */
export class MissingCopies {
  readonly #messages: { readonly from: PairingFolder; readonly uid: number }[];
  /** Epoch ms: all of them were older when they were handled. */
  readonly #before: number;

  constructor(copies: OurCopies, folders: readonly PairingFolder[]) {
    const missing = copies.missing();
    this.#messages = missing.flatMap(({ from, uids }) => uids.map((uid) => ({ from, uid })));
    const latest = Math.max(0, ...folders.map(({ ledger }) => ledger.head.completeBefore));
    this.#before = Math.max(0, ...missing.map(({ from, uids }) => handledBefore(from, uids, latest)));
  }

  get size(): number {
    return this.#messages.length;
  }

  /** Whether a new message can be one of them at all: servers keep INTERNALDATE when they move (RFC 3501 section 6.4.7). */
  readonly mayHold = ({ internalDate }: IdentityRow): boolean => {
    if (this.#messages.length === 0) return false;
    const date = parseDateTime(internalDate);
    return date !== undefined && date.instant < this.#before;
  };

  shift(): { readonly from: PairingFolder; readonly uid: number } | undefined {
    return this.#messages.shift();
  }
}

/**
 * Epoch ms: messages of this folder were older when they were handled. What lost its place in one that was never copied to its
 * end was handled in another folder, before `latest`.
 */
function handledBefore({ ledger }: PairingFolder, uids: readonly number[], latest: number): number {
  const { completeBefore } = ledger.head;
  if (uids.length === 0 || completeBefore > 0) return uids.length > 0 ? completeBefore : 0;
  return uids.some((uid) => ledger.get(uid)?.counterpart === NOWHERE) ? latest : 0;
}

/**
 * New messages that are old, without a copy that could follow, while copies are missing: the destination's user has moved or
 * deleted these, and that stays. One that is in another folder of the destination, beyond what the source has of equal
 * ones, is handled. One that is nowhere may have been deleted there, and waits for a person, as many as copies are
 * missing; were there more, they could not all be such, and they are copied: better twice than not at all. One of
 * which the source has an equal one elsewhere is a copy that its user made, and new.
 */
export async function leaveMovedAway(
  pairing: Pairing,
  unmatched: readonly Unmatched[],
  missing: MissingCopies,
): Promise<void> {
  if (unmatched.length === 0 || missing.size === 0) return;
  pairing.progress.doing = 'looking for copies that were moved at the destination';
  const there = new Map(await countEverywhere(pairing, pairing.destination, unmatched));
  const here = new Map(await countEverywhere(pairing, pairing.source, unmatched));
  for (const each of unmatched) here.set(keyOf(each), (here.get(keyOf(each)) ?? 0) - 1);
  const nowhere: Unmatched[] = [];
  for (const each of unmatched) {
    const key = keyOf(each);
    const equal = Math.max(0, here.get(key) ?? 0);
    const spare = (there.get(key) ?? 0) - equal;
    if (spare > 0) {
      there.set(key, (there.get(key) ?? 0) - 1);
      const lost = missing.shift();
      if (lost === undefined) return;
      record(pairing, { ...lost, to: each.to, target: each.row.uid, counterpart: NOWHERE });
    } else if (equal === 0) {
      nowhere.push(each);
    }
  }
  if (nowhere.length > missing.size) return;
  for (const { to, row } of nowhere) {
    to.ledger.putAside(row.uid, 'ledger.unknown-message');
    to.changed = true;
  }
}
