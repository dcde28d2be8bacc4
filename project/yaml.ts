/** YAML 1.2 with places: where every key and value stands, and every fault of the text at once. */
import { LineCounter, isMap, isScalar, isSeq, parseDocument, visit, type Document, type Node } from 'yaml';
import { IssueList, type Issue } from './issues.ts';
import { harmless } from './show.ts';
import type { Place } from './types.ts';

/** More than fifty mailboxes belong into a CSV; this is room for several thousand. */
export const LARGEST_PROJECT_FILE = 1_048_576;
const DEEPEST = 50;

/** Faults by the library's codes, in our words: its own may quote the text, and the text may hold a secret. */
const FAULTS: Readonly<Partial<Record<string, readonly [message: string, expected: string]>>> = {
  TAB_AS_INDENT: ['the line is indented with a tab', 'blanks'],
  DUPLICATE_KEY: ['the key stands here a second time', 'each key once'],
  BAD_INDENT: ['the line is not indented as the ones around it', 'the same number of blanks for keys of one group'],
  MISSING_CHAR: ['something is not closed or not separated', 'a closing quote or bracket, or a blank after a colon'],
  MULTIPLE_DOCS: ['a second document begins here', 'one project in one file'],
  BAD_DQ_ESCAPE: ['the text in double quotes has an unknown escape', 'single quotes, or `\\\\` for a backslash'],
  BAD_SCALAR_START: ['a value cannot begin with this character', 'the value in quotes'],
  BLOCK_AS_IMPLICIT_KEY: ['a value holds a colon and a blank', 'the value in quotes'],
  MULTILINE_IMPLICIT_KEY: ['a key without a colon', '`key: value`'],
  NON_STRING_KEY: ['a key is not a plain text', '`key: value`'],
  TAG_RESOLVE_FAILED: ['a tag (`!…`) is not understood', 'a plain value'],
  RESOURCE_EXHAUSTION: ['the file is nested too deeply', 'the keys that `mailferry schema` lists'],
};

export interface YamlText {
  readonly value: unknown;
  /** The place of the value at a path; of the nearest key above it where it is missing. */
  readonly placeOf: (path: readonly PropertyKey[]) => Place;
  /** The place of a key in the group at a path. */
  readonly placeOfKey: (path: readonly PropertyKey[], key: string) => Place;
}

export type ParsedYaml = { readonly issues: readonly Issue[]; readonly yaml?: YamlText };

/** `mailboxes[0].source` */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${harmless(String(part))}`,
    )
    .join('');
}

/** The parser recurses: what no project file needs is refused before it can exhaust the stack. */
function deepLine(text: string): number | undefined {
  let open = 0;
  let line = 1;
  let lead = 0;
  let inLead = true;
  for (const char of text) {
    if (char === '\n') {
      line += 1;
      lead = 0;
      inLead = true;
      continue;
    }
    inLead &&= ' -?:\t'.includes(char);
    if (inLead) lead += 1;
    if ('[{'.includes(char)) open += 1;
    if (']}'.includes(char)) open = Math.max(0, open - 1);
    if (open > DEEPEST || lead > 4 * DEEPEST) return line;
  }
  return undefined;
}

function nodeAt(document: Document.Parsed, path: readonly PropertyKey[]): Node | undefined {
  let node: Node | undefined = document.contents ?? undefined;
  for (const part of path) {
    const key = typeof part === 'number' ? part : String(part);
    const next: unknown = isMap(node) || isSeq(node) ? node.get(key, true) : undefined;
    if (!isMap(next) && !isSeq(next) && !isScalar(next)) return undefined;
    node = next;
  }
  return node;
}

function keyNode(group: Node | undefined, key: string): Node | undefined {
  if (!isMap(group)) return undefined;
  const found = group.items.map((pair) => pair.key).find((candidate) => isScalar(candidate) && candidate.value === key);
  return isScalar(found) ? found : undefined;
}

function textWithPlaces(document: Document.Parsed, lines: LineCounter, file: string): YamlText {
  const place = (node: Node | undefined, path: readonly PropertyKey[]): Place => {
    const offset = node?.range?.[0];
    const at = offset === undefined ? { line: 1, col: 1 } : lines.linePos(offset);
    return { file, line: at.line, column: at.col, path: formatPath(path) };
  };
  return {
    value: document.toJS({ maxAliasCount: 0 }),
    placeOf: (path) => {
      const found = nodeAt(document, path);
      if (found !== undefined) return place(found, path);
      for (let length = path.length - 1; length > 0; length--) {
        const node =
          keyNode(nodeAt(document, path.slice(0, length - 1)), String(path[length - 1])) ??
          nodeAt(document, path.slice(0, length));
        if (node !== undefined) return place(node, path);
      }
      return place(undefined, path);
    },
    placeOfKey: (path, key) => place(keyNode(nodeAt(document, path), key), [...path, key]),
  };
}

/**
 * Parses the text of a project file. Anchors and aliases are refused: without them nothing can be larger than it
 * reads, and everything has one place.
 */
export function parseYaml(text: string, file: string): ParsedYaml {
  const issues = new IssueList('project.file');
  if (Buffer.byteLength(text) > LARGEST_PROJECT_FILE) {
    issues.add({ file }, 'the file is larger than 1 MiB', 'mailboxes in a CSV: `mailboxes: { csv: FILE }`');
    return { issues: issues.all };
  }
  const deep = deepLine(text);
  if (deep !== undefined) {
    issues.add({ file, line: deep }, 'the file is nested too deeply', 'the keys that `mailferry schema` lists');
    return { issues: issues.all };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    prettyErrors: false,
    stringKeys: true,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  for (const fault of [...document.errors, ...document.warnings]) {
    const [message, expected] = FAULTS[fault.code] ?? ['this is not valid YAML', '`key: value`, one on a line'];
    issues.add(placeAt(fault.pos[0]), message, expected);
  }
  const refuseShared = (offset: number | undefined): void =>
    issues.add(
      placeAt(offset ?? 0),
      'anchors (`&`) and aliases (`*`) are not used in project files',
      'the value itself, in quotes where it begins with `&` or `*`',
    );
  visit(document, {
    Alias: (_, node) => refuseShared(node.range?.[0]),
    Value: (_, node) => (node.anchor === undefined ? undefined : refuseShared(node.range?.[0])),
  });
  const isReadable =
    document.errors.every((fault) => fault.code === 'DUPLICATE_KEY') && issues.all.length === document.errors.length;
  return isReadable ? { issues: issues.all, yaml: textWithPlaces(document, lines, file) } : { issues: issues.all };
}
