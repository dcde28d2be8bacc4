/** Files beside the project file, and why one cannot be read. */
import path from 'node:path';
import type { IssueList } from './issues.ts';
import { decodeText } from './text.ts';
import type { Place } from './types.ts';

/** Files larger than this are none of ours: 50,000 mailboxes take 10 MiB. */
const LARGEST_FILE = 64 * 1_048_576;

/** What reading needs of the machine. Rejects as `node:fs/promises` does, with a `code` such as ENOENT. */
export interface ProjectFiles {
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

const READ_FAULTS: Readonly<Partial<Record<string, string>>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the file may not be read by this user',
  EPERM: 'the file may not be read by this user',
  EISDIR: 'this is a folder, not a file',
};

/** Why a file could not be read, in words; errors that the machine does not explain are passed on. */
export function readFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  return READ_FAULTS[code] ?? `the file cannot be read (${code})`;
}

/** A file named in another, relative to it. */
export function besideFile(file: string, name: string): string {
  return path.isAbsolute(name) ? name : path.join(path.dirname(file), name);
}

/** The text of a file; undefined, and an issue at the place that names it, when there is none. */
export async function readText(
  files: ProjectFiles,
  name: string,
  place: Place,
  issues: IssueList,
): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await files.readFile(name);
  } catch (error) {
    const fault = readFault(error);
    issues.add(place, place.file === name ? fault : `${name}: ${fault}`, 'the name of a file that can be read');
    return undefined;
  }
  if (bytes.length > LARGEST_FILE) {
    issues.add({ file: name }, 'the file is larger than 64 MiB', 'a smaller file');
    return undefined;
  }
  const decoded = decodeText(bytes);
  if (decoded.ok) return decoded.text;
  issues.add({ file: name, line: decoded.line }, decoded.message, 'a file saved as UTF-8');
  return undefined;
}
