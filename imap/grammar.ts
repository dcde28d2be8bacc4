/**
 * Everything that is sent, rebuilt from a strict grammar (RFC 3501 section 9). What comes from mail, servers or files
 * becomes part of a command only through a function of this file, so that none of it can become a command of its own.
 */
import { ascending } from './ascending.ts';
import type { Body } from './body.ts';
import { refuse } from './refusal.ts';

/** A piece of a command: text that this room wrote, or bytes sent as a literal. */
export type Part = string | LiteralPart;

export interface LiteralPart {
  readonly pieces: Body;
  readonly bytes: number;
  /** False: sent without waiting for the server to accept it (RFC 7888). */
  readonly waits?: boolean;
  /** Of one that waits: called when the server has said that it reads it, before anything of it is written. */
  readonly accepted?: () => void;
}

const QUOTABLE = /^[\x20-\x7e]*$/;
const BYTES = /^[^\0\u0100-\uffff]+$/;
/** Bytes of a mailbox name: far above what any server takes, far below what would hurt. */
export const LONGEST_NAME = 8_000;
/** Longer ones go out as literals: a command line has to stay below 8,000 bytes (RFC 2683 section 3.2.1.5). */
const LONGEST_QUOTED = 1_000;

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

function literal(bytes: Buffer): LiteralPart {
  return { pieces: [bytes], bytes: bytes.length };
}

/**
 * A mailbox name, given as the bytes that a server listed (modified UTF-7): a quoted string where it is printable ASCII,
 * otherwise a literal. Throws an ImapRefusal for a name that IMAP cannot express.
 */
export function mailboxName(name: string): Part {
  if (!BYTES.test(name) || name.length > LONGEST_NAME) {
    throw refuse('us.bug', 'A folder name is empty, too long or holds characters that IMAP cannot express', {
      stored: 'refused',
    });
  }
  return QUOTABLE.test(name) && name.length <= LONGEST_QUOTED ? quote(name) : literal(Buffer.from(name, 'latin1'));
}

/**
 * Text to search for: quoted, or a literal in UTF-8, for which the command has to say `CHARSET UTF-8`. IMAP cannot express
 * NUL: of a text that holds any, the longest part without is searched for, which finds at least as much.
 */
export function searchText(text: string): { readonly part: Part; readonly ascii: boolean } {
  const findable = text.split('\0').reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '');
  if (QUOTABLE.test(findable) && findable.length <= LONGEST_QUOTED) return { part: quote(findable), ascii: true };
  return { part: literal(Buffer.from(findable, 'utf8')), ascii: false };
}

const SYSTEM_FLAGS: ReadonlyMap<string, string> = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
);
/** `atom` of RFC 3501: no blanks, brackets, wildcards, quotes, backslashes or 8-bit characters. */
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,255}$/;
/** Keeps a command line that holds flags below the 8,000 bytes that every server takes (RFC 2683 section 3.2.1.5). */
const LONGEST_FLAGS = 4_000;

export interface SanitisedFlags {
  readonly flags: readonly string[];
  /** What cannot be sent: unknown system flags, \Recent, what is no atom, and what goes beyond the length of a command. */
  readonly dropped: readonly string[];
}

/** A keyword `NIL` is an atom by the grammar, and read as no flag at all by servers; such a list is refused as a whole. */
function canonicalFlag(flag: string): string | undefined {
  if (flag.startsWith('\\')) return SYSTEM_FLAGS.get(flag.toLowerCase());
  return KEYWORD.test(flag) && flag.toUpperCase() !== 'NIL' ? flag : undefined;
}

/** Splits flags into those that can be sent, each once, and the others. */
export function sanitiseFlags(flags: readonly string[]): SanitisedFlags {
  const kept = new Map<string, string>();
  const dropped: string[] = [];
  let length = 0;
  for (const flag of flags) {
    const canonical = canonicalFlag(flag);
    const fits = canonical !== undefined && length + canonical.length + 1 <= LONGEST_FLAGS;
    if (!fits) {
      dropped.push(flag);
    } else if (!kept.has(canonical.toLowerCase())) {
      kept.set(canonical.toLowerCase(), canonical);
      length += canonical.length + 1;
    }
  }
  return { flags: [...kept.values()], dropped };
}

/** `(\Seen $Forwarded)`. Throws an ImapRefusal for flags that `sanitiseFlags` would drop. */
export function flagList(flags: readonly string[]): string {
  const { flags: kept, dropped } = sanitiseFlags(flags);
  if (dropped.length > 0) {
    throw refuse('us.bug', `${dropped.length} flags were to be sent that do not fit the grammar`, {
      stored: 'refused',
    });
  }
  return `(${kept.join(' ')})`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const DATE_TIME = /^([ \d]?\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/;
const MINUTE_MS = 60_000;

export interface DateTime {
  /** Epoch milliseconds. */
  readonly instant: number;
  /** The same date-time in the form that is sent, in the zone that the server gave. */
  readonly text: string;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** Epoch milliseconds of UTC fields; `Date.UTC` would take the years 0 to 99 for those of the twentieth century. */
function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  if (year > 99) return Date.UTC(year, month, day, hour, minute, second);
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}

function daysIn(year: number, month: number): number {
  if (month !== 1) return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function monthOf(name: string): number {
  const month = (MONTHS as readonly string[]).indexOf(name);
  return month === -1 ? MONTHS.findIndex((each) => each.toLowerCase() === name.toLowerCase()) : month;
}

/** Reads a date-time (RFC 3501 section 9), such as `17-Jul-1996 02:44:25 -0700`; undefined for anything else. */
export function parseDateTime(text: string): DateTime | undefined {
  const instant = instantOf(text);
  return instant === undefined ? parseAnyDateTime(text) : { instant, text };
}

const MONTH_NAMES = MONTHS.join('');
const ZERO = 48;

/** Two digits as a number; NaN for anything else. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * The instant of a date-time in the form in which it is sent, which is that of nearly all servers; undefined for any other, and
 * for a day that does not exist. Read without regular expressions, since each message has one.
 */
function instantOf(text: string): number | undefined {
  const hasItsMarks = text[2] === '-' && text[6] === '-' && text[11] === ' ' && text[14] === ':' && text[17] === ':';
  if (text.length !== 26 || !hasItsMarks || text[20] !== ' ') return undefined;
  const place = MONTH_NAMES.indexOf(text.slice(3, 6));
  const month = place / 3;
  const [day, year] = [twoDigits(text, 0), twoDigits(text, 7) * 100 + twoDigits(text, 9)];
  if (place < 0 || place % 3 !== 0 || !(year >= 1) || !(day >= 1 && day <= daysIn(year, month))) return undefined;
  const [hour, minute, second] = [twoDigits(text, 12), twoDigits(text, 15), twoDigits(text, 18)];
  const [zoneHour, zoneMinute] = [twoDigits(text, 22), twoDigits(text, 24)];
  if (!(hour <= 23 && minute <= 59 && second <= 59 && zoneHour <= 23 && zoneMinute <= 59)) return undefined;
  const sign = text[21] === '-' ? -1 : 1;
  if (sign === 1 && text[21] !== '+') return undefined;
  return utc(year, month, day, hour, minute, second) - sign * (zoneHour * 60 + zoneMinute) * MINUTE_MS;
}

function parseAnyDateTime(text: string): DateTime | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, days = '', monthName = '', years, hours, minutes, seconds, sign = '', zoneHours = '', zoneMinutes = ''] =
    match;
  const [day, month, year] = [Number(days), monthOf(monthName), Number(years)];
  const [hour, minute, second] = [Number(hours), Number(minutes), Number(seconds)];
  const [zoneHour, zoneMinute] = [Number(zoneHours), Number(zoneMinutes)];
  if (month === -1 || year === 0 || day === 0 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const zone = (zoneHour * 60 + zoneMinute) * (sign === '-' ? -1 : 1);
  const instant = utc(year, month, day, hour, minute, second) - zone * MINUTE_MS;
  if (isDateTime(text)) return { instant, text };
  // Few servers take a leap second; the second after it is the same instant.
  if (second === 60) return year === 9999 ? undefined : { instant, text: formatDateTime(instant, zone) };
  const time = `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`;
  const date = `${pad(day, 2)}-${MONTHS[month] ?? ''}-${pad(year, 4)}`;
  return { instant, text: `${date} ${time} ${sign}${zoneHours}${zoneMinutes}` };
}

/** What is sent: two digits for the day, months as the RFC spells them, no leap seconds. */
const SENDABLE =
  /^(?:0[1-9]|[12]\d|3[01])-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{4} (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d [+-](?:[01]\d|2[0-3])[0-5]\d$/;

/** Whether this is a date-time in the form in which it is sent. */
export function isDateTime(text: string): boolean {
  return SENDABLE.test(text);
}

/**
 * Writes an instant (epoch milliseconds, fractions of a second cut off) as a date-time in the zone given in minutes east
 * of UTC. Throws a RangeError outside the years 1 to 9999, which the format cannot express.
 */
export function formatDateTime(instant: number, zone = 0): string {
  const date = new Date(instant + zone * MINUTE_MS);
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) throw new RangeError('the date is outside the years 1 to 9999');
  if (!Number.isInteger(zone) || Math.abs(zone) >= 24 * 60)
    throw new RangeError('a zone is given in minutes, less than a day');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map((part) => pad(part, 2)).join(':');
  const [hours, minutes] = [Math.floor(Math.abs(zone) / 60), Math.abs(zone) % 60];
  const month = MONTHS[date.getUTCMonth()] ?? '';
  return `${pad(date.getUTCDate(), 2)}-${month}-${pad(year, 4)} ${time} ${zone < 0 ? '-' : '+'}${pad(hours, 2)}${pad(minutes, 2)}`;
}

/** A day for SEARCH, such as `1-Feb-1994`; `month` counts from 1. Throws an ImapRefusal for a day that does not exist. */
export function searchDate({
  year,
  month,
  day,
}: {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}): string {
  const name = MONTHS[month - 1];
  const exists =
    [year, month, day].every(Number.isInteger) && new Date(utc(year, month - 1, day)).getUTCMonth() === month - 1;
  if (name === undefined || !exists || day < 1 || year < 1 || year > 9999) {
    throw refuse('us.bug', 'A search was asked for before a day that does not exist', { stored: 'refused' });
  }
  return `${day}-${name}-${pad(year, 4)}`;
}

const HIGHEST_UID = 0xffff_ffff;
/** Leaves room for the rest of a command within 8,000 bytes. */
const LONGEST_SET = 7_000;

function ranges(uids: Uint32Array): readonly string[] {
  const sorted = ascending(uids);
  const texts: string[] = [];
  let first = sorted[0] ?? 0;
  for (let at = 0; at < sorted.length; at += 1) {
    const uid = sorted[at] ?? 0;
    const next = sorted[at + 1];
    if (next === uid + 1) continue;
    texts.push(first === uid ? String(uid) : `${first}:${uid}`);
    first = next ?? 0;
  }
  return texts;
}

/**
 * UIDs as sequence sets (RFC 3501 section 9) in ascending order, with ranges, as many sets as are needed to keep each
 * command short. No sets for no UIDs. Throws an ImapRefusal for what is no UID.
 */
export function formatUidSet(uids: readonly number[]): readonly string[] {
  if (!uids.every((uid) => Number.isInteger(uid) && uid >= 1 && uid <= HIGHEST_UID)) {
    throw refuse('us.bug', 'Something that is no UID was to be sent as one', { stored: 'refused' });
  }
  const sets: string[] = [];
  let set = '';
  for (const range of ranges(Uint32Array.from(uids))) {
    if (set !== '' && set.length + 1 + range.length > LONGEST_SET) {
      sets.push(set);
      set = '';
    }
    set += set === '' ? range : `,${range}`;
  }
  if (set !== '') sets.push(set);
  return sets;
}
