/** What people read in a message's header fields. */

const ENCODED_WORD = /=\?([A-Za-z0-9_.:-]+)(?:\*[A-Za-z-]+)?\?([BbQq])\?([^?\s]*)\?=/g;
const BETWEEN_WORDS = /(=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[BbQq]\?[^?\s]*\?=)/g;
const LONGEST = 200;

/** Fields by lower-case names, the first of each: unfolded, decoded (RFC 2047), on one line, cut to 200 characters. */
export function readableFields(headers: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const unfolded = textOf(headers).replaceAll(/\r?\n(?=[ \t])/g, '');
  for (const line of unfolded.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== '' && !fields.has(name)) fields.set(name, shortened(decodeWords(line.slice(colon + 1))));
  }
  return fields;
}

/** 8-bit headers are UTF-8 nowadays (RFC 6532), and were anything before. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return bytes.toString('latin1');
    throw error;
  }
}

/** Words of unknown character sets stay as they are. */
function decodeWords(text: string): string {
  return text
    .replaceAll(BETWEEN_WORDS, '$1')
    .replaceAll(ENCODED_WORD, (word, charset: string, encoding: string, coded: string) => {
      const bytes = encoding.toUpperCase() === 'B' ? Buffer.from(coded, 'base64') : quotedBytes(coded);
      try {
        return new TextDecoder(charset).decode(bytes);
      } catch (error) {
        if (error instanceof RangeError) return word;
        throw error;
      }
    });
}

function quotedBytes(coded: string): Buffer {
  const text = coded.replaceAll('_', ' ');
  return Buffer.from(
    text.replaceAll(/=([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
    'latin1',
  );
}

function shortened(text: string): string {
  const points = Array.from(text.replaceAll(/\s+/g, ' ').trim());
  return points.length <= LONGEST ? points.join('') : `${points.slice(0, LONGEST - 1).join('')}…`;
}
