/** From the bytes of a file to its text. */

export type DecodedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly line: number; readonly message: string };

function lineOf(bytes: Uint8Array, valid: (slice: Uint8Array) => boolean): number {
  let line = 1;
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== 0x0a) continue;
    if (!valid(bytes.subarray(start, at))) return line;
    start = at + 1;
    line += 1;
  }
  return line;
}

/** The text, or undefined when the bytes are not in the encoding. */
function decoded(bytes: Uint8Array, encoding: 'utf-8' | 'utf-16le' | 'utf-16be'): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    // The decoder says "not valid" in no other way.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** UTF-8, or UTF-16, by its byte order mark, which is taken off, or by the zero in its first character; names the line that is neither. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0 && second !== undefined);
  const text = decoded(bytes, isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8');
  if (text !== undefined) return { ok: true, text };
  if (isLittle || isBig) return { ok: false, line: 1, message: 'the file begins like UTF-16 and is not' };
  const line = lineOf(bytes, (slice) => decoded(slice, 'utf-8') !== undefined);
  return { ok: false, line, message: 'the line has characters that are not UTF-8' };
}
