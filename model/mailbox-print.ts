/** A short text that is the same for two looks at one mailbox, and rarely for two mailboxes. */

/** A folder as it was counted. */
export interface CountedFolder {
  readonly source: string;
  readonly messages: number;
  readonly uidNext: number;
  readonly uidValidity: number;
}

/** Mailboxes with fewer messages look alike on servers that give every folder the same UIDVALIDITY. */
const FEWEST = 10;
/** FNV-1a of 32 bits. */
const BASIS = 0x81_1c_9d_c5;
const PRIME = 0x01_00_01_93;

/** Of the folders' names, UIDVALIDITYs, UIDNEXTs and counts; undefined where there is too little in them to tell. */
export function printOf(folders: readonly CountedFolder[]): string | undefined {
  if (folders.reduce((sum, { messages }) => sum + messages, 0) < FEWEST) return undefined;
  const lines = folders.map(({ source, messages, uidNext, uidValidity }) =>
    [source, uidValidity, uidNext, messages].join(' '),
  );
  const text = lines.toSorted().join('\n');
  return [BASIS, ~BASIS].map((basis) => hash(text, basis).toString(16).padStart(8, '0')).join('');
}

function hash(text: string, basis: number): number {
  let value = basis;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), PRIME);
  return value >>> 0;
}

/** The rows of which several show one mailbox, together. */
export function sharedBy<Row extends { readonly print?: string }>(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.print === undefined) continue;
    const group = groups.get(row.print);
    if (group === undefined) groups.set(row.print, [row]);
    else group.push(row);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
