import { ASIDE_NOTES, asideNotes, type AsidePage } from '../../model/aside.ts';
import type { AsideNote } from '../../model/pass.ts';
import type { FolderState } from '../../model/saga.ts';
import type { Mailbox } from './mailbox.ts';

/** Of one mailbox, so many notes keep the server's words; older ones keep their codes. */
const REMEMBERED_WORDS = 100;

/** Some of the notes of messages put aside, with all that it takes to ask the source for them. */
export function asidePageOf({ state }: Mailbox, skip: number): AsidePage {
  const { settings, row } = state;
  const folders = state.folders
    .filter(({ gone, aside }) => !gone && aside.length > 0)
    .map(({ source, sourcePath, uidValidity, aside }) => ({ source, sourcePath, uidValidity, notes: aside }));
  const total = folders.reduce((sum, { notes }) => sum + notes.length, 0);
  return { settings, row, total, folders: asideNotes(folders, skip, ASIDE_NOTES) };
}

/** Forgets the words of all but the newest notes, by their places: those of later folders are newer. */
export function withoutOldWords(folders: readonly FolderState[]): readonly FolderState[] {
  let left = REMEMBERED_WORDS;
  const kept: FolderState[] = [];
  for (const folder of folders.toReversed()) {
    const aside = folder.aside.toReversed().map((note): AsideNote => {
      if (note.words === undefined) return note;
      left -= 1;
      return left >= 0 ? note : { uid: note.uid, code: note.code };
    });
    kept.push({ ...folder, aside: aside.toReversed() });
  }
  return kept.toReversed();
}
