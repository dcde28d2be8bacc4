/**
 * Control characters (C0, DEL, C1), characters that reorder or hide text (bidirectional controls, zero-width, BOM), line
 * and paragraph separators, and lone surrogates: what could move a cursor, start an escape sequence, or make one text
 * look like another.
 */
const dangerous =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

/** One line of text that is safe on a terminal, whoever wrote it: dangerous characters become `\u{…}`, visibly. */
export function clean(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(dangerous, (character) => `\\u{${hex(character)}}`);
}

/** The same data with every string in it {@link clean}, keys included. */
export function cleanAll<T>(data: T): T;
export function cleanAll(data: unknown): unknown {
  if (typeof data === 'string') return clean(data);
  if (Array.isArray(data)) return data.map((item: unknown) => cleanAll(item));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [clean(key), cleanAll(value)]));
}

/** JSON of exactly the data, with dangerous characters written as JSON's own escapes. */
export function safeJson(data: unknown, indent?: number): string {
  // The line feeds of the indentation are not within strings, where JSON has escaped its own.
  return JSON.stringify(data, null, indent)
    .split('\n')
    .map((line) => line.replaceAll(dangerous, escaped))
    .join('\n');
}

/** All of them lie in the basic plane: one UTF-16 unit each. */
function escaped(character: string): string {
  return `\\u${hex(character).padStart(4, '0')}`;
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
