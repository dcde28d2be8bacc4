import type { LedgerRest } from '../model/activities.ts';
import { applyGrowth, decodeLedger, LedgerDamaged } from './ledger-codec.ts';
import { Ledger } from './ledger.ts';
import { newTally, note, type Tally } from './tally.ts';

/** What the workflow knows of a folder: nothing before its first copy. */
export interface Remembered {
  readonly ledger?: string | undefined;
  /** Of an attempt that did not tell how it ended. */
  readonly growth?: string | undefined;
  /** Carried beside the ledger, for when it is lost. */
  readonly rest?: LedgerRest | undefined;
}

export interface Recalled {
  readonly ledger: Ledger;
  /** Of the attempts whose growth is in it. */
  readonly tally: Tally;
}

/**
 * The ledger and what grew of it. What was too large to be carried, or cannot be read, is lost, and no worse for it than
 * time: the folder's messages are then recognised by identity at the destination, as those of a folder that was filled by
 * other means are, and older ones that are not there any more wait for a person (`judgeUnknown`). This is noted.
 *
 * A text of a later version of this program is not lost: the LedgerOfLaterVersion is thrown, for a worker that reads it.
 */
export function recallLedger({ ledger: text, growth, rest }: Remembered): Recalled {
  const known = text === undefined ? undefined : unlessDamaged(() => decodeLedger(text));
  const ledger = known ?? new Ledger();
  const isLost = known === undefined && (text !== undefined || rest !== undefined);
  if (known === undefined && rest !== undefined) startAnew(ledger, rest);
  const grown = growth === undefined ? newTally() : unlessDamaged(() => applyGrowth(ledger, growth));
  if (grown === undefined) doubtAll(ledger);
  const tally = grown ?? newTally();
  // Growth of the rebuilding has the note in it.
  if (grown === undefined || (isLost && growth === undefined)) note(tally, 'ledger.rebuilt');
  return { ledger, tally };
}

function startAnew(ledger: Ledger, { aside = [], ...head }: LedgerRest): void {
  ledger.update({ ...head, rematch: true });
  for (const each of aside) ledger.loadAside(each);
}

/** Nobody knows what was written since the ledger was: it is not below what had been written by then. */
function doubtAll(ledger: Ledger): void {
  const { doubtFrom, writtenBelow } = ledger.head;
  if (doubtFrom === 0) ledger.update({ doubtFrom: writtenBelow });
}

function unlessDamaged<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LedgerDamaged) return undefined;
    throw error;
  }
}

/** What is carried beside a ledger. */
export function restOf({ head }: Ledger): LedgerRest {
  const { sourceValidity, destinationValidity, completeBefore, writtenFrom, writtenBelow } = head;
  return { sourceValidity, destinationValidity, completeBefore, writtenFrom, writtenBelow };
}
