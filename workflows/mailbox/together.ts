import type { ShownFolder } from '../../model/activities.ts';
import type { FolderState } from '../../model/saga.ts';

/**
 * Folders in groups that share a destination folder, where a rule says so: those of one group are worked on one after
 * another, each knowing what the others have there. In the order of the folders.
 */
export function byDestination(folders: readonly FolderState[]): readonly (readonly FolderState[])[] {
  const groups = new Map<string, FolderState[]>();
  for (const folder of folders) {
    const group = groups.get(folder.destination);
    if (group === undefined) groups.set(folder.destination, [folder]);
    else group.push(folder);
  }
  return [...groups.values()];
}

/** The other folders, also such as are gone from the source, whose messages go to this one's destination folder. */
export function besideOf(folder: FolderState, folders: readonly FolderState[]): readonly FolderState[] {
  return folders.filter((other) => other.source !== folder.source && other.destination === folder.destination);
}

/** The folders whose messages this one shows once more, where some of those have been copied. */
export function shownIn({ exceptIn = [] }: FolderState, folders: readonly FolderState[]): readonly ShownFolder[] {
  const names = new Set(exceptIn);
  return folders
    .filter(({ source, gone, handled }) => names.has(source) && !gone && handled > 0)
    .map(({ source, destination, messages, uidNext, uidValidity }) => ({
      source,
      destination,
      messages,
      uidNext,
      uidValidity,
    }));
}
