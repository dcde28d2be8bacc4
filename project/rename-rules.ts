/** Renames of folders as people write them, also in MigrationWiz's form. */
import { compileRename } from '../model/folder-rules.ts';
import type { FolderRename } from '../model/project.ts';

const ARROW = '->';
/** An option of MigrationWiz; several stand in one text, with blanks between them. */
const OPTION = /\s*FolderMapping\s*=\s*"([^"]*)"\s*/giy;

/**
 * The renames that a text stands for: `^INBOX/->` is a pattern and what its first match becomes, divided at the first
 * `->`; `FolderMapping="^INBOX/->" FolderMapping="^Sent$->Sent Items"` are several, as options of MigrationWiz are
 * written. Undefined for what is neither, or whose pattern is no regular expression.
 */
export function readRenames(text: string): readonly FolderRename[] | undefined {
  const renames = (options(text) ?? [text]).map(readRename);
  return renames.every((rename) => rename !== undefined) ? renames : undefined;
}

function options(text: string): readonly string[] | undefined {
  const found = [...text.matchAll(OPTION)];
  const length = found.reduce((sum, [whole]) => sum + whole.length, 0);
  return found.length > 0 && length === text.length ? found.map(([, value = '']) => value) : undefined;
}

function readRename(text: string): FolderRename | undefined {
  const arrow = text.indexOf(ARROW);
  if (arrow <= 0) return undefined;
  const rename = { pattern: text.slice(0, arrow), replacement: text.slice(arrow + ARROW.length) };
  return isPattern(rename.pattern) ? rename : undefined;
}

/** Whether a text is a regular expression. */
export function isPattern(pattern: string): boolean {
  try {
    compileRename({ pattern, replacement: '' });
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
