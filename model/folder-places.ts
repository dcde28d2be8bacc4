/**
 * Names at a destination: which there are, which are given away, and which one a folder gets. A name that exists is used
 * exactly as it is listed; two folders never get the same one, nor two that differ only in case.
 */
import type { ListedFolder } from './folders.ts';
import { foldName, isInboxName } from './folder-names.ts';
import { encodeUtf7 } from './utf7.ts';

/** Where children are put: below `path`, with names that begin with `prefix` (encoded, delimiter included). */
export interface Base {
  readonly path: readonly string[];
  readonly prefix: string;
}

/** A folder's place: its levels, and its name as commands are given it. */
export interface Place {
  readonly path: readonly string[];
  readonly name: string;
}

function keyOf(path: readonly string[]): string {
  return path.map((level, depth) => (depth === 0 && isInboxName(level) ? 'INBOX' : level)).join('\u0000');
}

function foldKey(path: readonly string[]): string {
  return path.map((level) => foldName(level)).join('\u0000');
}

/** Folders above a listed one: a server need not list them, and still children go below them as they are written. */
function parentsOf(folder: ListedFolder): readonly ListedFolder[] {
  const { delimiter, path } = folder;
  if (delimiter === null) return [];
  const names = folder.name.split(delimiter);
  if (names.length !== path.length) return [];
  return path.slice(0, -1).map((_, depth) => ({
    name: names.slice(0, depth + 1).join(delimiter),
    path: path.slice(0, depth + 1),
    delimiter,
    selectable: false,
  }));
}

export class FolderPlaces {
  readonly #delimiter: string | null;
  readonly #exact = new Map<string, ListedFolder>();
  readonly #folded = new Map<string, ListedFolder[]>();
  readonly #taken = new Set<string>();
  readonly #takenFolded = new Set<string>();

  constructor(listed: readonly ListedFolder[], delimiter: string | null) {
    this.#delimiter = delimiter;
    const known = new Set(listed.map((folder) => keyOf(folder.path)));
    const implied = listed.flatMap((folder) => parentsOf(folder)).filter((parent) => !known.has(keyOf(parent.path)));
    for (const folder of [...listed, ...implied].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const key = keyOf(folder.path);
      if (this.#exact.has(key)) continue;
      this.#exact.set(key, folder);
      const alike = this.#folded.get(foldKey(folder.path)) ?? [];
      this.#folded.set(foldKey(folder.path), [...alike, folder]);
    }
  }

  /** Gives a path away, whether or not somebody asks for it. */
  reserve(path: readonly string[]): void {
    this.#taken.add(keyOf(path));
    this.#takenFolded.add(foldKey(path));
  }

  /** The place of a folder that is listed, given away; undefined when it is not there or given away already. */
  takeListed(path: readonly string[]): Place | undefined {
    const folder = this.#exact.get(keyOf(path));
    return folder === undefined || this.#taken.has(keyOf(path)) ? undefined : this.#takeFolder(folder);
  }

  /** The place for `level` below `base`: a listed folder of that name, in whatever case, or a new one; undefined if taken. */
  take(base: Base, level: string): Place | undefined {
    const path = [...base.path, level];
    const exact = this.takeListed(path);
    if (exact !== undefined) return exact;
    if (this.#takenFolded.has(foldKey(path))) return undefined;
    const alike = this.#folded.get(foldKey(path))?.find((folder) => !this.#taken.has(keyOf(folder.path)));
    if (alike !== undefined) return this.#takeFolder(alike);
    this.reserve(path);
    return { path, name: base.prefix + encodeUtf7(level) };
  }

  #takeFolder(folder: ListedFolder): Place {
    this.reserve(folder.path);
    return { path: folder.path, name: folder.name };
  }

  /** Where the children of a place are put. */
  below(place: Place): Base {
    return { path: place.path, prefix: place.name + (this.#delimiter ?? '') };
  }
}
