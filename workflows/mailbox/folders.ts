import type { CreateFoldersResult, GivenName, SurveyedFolder } from '../../model/activities.ts';
import { pairOf } from '../../model/folders.ts';
import type { Problem } from '../../model/mailbox.ts';
import type { FolderState, MailboxState } from '../../model/saga.ts';
import { ask } from '../ask.ts';
import { repeatedly, update, type Mailbox } from './mailbox.ts';
import { addNotes } from './notes.ts';

/** What was known of a folder stays; a folder that is gone from the source keeps its ledger. */
export function mergeFolders(known: readonly FolderState[], found: readonly SurveyedFolder[]): readonly FolderState[] {
  const before = new Map(known.map((folder) => [folder.source, folder]));
  const isFirst = known.every(({ handled, ledger, growth }) => handled === 0 && !ledger && !growth);
  const present = found.map((folder): FolderState => {
    const old = before.get(folder.source);
    before.delete(folder.source);
    return old === undefined ? newFolder(folder, isFirst) : foundAgain(old, folder);
  });
  const gone: FolderState[] = [];
  for (const folder of before.values()) {
    gone.push({ ...folder, messages: 0, gone: true, problem: undefined, completeAt: undefined, seenUpTo: undefined });
  }
  return [...present, ...gone];
}

/** `isFirst`: nothing of the mailbox has been copied yet, so what is in the folder was moved there from none that was. */
function newFolder(folder: SurveyedFolder, isFirst: boolean): FolderState {
  const { uidNext, uidValidity } = folder;
  const seenUpTo = isFirst && uidNext > 0 ? { uidNext, uidValidity } : undefined;
  return { ...folder, handled: 0, aside: [], created: false, gone: false, ...(seenUpTo && { seenUpTo }) };
}

/** A folder that got another name at the destination, since the server refused its own, keeps that. */
function foundAgain(old: FolderState, folder: SurveyedFolder): FolderState {
  const state = { ...old, ...folder, gone: false, problem: undefined };
  if (old.refusedName === folder.destination) {
    return { ...state, destination: old.destination, destinationPath: old.destinationPath };
  }
  const moved = old.destination !== folder.destination;
  return { ...state, created: old.created && !moved, refusedName: undefined };
}

/** Makes the destination folders that are missing. A folder that is refused keeps its problem; the others go on. */
export async function createFolders(mailbox: Mailbox): Promise<Problem | undefined> {
  const missing = mailbox.state.folders.filter((folder) => !folder.created && !folder.gone);
  if (missing.length === 0) return undefined;
  const asked = new Set(missing.map(({ source }) => source));
  const others = mailbox.state.folders.filter(({ source }) => !asked.has(source)).map(givenName);
  const result = await repeatedly(mailbox, () =>
    ask(
      mailbox.state.settings.timing,
      `Make ${missing.length} folders at the destination where they are missing`,
    ).createFolders({
      settings: mailbox.state.settings,
      row: mailbox.state.row,
      folders: missing.map(pairOf),
      ...(others.length > 0 && { others }),
    }),
  );
  const renamed = result.substitutes?.length ?? 0;
  const notes = renamed === 0 ? {} : { 'destination.folder-renamed': renamed };
  update(mailbox, {
    folders: withCreated(mailbox.state, asked, result),
    notes: addNotes(mailbox.state.notes, notes),
  });
  return result.problem;
}

function givenName({ destination, destinationPath, refusedName }: FolderState): GivenName {
  return { destination, destinationPath, ...(refusedName !== undefined && { refusedName }) };
}

function withCreated(
  state: MailboxState,
  asked: ReadonlySet<string>,
  result: CreateFoldersResult,
): readonly FolderState[] {
  if (result.problem) return state.folders;
  const refused = new Map(result.refused.map(({ folder, problem }) => [folder.source, problem]));
  const substitutes = new Map(result.substitutes?.map((substitute) => [substitute.source, substitute]));
  return state.folders.map((folder) => {
    if (!asked.has(folder.source)) return folder;
    const problem = refused.get(folder.source);
    if (problem) return { ...folder, problem };
    const substitute = substitutes.get(folder.source);
    if (substitute === undefined) return { ...folder, created: true };
    const { destination, destinationPath } = substitute;
    return { ...folder, destination, destinationPath, refusedName: folder.destination, created: true };
  });
}
