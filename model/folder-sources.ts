/** The source folders that are moved, each with the levels that it is to have at the destination; and those that are not. */
import type { FolderRole, ListedFolder } from './folders.ts';
import { foldName, isInboxName, prefixLevels, shownPath } from './folder-names.ts';
import { includedByRules, leftOutByRules, renamePath } from './folder-rules.ts';
import { isGmailLevel } from './folder-roles.ts';
import { nonMailKinds } from './non-mail-folders.ts';
import type { FolderRules } from './project.ts';

export interface SourceFolder {
  readonly folder: ListedFolder;
  /** The whole path, for people. */
  readonly shown: string;
  /** Levels below the destination's namespace prefix and the row's, before they are made to fit; never empty. */
  readonly target: readonly string[];
  readonly renamed: boolean;
  /** Where it shows messages of other folders once more: the names of those others. */
  readonly exceptIn?: readonly string[];
}

export interface LeftOut {
  readonly folder: ListedFolder;
  readonly sourcePath: string;
  /** Why it is not moved, in one sentence. */
  readonly reason: string;
}

export interface SourceView {
  readonly folders: readonly ListedFolder[];
  readonly delimiter: string | null;
  /** Prefix of the personal namespace as the server names it (RFC 2342). */
  readonly namespacePrefix: string;
  /** The folder that is the mailbox's root, `/` (or the server's delimiter) between levels; virtual shared folders. */
  readonly root?: string | undefined;
  /** The server is Exchange, which lists folders that hold no mail like all others. */
  readonly exchange?: boolean;
}

/** Folders that show messages of other folders once more (RFC 6154 section 2), those that show the most first. */
const REPEATING_ROLES: readonly (FolderRole | undefined)[] = ['all', 'flagged', 'important'];

/** Levels of a root as people write it. */
function rootLevels(root: string | undefined, delimiter: string | null): readonly string[] {
  return (root ?? '')
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

/** The path below the namespace prefix or the root; empty for the root itself; undefined for what is outside. */
function relativePath({ path, delimiter }: ListedFolder, view: SourceView): readonly string[] | undefined {
  const root = rootLevels(view.root, delimiter);
  if (root.length > 0) {
    // Some servers write the names of other namespaces like absolute paths.
    const levels = path[0] === '' ? path.slice(1) : path;
    return startsWith(levels, root) ? levels.slice(root.length) : undefined;
  }
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
  kinds: ReadonlyMap<string, string>,
): string | undefined {
  const namespace = isBelowRoot(view) ? [] : prefixLevels(view.namespacePrefix, view.delimiter);
  const byRules = leftOutByRules(relative, namespace, rules) ?? shownByAll(folder, view);
  if (byRules !== undefined || includedByRules(relative, namespace, rules)) return byRules;
  const kind = kinds.get(foldName(relative[0] ?? ''));
  return kind === undefined ? undefined : `It holds no mail but ${kind}; a rule of \`include\` that names it moves it.`;
}

/** What a folder with all messages shows need not be looked for in one with some of them (RFC 6154 section 2). */
function shownByAll({ role }: ListedFolder, view: SourceView): string | undefined {
  if (role !== 'flagged' && role !== 'important') return undefined;
  const [all] = view.folders
    .filter((folder) => folder.role === 'all' && folder.selectable && relativePath(folder, view) !== undefined)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (all === undefined) return undefined;
  return `It shows messages of other folders once more (\\${role === 'flagged' ? 'Flagged' : 'Important'}), and “${shownPath(all.path)}” shows all of them.`;
}

function isBelowRoot(view: SourceView): boolean {
  return rootLevels(view.root, view.delimiter).length > 0;
}

function outsideReason(view: SourceView): string {
  return isBelowRoot(view)
    ? `It is not below ${view.root}, the root of this mailbox.`
    : `It is outside the user’s own folders (${view.namespacePrefix}).`;
}

/** The root itself is the mailbox's INBOX, unless one is listed below it; then it keeps its own last level. */
function rootItself(folder: ListedFolder, hasInboxBelow: boolean): readonly string[] {
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
    const relative = relativePath(folder, view);
    return relative?.length === 1 && relative.every(isInboxName);
  });
  const kinds = kindsOf(listed, view);
  let inboxSeen = false;
  for (const folder of listed) {
    const shown = shownPath(folder.path);
    const found = relativePath(folder, view);
    if (found === undefined) {
      leftOut.push({ folder, sourcePath: shown, reason: outsideReason(view) });
      continue;
    }
    const isInbox = !isBelowRoot(view) && folder.path.length === 1 && folder.path.every(isInboxName);
    const path = withInbox(found.length === 0 ? rootItself(folder, hasInboxBelow) : found);
    const reason =
      isInbox && inboxSeen
        ? 'It is another spelling of INBOX, whose messages are moved already.'
        : reasonAgainst(folder, path, view, rules, kinds);
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
  return { moved: withExceptions(moved, listed, view), leftOut };
}

/** What folders hold that is no mail, by their first level; nothing where the server keeps nothing but mail. */
function kindsOf(listed: readonly ListedFolder[], view: SourceView): ReadonlyMap<string, string> {
  if (view.exchange !== true) return new Map();
  return nonMailKinds(listed.flatMap((folder) => relativePath(folder, view)?.slice(0, 1) ?? []));
}

/** Where a folder stands among those that show messages of others; -1 for all others. */
function rankOf({ role }: ListedFolder): number {
  return REPEATING_ROLES.indexOf(role);
}

/**
 * Says of folders that show messages of others once more which others these are: every folder of the mailbox that does
 * not, whether or not rules leave it out, and those that show more of them.
 */
function withExceptions(
  moved: readonly SourceFolder[],
  listed: readonly ListedFolder[],
  view: SourceView,
): readonly SourceFolder[] {
  const plain = listed.filter((folder) => rankOf(folder) < 0 && relativePath(folder, view) !== undefined);
  const repeating = moved.filter(({ folder }) => rankOf(folder) >= 0);
  return moved.map((source) => {
    const rank = rankOf(source.folder);
    if (rank < 0) return source;
    const before = repeating.filter(
      ({ folder }) => rankOf(folder) < rank || (rankOf(folder) === rank && folder.name < source.folder.name),
    );
    return { ...source, exceptIn: [...plain, ...before.map(({ folder }) => folder)].map(({ name }) => name) };
  });
}
