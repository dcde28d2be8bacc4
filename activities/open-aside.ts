import type { ImapSession } from '../imap/types.ts';
import type { AsideFolder } from '../model/aside.ts';
import { refusal } from '../model/refusals.ts';
import { askedOf, RefusedOn } from './problems.ts';

/** Opens the folder of messages that were put aside; false when it is gone, or was renumbered since. */
export async function openedForAside(source: ImapSession, folder: AsideFolder): Promise<boolean> {
  try {
    const { uidValidity } = await askedOf('source', source.examine(folder.source));
    return uidValidity === folder.uidValidity;
  } catch (error) {
    if (error instanceof RefusedOn && refusal(error.problem.code).scope === 'folder' && source.usable) return false;
    throw error;
  }
}
