/**
 * \Flagged on destinations that lose it on APPEND, as Exchange may (seen by users of other migration tools): it is set by STORE
 * once the message is there.
 *
 * Until then the ledger says that it has not been carried over, so that a copy that dies in between leaves that to the next
 * comparison of flags, like a flag that the source's user has just set.
 */
import { isExchange } from '../model/exchange.ts';
import { batches } from './batches.ts';
import { acknowledge, isAboutFlags } from './flags.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import type { DestinationSession } from './sides.ts';
import { note } from './tally.ts';
import { throwIfInterrupted, type Work } from './work.ts';

const FLAGGED = '\\flagged';
const PER_STORE = 500;

type Flags = readonly string[];

/** Lists without \Flagged, one for each list: messages share them. */
const withoutFlagged = new WeakMap<Flags, Flags>();

/** Whether \Flagged has to be looked after. */
export function losesFlagged({ capabilities }: Pick<DestinationSession, 'capabilities'>): boolean {
  return isExchange(capabilities);
}

/** Of a source message's flags those that its APPEND has carried over for certain. The others are owed from now on. */
export function carriedByAppend(work: Work, uid: number, flags: Flags): Flags {
  if (!flags.some(isFlagged) || !losesFlagged(work.destination)) return flags;
  work.owed.set(uid, flags);
  const carried = withoutFlagged.get(flags) ?? flags.filter((flag) => !isFlagged(flag));
  withoutFlagged.set(flags, carried);
  return carried;
}

/**
 * Sets \Flagged on copies of ours that lost it. What cannot be done now is left to the next comparison of flags, which looks at
 * all messages then, since nothing changed on the source.
 */
export async function flagAgain(work: Work): Promise<void> {
  const { owed, destination } = work;
  if (owed.size === 0) return;
  if (!destination.usable) return leaveToComparison(work);
  work.progress.doing = 'setting \\Flagged again';
  for (const some of batches([...owed], PER_STORE)) {
    throwIfInterrupted(work);
    await flagSome(work, new Map(some));
  }
  work.progress.doing = undefined;
}

/** After a copy that ended without having done it. */
export function leaveToComparison({ owed, ledger }: Work): void {
  if (owed.size > 0) ledger.update({ highestModseq: 0 });
}

async function flagSome(work: Work, some: ReadonlyMap<number, Flags>): Promise<void> {
  const { ledger, destination, lease, tally, owed } = work;
  const counterparts = new Map<number, number>();
  for (const uid of some.keys()) {
    const counterpart = ledger.get(uid)?.counterpart;
    if (counterpart !== undefined && counterpart !== SOUGHT) counterparts.set(uid, counterpart);
  }
  const lost: number[] = [];
  const asked = new Set([...counterparts.values()].filter((counterpart) => counterpart !== NOWHERE));
  for await (const { uid, flags } of destination.fetchFlags([...asked])) {
    if (asked.has(uid) && !flags.some(isFlagged)) lost.push(uid);
  }
  if (lost.length > 0) {
    await acknowledge(work);
    lease.check();
    try {
      await destination.store(lost, { add: ['\\Flagged'] });
    } catch (error) {
      if (!isAboutFlags(error)) throw error;
      note(tally, 'destination.flag-dropped', lost.length);
    }
  }
  for (const [uid, counterpart] of counterparts) {
    const before = new Set(ledger.get(uid)?.flags);
    const carried = (some.get(uid) ?? []).filter((flag) => isFlagged(flag) || before.has(flag));
    ledger.handle(uid, counterpart, carried);
    owed.delete(uid);
  }
}

function isFlagged(flag: string): boolean {
  return flag.toLowerCase() === FLAGGED;
}
