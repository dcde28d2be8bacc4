/** Names of folders: how they are compared, shown and made to fit a destination. */
import { encodeUtf7, listedPath } from './utf7.ts';

/** Octets of one level as sent. File systems end at 255, and servers store names in several encodings. */
export const LONGEST_LEVEL = 240;

/** What is left when a level loses what the destination cannot have. */
export interface FittedLevel {
  readonly level: string;
  /** Why it differs from what it was, in half a sentence; absent when it does not. */
  readonly reason?: string;
}

/** Equal for names that some server takes for one: without regard to case and to how accents are composed. */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** INBOX is one mailbox however it is spelled (RFC 3501 section 5.1). */
export function isInboxName(name: string): boolean {
  return name.toUpperCase() === 'INBOX';
}

// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/** Levels as people read them; control characters and the like cannot reach a terminal. */
export function shownPath(path: readonly string[]): string {
  return path.join('/').replaceAll(CONTROLS, '\ufffd');
}

/** The levels of a namespace prefix as a server names it, e.g. `INBOX.` (RFC 2342). */
export function prefixLevels(prefix: string, delimiter: string | null): readonly string[] {
  return listedPath(prefix, delimiter).filter((level) => level !== '');
}

function shorten(level: string): string {
  if (encodeUtf7(level).length <= LONGEST_LEVEL) return level;
  const points = Array.from(level).slice(0, LONGEST_LEVEL);
  while (encodeUtf7(`${points.join('')}…`).length > LONGEST_LEVEL) points.pop();
  return `${points.join('').trimEnd()}…`;
}

/**
 * Makes one level fit a destination with this delimiter. Every replacement is visible (`_`, or `-` where that
 * is the delimiter, and `…`), and none ever adds a
 * level. `/` is replaced everywhere, because servers that keep folders as directories refuse it whatever their delimiter.
 */
export function fitLevel(level: string, delimiter: string | null, isTop: boolean): FittedLevel {
  const reasons: string[] = [];
  const filler = delimiter === '_' ? '-' : '_';
  let fitted = level;
  const change = (next: string, reason: string): void => {
    if (next === fitted) return;
    fitted = next;
    reasons.push(reason);
  };
  change(fitted.replaceAll(CONTROLS, filler), 'control characters are not allowed');
  change(fitted.replaceAll('/', filler), '`/` is not allowed in a name');
  if (delimiter !== null) {
    change(fitted.replaceAll(delimiter, filler), `the destination separates levels with \`${delimiter}\``);
  }
  change(fitted.trim(), 'names do not begin or end with blanks');
  change(fitted === '' ? filler : fitted, 'names are not empty');
  change(/^\.{1,2}$/.test(fitted) ? fitted.replaceAll('.', filler) : fitted, 'the name is reserved');
  // `#` begins a namespace (RFC 3501 section 5.1.2), `~` a home directory.
  change(isTop ? fitted.replace(/^[#~]/, filler) : fitted, 'the first character is reserved');
  change(shorten(fitted), 'the name is too long');
  return reasons.length === 0 ? { level: fitted } : { level: fitted, reason: reasons.join(', ') };
}
