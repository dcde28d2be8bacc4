/** One value of an IMAP response (RFC 9051, section 4): an atom, a string of bytes (quoted or literal), or a list. */
export type ImapValue =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'list'; readonly items: readonly ImapValue[] };

/** Splits the text of a response into values. `literals` are the literals of the response, in their order. */
export function parseValues(text: string, literals: readonly Buffer[]): readonly ImapValue[] {
  const tokens = /"(?:[^"\\]|\\.)*"|\{\d+\}|[()]|[^\s()"]+/g;
  const open: ImapValue[][] = [[]];
  let literal = 0;
  for (const [token] of text.matchAll(tokens)) {
    const items = open.at(-1);
    if (items === undefined) throw new Error(`a bracket too many in: ${text}`);
    if (token === '(') open.push([]);
    else if (token === ')') {
      open.pop();
      open.at(-1)?.push({ kind: 'list', items });
    } else if (token.startsWith('"')) {
      items.push({ kind: 'string', bytes: Buffer.from(token.slice(1, -1).replaceAll(/\\(.)/g, '$1'), 'latin1') });
    } else if (/^\{\d+\}$/.test(token)) {
      items.push({ kind: 'string', bytes: literals[literal] ?? Buffer.alloc(0) });
      literal += 1;
    } else items.push({ kind: 'atom', text: token });
  }
  const [values, ...unclosed] = open;
  if (values === undefined || unclosed.length > 0) throw new Error(`unbalanced brackets in: ${text}`);
  return values;
}

/** The text of an atom or a string, bytes taken one by one as characters; undefined for NIL and lists. */
export function textOf(value: ImapValue | undefined): string | undefined {
  if (value === undefined || value.kind === 'list') return undefined;
  if (value.kind === 'string') return value.bytes.toString('latin1');
  return value.text.toUpperCase() === 'NIL' ? undefined : value.text;
}

/** The items of a list; none for anything else. */
export function itemsOf(value: ImapValue | undefined): readonly ImapValue[] {
  return value?.kind === 'list' ? value.items : [];
}
