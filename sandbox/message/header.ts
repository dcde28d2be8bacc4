/** Cutting a message into header and text, without ever turning its body into a string. */

export interface HeaderField {
  readonly name: string;
  /** The whole field with folds and its last line end, octets as latin1. */
  readonly raw: string;
}

/** The offset at which the body begins: behind the first empty line, or the message's length if there is none. */
export function bodyOffset(message: Buffer): number {
  for (let at = 0; at < message.length;) {
    const end = message.indexOf(0x0a, at);
    if (end < 0) return message.length;
    if (end === at || (end === at + 1 && message[at] === 0x0d)) return end + 1;
    at = end + 1;
  }
  return message.length;
}

/** The fields of a message's header in their order. What is no field (a line without a colon) is left out. */
export function headerFields(message: Buffer): readonly HeaderField[] {
  const header = message.toString('latin1', 0, bodyOffset(message));
  const fields: HeaderField[] = [];
  for (const found of header.matchAll(/^([^\s:]+)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|$)/gm)) {
    fields.push({ name: (found[1] ?? '').toLowerCase(), raw: found[0] });
  }
  return fields;
}

/** The value of a field, unfolded and without surrounding blanks. */
export function fieldValue(field: HeaderField): string {
  return field.raw
    .slice(field.raw.indexOf(':') + 1)
    .replace(/\r?\n(?=[ \t])/g, '')
    .trim();
}

/** The values of all fields with this name. */
export function headerValues(message: Buffer, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return headerFields(message)
    .filter((field) => field.name === wanted)
    .map(fieldValue);
}

/** BODY[HEADER.FIELDS (…)] and its negation: the chosen fields and the empty line that ends a header. */
export function selectHeaderFields(message: Buffer, names: readonly string[], chosen: boolean): Buffer {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const kept = headerFields(message).filter((field) => wanted.has(field.name) === chosen);
  return Buffer.from(`${kept.map((field) => field.raw).join('')}\r\n`, 'latin1');
}
