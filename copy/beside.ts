import type { IdentityIndex } from './identity-index.ts';
import { NOWHERE, type Ledger } from './ledger.ts';
import { matchSource } from './match.ts';
import { opened } from './open-folders.ts';
import { recallLedger } from './recall.ts';
import type { CopyTask } from './types.ts';
import type { Work } from './work.ts';

/**
 * Another source folder whose messages a rule brings into the same destination folder. What is there for one of its
 * messages is there for no other, however equal they are; its ledger is only read. Copies that share a destination folder run
 * one after another, so that each knows what those before it did.
 */
export interface Beside {
  /** Name of the source folder. */
  readonly source: string;
  readonly ledger: Ledger;
}

export function readBeside({ beside = [] }: CopyTask): readonly Beside[] {
  return beside.map(({ source, ...remembered }) => ({ source, ledger: recallLedger(remembered).ledger }));
}

/** Destination UIDs from `from` on that are counterparts of others' messages. */
export function* counterpartsBeside({ beside, folder }: Work, from: number): Generator<number> {
  for (const { ledger } of beside) {
    if (ledger.head.destinationValidity === folder.uidValidity) yield* ledger.knownCounterparts(from);
  }
}

/**
 * Takes out of the index what others' messages will find there: they have counterparts whose UIDs are not known, since the
 * destination has another UIDVALIDITY or told none. Leaves this copy's source folder opened.
 */
export async function reserveForOthers(work: Work, index: IdentityIndex): Promise<void> {
  const { source, folder, task } = work;
  let left = false;
  for (const { source: name, ledger } of work.beside) {
    const isRenumbered = ledger.head.destinationValidity !== folder.uidValidity;
    const uids = isRenumbered ? placed(ledger) : ledger.sought();
    if (uids.length === 0 || index.size === 0) continue;
    left = true;
    const other = await opened(() => source.examine(name), source);
    // Renumbered as well, its messages count as new, and are sent again where nothing is left for them.
    if (other === undefined || other.uidValidity !== ledger.head.sourceValidity) continue;
    await matchSource(work, uids, index, () => undefined);
  }
  if (left) await source.examine(task.folder.source);
}

function placed(ledger: Ledger): readonly number[] {
  const uids: number[] = [];
  for (let position = 0; position < ledger.size; position++) {
    const { uid, counterpart } = ledger.entryAt(position);
    if (counterpart !== NOWHERE) uids.push(uid);
  }
  return uids;
}
