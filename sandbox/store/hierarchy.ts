/** The character between the levels of folder names; null for a flat namespace (RFC 3501 §7.2.2, NIL). */
export type Delimiter = string | null;

/** A line of LIST: a folder, or a level that has none and only leads to others. */
export interface ListedName {
  readonly wire: string;
  readonly exists: boolean;
  readonly hasChildren: boolean;
}

/** All names a LIST can show: the folders, and the levels above them, each before what lies below it. */
export function listedNames(folders: Iterable<string>, delimiter: Delimiter): readonly ListedName[] {
  const existing = new Set(folders);
  const all = new Set<string>();
  const parents = new Set<string>();
  for (const wire of existing) {
    for (const ancestor of ancestors(wire, delimiter)) {
      all.add(ancestor);
      parents.add(ancestor);
    }
    all.add(wire);
  }
  return [...all].map((wire) => ({ wire, exists: existing.has(wire), hasChildren: parents.has(wire) }));
}

/** Whether a name lies below another. */
export function isBelow(wire: string, parent: string, delimiter: Delimiter): boolean {
  return delimiter !== null && wire.startsWith(parent + delimiter);
}

/** A pattern of LIST as a regular expression: `*` is anything, `%` anything up to the next delimiter. */
export function patternMatcher(pattern: string, delimiter: Delimiter): (wire: string) => boolean {
  const level = delimiter === null ? '.*' : `[^${escape(delimiter)}]*`;
  const source = pattern.replace(/[*%]+|[^*%]+/g, (part) => {
    if (part.includes('*')) return '.*';
    return part.startsWith('%') ? level : escape(part);
  });
  const exact = new RegExp(`^${source}$`, 's');
  const insensitive = new RegExp(`^${source}$`, 'is');
  return (wire) => (wire === 'INBOX' ? insensitive : exact).test(wire);
}

function ancestors(wire: string, delimiter: Delimiter): readonly string[] {
  if (delimiter === null) return [];
  const levels = wire.split(delimiter);
  return levels.slice(0, -1).map((_, index) => levels.slice(0, index + 1).join(delimiter));
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
