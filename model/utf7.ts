/**
 * Modified UTF-7, the encoding of mailbox names (RFC 3501 section 5.1.3). Pure string code, so that workflows and
 * activities, sessions and rules all agree on what a name means.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,';

/** What represents itself: printable US-ASCII without `&`. */
const LITERAL = /[\u0020-\u0025\u0027-\u007e]/;

function encodeShifted(units: string): string {
  let encoded = '';
  let bits = 0;
  let held = 0;
  for (let index = 0; index < units.length; index++) {
    held = ((held << 16) | units.charCodeAt(index)) >>> 0;
    bits += 16;
    while (bits >= 6) {
      bits -= 6;
      encoded += ALPHABET.charAt((held >>> bits) & 0x3f);
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) encoded += ALPHABET.charAt((held << (6 - bits)) & 0x3f);
  return `&${encoded}-`;
}

/** Encodes any text; every text has one encoding, and `decodeUtf7` gives it back. */
export function encodeUtf7(text: string): string {
  let encoded = '';
  let shifted = '';
  for (let index = 0; index < text.length; index++) {
    const unit = text.charAt(index);
    const literal = unit === '&' ? '&-' : LITERAL.test(unit) ? unit : undefined;
    if (literal === undefined) {
      shifted += unit;
      continue;
    }
    if (shifted !== '') encoded += encodeShifted(shifted);
    shifted = '';
    encoded += literal;
  }
  return shifted === '' ? encoded : encoded + encodeShifted(shifted);
}

/** The UTF-16 units of a shifted sequence; undefined when it is not one that an encoder writes. */
function decodeShifted(base64: string): string | undefined {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const digit of base64) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) return undefined;
    held = ((held << 6) | value) >>> 0;
    bits += 6;
    if (bits >= 16) {
      bits -= 16;
      text += String.fromCharCode((held >>> bits) & 0xffff);
      held &= (1 << bits) - 1;
    }
  }
  // Fewer than one digit's bits may be left, and they are zero padding.
  return bits < 6 && held === 0 && text !== '' ? text : undefined;
}

/**
 * Decodes a name for people and rules. A name that is not what `encodeUtf7` would have written (invalid, or raw 8-bit)
 * is kept as it stands, so two names of a careless server may read the same: commands are given names, never readings.
 */
export function decodeUtf7(text: string): string {
  const decoded = text.replaceAll(/&([^-&]*)-/g, (sequence, base64: string) =>
    base64 === '' ? '&' : (decodeShifted(base64) ?? sequence),
  );
  return encodeUtf7(decoded) === text ? decoded : text;
}
