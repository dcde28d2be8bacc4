import type { ImapSession } from '../imap/types.ts';
import type { AsideFolder } from '../model/aside.ts';
import type { AsideNote } from '../model/pass.ts';
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

const UNREADABLE = 'source.message-unreadable';

/** Of these messages, those that the source has handed out. */
export function wereReadable(folder: AsideFolder): AsideFolder {
  return only(folder, ({ code }) => code !== UNREADABLE);
}

/** Those that it has not: it may fail at them again. */
export function wereUnreadable(folder: AsideFolder): AsideFolder {
  return only(folder, ({ code }) => code === UNREADABLE);
}

function only(folder: AsideFolder, isWanted: (note: AsideNote) => boolean): AsideFolder {
  return { ...folder, notes: folder.notes.filter(isWanted) };
}

/** Each of them alone. */
export function oneByOne(folder: AsideFolder): readonly AsideFolder[] {
  return folder.notes.map((note) => ({ ...folder, notes: [note] }));
}
