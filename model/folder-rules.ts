/** The administrator's rules for folders: which are moved, and under which names. */
import type { FolderRename, FolderRules } from './project.ts';

/** Whether `*` (any text) and `?` (one character) in `pattern` cover `text`. Never more than pattern times text steps. */
function levelMatches(pattern: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  let textAt = 0;
  let star = -1;
  let resume = 0;
  while (textAt < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at++;
      resume = textAt;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[textAt])) {
      at++;
      textAt++;
    } else if (star >= 0) {
      at = star + 1;
      textAt = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** Matches as many levels as the pattern has, `**` any number; what lies below a matched folder is covered with it. */
function levelsMatch(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return true;
  if (first === '**') {
    return path.some((_, skipped) => levelsMatch(rest, path.slice(skipped)));
  }
  const level = path[0];
  return level !== undefined && levelMatches(Array.from(first), Array.from(level)) && levelsMatch(rest, path.slice(1));
}

/**
 * Whether a glob covers the folder at `path`. `*` and `?` stay within a level, `**` spans levels, case does not matter. A
 * folder that is covered takes everything below it along: `Projects` is also `Projects/2024`.
 */
export function globCovers(glob: string, path: readonly string[]): boolean {
  const levels = glob
    .toLowerCase()
    .split('/')
    .filter((level) => level !== '');
  const spans = levels.filter((level, index) => level !== '**' || levels[index - 1] !== '**');
  return (
    spans.length > 0 &&
    levelsMatch(
      spans,
      path.map((level) => level.toLowerCase()),
    )
  );
}

/** The rule's pattern, compiled. Throws a SyntaxError when it is no regular expression. */
export function compileRename(rename: FolderRename): RegExp {
  return new RegExp(rename.pattern, 'u');
}

/**
 * Applies the rules in order, each to what the one before it left, to a path with `/` between levels. A rule replaces its
 * first match; what would leave no name at all is not applied.
 */
export function renamePath(path: readonly string[], renames: readonly FolderRename[]): readonly string[] {
  const before = path.join('/');
  const after = renames.reduce((text, rename) => text.replace(compileRename(rename), rename.replacement), before);
  if (after === before) return path;
  const levels = after.split('/').filter((level) => level.trim() !== '');
  return levels.length === 0 ? path : levels;
}

/**
 * Why the rules leave the folder at `path` out, in one sentence; undefined when they do not. Globs may be written with the
 * levels of the namespace in front (`INBOX/Trash`) or without; INBOX itself is only ever `INBOX`.
 */
export function leftOutByRules(
  path: readonly string[],
  namespace: readonly string[],
  rules: FolderRules,
): string | undefined {
  const excluded = rules.exclude.find((glob) => covers(glob, path, namespace));
  if (excluded !== undefined) return `The rule \`exclude: ${excluded}\` leaves it out.`;
  if (rules.include.length > 0 && !includedByRules(path, namespace, rules)) return 'No rule of `include` names it.';
  return undefined;
}

/** Whether a rule of `include` names the folder, with what would be moved without it. */
export function includedByRules(path: readonly string[], namespace: readonly string[], rules: FolderRules): boolean {
  return rules.include.some((glob) => covers(glob, path, namespace));
}

function covers(glob: string, path: readonly string[], namespace: readonly string[]): boolean {
  if (globCovers(glob, path)) return true;
  const front = `${namespace.join('/').toLowerCase()}/`;
  const isInbox = path.length === 1 && path[0] === 'INBOX';
  if (namespace.length === 0 || isInbox || !glob.toLowerCase().startsWith(front)) return false;
  return globCovers(glob.slice(front.length), path);
}
