/**
 * A string as a server sends it: quoted where that is possible, otherwise (or when asked for) as a literal.
 * The text holds one octet per character.
 */
export function imapString(text: string, form: 'quoted' | 'literal' = 'quoted'): string {
  // oxlint-disable-next-line no-control-regex -- exactly the octets that RFC 3501 §9 excludes from quoted strings
  if (form === 'quoted' && !/[\u0000\r\n\u0080-\u00ff]/.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`;
  return `{${text.length}}\r\n${text}`;
}

/** `nil` is NIL, anything else a string (RFC 3501 §9, nstring). */
export function imapNstring(text: string | undefined): string {
  return text === undefined ? 'NIL' : imapString(text);
}
