/** The source folders that are moved, each with the levels that it is to have at the destination; and those that are not. */
import type { ListedFolder } from './folders.ts';
import { isInboxName, prefixLevels, shownPath } from './folder-names.ts';
import { leftOutByRules, renamePath } from './folder-rules.ts';
import { isGmailLevel } from './folder-roles.ts';
import type { FolderRules } from './project.ts';

export interface SourceFolder {
  readonly folder: ListedFolder;
  /** The whole path, for people. */
  readonly shown: string;
  /** Levels below the destination's namespace prefix and the row's, before they are made to fit; never empty. */
  readonly target: readonly string[];
  readonly renamed: boolean;
}

export interface LeftOut {
  readonly folder: ListedFolder;
  readonly sourcePath: string;
  /** Why it is not moved, in one sentence. */
  readonly reason: string;
}

interface SourceView {
  readonly folders: readonly ListedFolder[];
  readonly delimiter: string | null;
  /** Prefix of the personal namespace as the server names it (RFC 2342). */
  readonly namespacePrefix: string;
  /** Only folders below it are moved, `/` (or the server's delimiter) between levels; virtual shared folders. */
  readonly rowPrefix?: string | undefined;
}

const REPEATS: Readonly<Partial<Record<string, string>>> = {
  all: 'It shows messages of other folders once more (\\All).',
  flagged: 'It shows flagged messages of other folders once more (\\Flagged).',
  important: 'It shows messages of other folders once more (\\Important).',
};

/** Levels of a prefix as people write it. */
function rowPrefixLevels(prefix: string | undefined, delimiter: string | null): readonly string[] {
  return (prefix ?? '')
    .split('/')
    .flatMap((level) => (delimiter === null ? [level] : level.split(delimiter)))
    .map((level) => level.trim())
    .filter((level) => level !== '');
}

function sameLevel(a: string | undefined, b: string, depth: number): boolean {
  return a === b || (depth === 0 && a !== undefined && isInboxName(a) && isInboxName(b));
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((level, depth) => sameLevel(path[depth], level, depth));
}

/** The path below the namespace prefix or the row's; empty for the row's prefix itself; undefined for what is outside. */
function relativePath(path: readonly string[], view: SourceView): readonly string[] | undefined {
  const row = rowPrefixLevels(view.rowPrefix, view.delimiter);
  if (row.length > 0) return startsWith(path, row) ? path.slice(row.length) : undefined;
  const namespace = prefixLevels(view.namespacePrefix, view.delimiter);
  const [first] = path;
  if (path.length === 1 && first !== undefined && isInboxName(first)) return ['INBOX'];
  if (namespace.length === 0) return path;
  return path.length > namespace.length && startsWith(path, namespace) ? path.slice(namespace.length) : undefined;
}

function withInbox(path: readonly string[]): readonly string[] {
  const [first, ...rest] = path;
  return first !== undefined && isInboxName(first) ? ['INBOX', ...rest] : path;
}

function reasonAgainst(
  folder: ListedFolder,
  relative: readonly string[],
  view: SourceView,
  rules: FolderRules,
): string | undefined {
  const repeats = folder.role === undefined ? undefined : REPEATS[folder.role];
  return repeats ?? leftOutByRules(relative, prefixLevels(view.namespacePrefix, view.delimiter), rules);
}

function outsideReason(view: SourceView): string {
  return rowPrefixLevels(view.rowPrefix, view.delimiter).length > 0
    ? `It is not below ${view.rowPrefix}, to which this mailbox is limited.`
    : `It is outside the user’s own folders (${view.namespacePrefix}).`;
}

/** The row's prefix itself is the mailbox's INBOX, unless one is listed below it; then it keeps its own last level. */
function prefixItself(folder: ListedFolder, hasInboxBelow: boolean): readonly string[] {
  return hasInboxBelow ? folder.path.slice(-1) : ['INBOX'];
}

function isRealInbox(folder: ListedFolder): boolean {
  return folder.role === 'inbox' || folder.name === 'INBOX';
}

/** Divides the source's folders. Folders that hold no messages (\Noselect) are in neither list. */
export function sourceFolders(
  view: SourceView,
  rules: FolderRules,
): { readonly moved: readonly SourceFolder[]; readonly leftOut: readonly LeftOut[] } {
  const moved: SourceFolder[] = [];
  const leftOut: LeftOut[] = [];
  const listed = [...new Map(view.folders.map((folder) => [folder.name, folder])).values()]
    .filter((folder) => folder.selectable && folder.path.length > 0)
    .toSorted((a, b) => Number(isRealInbox(b)) - Number(isRealInbox(a)) || (a.name < b.name ? -1 : 1));
  const hasInboxBelow = listed.some((folder) => {
    const relative = relativePath(folder.path, view);
    return relative?.length === 1 && relative.every(isInboxName);
  });
  let inboxSeen = false;
  for (const folder of listed) {
    const shown = shownPath(folder.path);
    const found = relativePath(folder.path, view);
    if (found === undefined) {
      leftOut.push({ folder, sourcePath: shown, reason: outsideReason(view) });
      continue;
    }
    const isInbox = folder.path.length === 1 && folder.path.every(isInboxName);
    const path = withInbox(found.length === 0 ? prefixItself(folder, hasInboxBelow) : found);
    const reason =
      isInbox && inboxSeen
        ? 'It is another spelling of INBOX, whose messages are moved already.'
        : reasonAgainst(folder, path, view, rules);
    inboxSeen ||= isInbox;
    if (reason !== undefined) {
      leftOut.push({ folder, sourcePath: shown, reason });
      continue;
    }
    const renamed = withInbox(renamePath(path, rules.rename));
    const [first, ...rest] = renamed;
    const target = first !== undefined && isGmailLevel(first) && rest.length > 0 ? rest : renamed;
    moved.push({ folder, shown, target, renamed: renamed.join('\u0000') !== path.join('\u0000') });
  }
  return { moved, leftOut };
}
