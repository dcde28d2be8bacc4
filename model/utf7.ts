/**
 * Modified UTF-7, the encoding of mailbox names (RFC 3501 section 5.1.3), and the way from a listed name to its levels.
 * Written without Buffer or TextDecoder, since workflows are given this file too.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,';
const VALUES: ReadonlyMap<string, number> = new Map(Array.from(ALPHABET, (char, value) => [char, value]));

/** A shifted sequence: `&`, modified base64, `-`. */
const SHIFTED = /&([A-Za-z0-9+,]*)-/g;
const PRINTABLE_ASCII = /[\x20-\x7e]/;
const DIRECT = /[\x20-\x25\x27-\x7e]/;

/** UTF-16 code units of modified base64; undefined when bits are missing, left over and not zero, or too many. */
function decodeBase64(text: string): string | undefined {
  let bits = 0;
  let held = 0;
  let decoded = '';
  for (const char of text) {
    bits = (bits << 6) | (VALUES.get(char) ?? 0);
    held += 6;
    if (held >= 16) {
      held -= 16;
      decoded += String.fromCharCode((bits >>> held) & 0xffff);
      bits &= (1 << held) - 1;
    }
  }
  return held < 6 && bits === 0 ? decoded : undefined;
}

function encodeBase64(text: string): string {
  let bits = 0;
  let held = 0;
  let encoded = '';
  for (let index = 0; index < text.length; index += 1) {
    bits = (bits << 16) | text.charCodeAt(index);
    held += 16;
    while (held >= 6) {
      held -= 6;
      encoded += ALPHABET.charAt((bits >>> held) & 0x3f);
    }
    bits &= (1 << held) - 1;
  }
  return held === 0 ? encoded : encoded + ALPHABET.charAt((bits << (6 - held)) & 0x3f);
}

/** Decodes one shifted sequence; what RFC 3501 forbids (printable ASCII, half a surrogate pair, loose bits) stays as it stands. */
function decodeShifted(sequence: string, base64: string): string {
  if (base64 === '') return '&';
  const decoded = decodeBase64(base64);
  if (decoded === undefined || decoded === '' || PRINTABLE_ASCII.test(decoded)) return sequence;
  return isWellFormed(decoded) ? decoded : sequence;
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Decodes modified UTF-7. Sequences that are not valid are kept as they stand, so nothing of a name is ever lost. */
export function decodeUtf7(encoded: string): string {
  return encoded.replace(SHIFTED, decodeShifted);
}

/** Encodes to modified UTF-7 without superfluous shifts. Throws a RangeError for half a surrogate pair. */
export function encodeUtf7(text: string): string {
  if (!isWellFormed(text)) throw new RangeError('a folder name holds half a surrogate pair');
  let encoded = '';
  let shifted = '';
  const unshift = (): void => {
    if (shifted !== '') encoded += `&${encodeBase64(shifted)}-`;
    shifted = '';
  };
  for (const char of text) {
    if (char === '&' || DIRECT.test(char)) {
      unshift();
      encoded += char === '&' ? '&-' : char;
    } else {
      shifted += char;
    }
  }
  unshift();
  return encoded;
}

/** Names should be ASCII; servers that send UTF-8 all the same are understood where it is valid. */
function decodeUtf8Bytes(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  const escaped = bytes.replace(/[%\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  try {
    return decodeURIComponent(escaped);
  } catch (error) {
    if (error instanceof URIError) return bytes;
    throw error;
  }
}

/**
 * The levels of a name as a server lists it (a string of bytes), decoded for people and rules. A delimiter inside a
 * shifted sequence does not divide: modified base64 may hold `+` and `,`. Empty levels stay, so joining gives the name back.
 */
export function listedPath(name: string, delimiter: string | null): readonly string[] {
  const levels = [''];
  const append = (text: string): void => {
    levels.push(`${levels.pop() ?? ''}${text}`);
  };
  const appendDivided = (text: string): void => {
    const [first = '', ...rest] = delimiter === null || delimiter === '' ? [text] : text.split(delimiter);
    append(first);
    levels.push(...rest);
  };
  let at = 0;
  for (const { 0: sequence, index } of name.matchAll(SHIFTED)) {
    appendDivided(name.slice(at, index));
    append(sequence);
    at = index + sequence.length;
  }
  appendDivided(name.slice(at));
  return levels.map((level) => decodeUtf7(decodeUtf8Bytes(level)));
}
