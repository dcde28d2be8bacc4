import { withoutOldWords } from './aside.ts';
import { MOST_LEDGER_CHARACTERS } from '../../model/ledger-limits.ts';
import type { FolderState, MailboxState } from '../../model/saga.ts';

/** Notes of messages put aside that are carried for one folder; more are found again by the next listing. */
const CARRIED_ASIDE = 5_000;

/**
 * Makes a state fit into one payload: the largest ledgers are left behind and rebuilt by identity when they are needed.
 * Growth that was never settled is never left behind.
 */
export function fitToCarry(state: MailboxState): MailboxState {
  const bySize = state.folders.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  const needed = new Set(state.current?.pairing?.folders);
  const left = new Set<string>();
  let total = bySize.reduce((sum, folder) => sum + sizeOf(folder), 0);
  for (const folder of bySize) {
    if (total <= MOST_LEDGER_CHARACTERS) break;
    if (folder.growth !== undefined || needed.has(folder.source)) continue;
    total -= folder.ledger?.length ?? 0;
    left.add(folder.source);
  }
  return {
    ...state,
    folders: withoutOldWords(state.folders).map((folder) => fitFolder(folder, left.has(folder.source))),
  };
}

function sizeOf(folder: FolderState): number {
  return (folder.ledger?.length ?? 0) + (folder.growth?.length ?? 0);
}

function fitFolder(folder: FolderState, leaveLedger: boolean): FolderState {
  const aside = folder.aside.slice(0, CARRIED_ASIDE);
  if (!leaveLedger) return { ...folder, aside };
  const { completeAt: _forgotten, ...rest } = folder;
  return { ...rest, aside, ledger: undefined };
}
