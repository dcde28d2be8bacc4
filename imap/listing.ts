/** LIST and NAMESPACE answers (RFC 3501 section 7.2.2, RFC 2342, RFC 6154) read into folders. */
import type { FolderRole, ListedFolder } from '../model/folders.ts';
import { listedPath } from '../model/utf7.ts';
import { LONGEST_NAME } from './grammar.ts';
import { ResponseError, textOf, wordsOf } from './response.ts';
import type { DataResponse, Value } from './response.ts';

const ROLES: ReadonlyMap<string, FolderRole> = new Map([
  ['\\sent', 'sent'],
  ['\\drafts', 'drafts'],
  ['\\trash', 'trash'],
  ['\\junk', 'junk'],
  ['\\spam', 'junk'],
  ['\\archive', 'archive'],
  ['\\all', 'all'],
  ['\\allmail', 'all'],
  ['\\flagged', 'flagged'],
  ['\\starred', 'flagged'],
  ['\\important', 'important'],
  ['\\inbox', 'inbox'],
]);

const NOT_SELECTABLE = new Set(['\\noselect', '\\nonexistent']);

function roleOf(name: string, attributes: readonly string[]): FolderRole | undefined {
  if (name.toUpperCase() === 'INBOX') return 'inbox';
  const roles = attributes.map((attribute) => ROLES.get(attribute));
  return roles.find((role) => role !== undefined && role !== 'inbox');
}

function readDelimiter(value: Value | undefined): string | null {
  if (value?.kind === 'nil') return null;
  const text = textOf(value);
  if (text === undefined || text.length > 1) throw new ResponseError('a hierarchy delimiter is not one character');
  return text === '' ? null : text;
}

/** `* LIST (\HasNoChildren) "." "INBOX.Sent"`; a name that reads like NIL is a name. Throws a ResponseError. */
export function readListed(data: DataResponse): ListedFolder {
  const [first, second, third] = data.values();
  const attributes = wordsOf(first)?.map((word) => word.toLowerCase());
  const name = third?.kind === 'nil' ? 'NIL' : textOf(third);
  if (attributes === undefined || name === undefined) throw new ResponseError('LIST data without attributes or name');
  if (name.length > LONGEST_NAME) throw new ResponseError(`a folder has a name of ${name.length} bytes`);
  const delimiter = readDelimiter(second);
  const role = roleOf(name, attributes);
  return {
    name,
    path: listedPath(name, delimiter),
    delimiter,
    ...(role === undefined ? {} : { role }),
    selectable: !attributes.some((attribute) => NOT_SELECTABLE.has(attribute)),
  };
}

/** Far more than any mailbox has. */
const MOST_FOLDERS = 100_000;

/** Adds a folder by its name; the one without a name is none. Throws a ResponseError. */
export function addListed(folders: Map<string, ListedFolder>, folder: ListedFolder): void {
  if (folder.name === '') return;
  if (folders.size === MOST_FOLDERS) throw new ResponseError(`it lists more than ${MOST_FOLDERS} folders`);
  folders.set(folder.name, folder);
}

export interface Namespaces {
  /** The first personal namespace; absent when the server answers NIL. */
  readonly personal?: { readonly prefix: string; readonly delimiter: string | null };
  /** Prefixes under which other people's and shared folders are listed; never empty texts. */
  readonly foreign: readonly string[];
}

interface Namespace {
  readonly prefix: string;
  readonly delimiter: string | null;
}

function readNamespace(value: Value): Namespace {
  const [first, second] = value.kind === 'list' ? value.items : [];
  const given = textOf(first);
  if (given === undefined) throw new ResponseError('a namespace without a prefix');
  const delimiter = readDelimiter(second);
  const closed = delimiter === null || given === '' || given.endsWith(delimiter);
  return { prefix: closed ? given : `${given}${delimiter}`, delimiter };
}

/** Each folder is held against each of them. */
const MOST_NAMESPACES = 100;

function readNamespaceList(value: Value | undefined): readonly Namespace[] {
  if (value?.kind !== 'list') return [];
  if (value.items.length > MOST_NAMESPACES) throw new ResponseError('it has more namespaces than there are');
  return value.items.map(readNamespace);
}

/** `* NAMESPACE (("INBOX." ".")) NIL NIL` (RFC 2342 section 5). Throws a ResponseError. */
export function readNamespaces(data: DataResponse): Namespaces {
  const [own, others, shared] = data.values();
  const [personal] = readNamespaceList(own);
  const foreign = [...readNamespaceList(others), ...readNamespaceList(shared)].map(({ prefix }) => prefix);
  return {
    ...(personal === undefined ? {} : { personal }),
    foreign: foreign.filter((prefix) => prefix !== '' && prefix !== personal?.prefix),
  };
}
