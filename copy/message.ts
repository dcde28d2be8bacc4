import { isStream, type Body } from '../imap/body.ts';
import { formatDateTime, parseDateTime, sanitiseFlags } from '../imap/grammar.ts';
import type { AppendMessage, FetchedMessage, OpenFolder } from '../imap/types.ts';
import { OddOctets } from './odd-octets.ts';

/** A fetched message whose body the source handed out. */
export type WholeMessage = FetchedMessage & { readonly body: Body };

/** Whether the body is there, and all of it; of a stream that remains to be seen. */
export function isWhole(message: FetchedMessage): message is WholeMessage {
  const { body, bytes } = message;
  return body !== undefined && (isStream(body) || bytesOf(body) === bytes);
}

function bytesOf(pieces: readonly Buffer[]): number {
  let sum = 0;
  for (const piece of pieces) sum += piece.length;
  return sum;
}

/** A message as it will be appended: the same bytes, and what a command can say of its flags and date. */
export interface Prepared {
  /** On the source. */
  readonly uid: number;
  /** On the source. */
  readonly flags: readonly string[];
  readonly message: AppendMessage;
  readonly instant: number;
  readonly flagDropped: boolean;
  /** INTERNALDATE was not a date, and the nearest one is sent. */
  readonly dateMended: boolean;
  /** It has something that servers are known to alter in silence; worth reading back. Of a stream, only its date is known. */
  readonly isSuspect: boolean;
}

/** Prepares messages for one destination folder. */
export class Preparing {
  readonly #destination: Pick<OpenFolder, 'permanentFlags'>;
  readonly #now: number;
  /** Messages share few lists of flags; equal ones share what is kept of them. */
  readonly #keptByText = new Map<string, KeptFlags>();
  readonly #kept = new WeakMap<readonly string[], KeptFlags>();

  /** `now`: epoch milliseconds. */
  constructor(destination: Pick<OpenFolder, 'permanentFlags'>, now: number) {
    this.#destination = destination;
    this.#now = now;
  }

  prepare({ uid, flags, internalDate, body, bytes }: WholeMessage): Prepared {
    const { kept, dropped } = this.#keptOf(flags);
    const date = parseDateTime(internalDate);
    const instant = date?.instant ?? nearestInstant(internalDate);
    return {
      uid,
      flags,
      message: {
        flags: kept,
        internalDate: date?.text ?? formatDateTime(instant),
        isAhead: instant > this.#now,
        body,
        bytes,
      },
      instant,
      flagDropped: dropped,
      dateMended: date === undefined,
      isSuspect: isOddDate(instant, this.#now) || (!isStream(body) && isOddBody(body)),
    };
  }

  #keptOf(flags: readonly string[]): KeptFlags {
    const known = this.#kept.get(flags);
    if (known !== undefined) return known;
    const key = flags.join(' ');
    const kept = this.#keptByText.get(key) ?? keepableFlags(flags, this.#destination);
    this.#keptByText.set(key, kept);
    this.#kept.set(flags, kept);
    return kept;
  }
}

interface KeptFlags {
  readonly kept: readonly string[];
  readonly dropped: boolean;
}

function isOddBody(body: readonly Buffer[]): boolean {
  const octets = new OddOctets();
  for (const piece of body) if (octets.see(piece)) return true;
  return octets.endsBare;
}

/**
 * The flags that the destination can be told, and keeps: with PERMANENTFLAGS but without `\*`, no other keywords than
 * those listed (RFC 3501 section 7.1). System flags are sent in any case; a server disregards those that it does not keep.
 * \Deleted is a flag like the others: it is kept, and nobody here expunges.
 */
export function keepableFlags(
  flags: readonly string[],
  { permanentFlags }: Pick<OpenFolder, 'permanentFlags'>,
): KeptFlags {
  const { flags: sendable, dropped } = sanitiseFlags(flags);
  if (permanentFlags === undefined) return { kept: sendable, dropped: dropped.length > 0 };
  const permanent = new Set(permanentFlags.map((flag) => flag.toLowerCase()));
  const isKept = (flag: string): boolean =>
    permanent.has(flag.toLowerCase()) || (permanent.has('\\*') && !flag.startsWith('\\'));
  const kept = sendable.filter((flag) => flag.startsWith('\\') || isKept(flag));
  return { kept, dropped: dropped.length > 0 || !sendable.every(isKept) };
}

const FIRST_SAFE_INSTANT = Date.UTC(1970, 0, 1);
const END_OF_SAFE_INSTANTS = Date.UTC(2038, 0, 1);

/** Clocks of servers differ. */
const SKEW_MS = 3_600_000;

/** Outside of what a signed 32-bit time can say, or in the future, as the server's clock may see it: Dovecot makes it "now". */
function isOddDate(instant: number, now: number): boolean {
  return instant < FIRST_SAFE_INSTANT || instant >= Math.min(END_OF_SAFE_INSTANTS, now - SKEW_MS);
}

const LENIENT = /^\s*(\d{1,2})-([a-z]{3})-(\d{1,4})\s+(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\s*([+-])(\d\d)(\d\d))?/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const FIRST_INSTANT = new Date(0).setUTCFullYear(1, 0, 2);
const LAST_INSTANT = Date.UTC(9999, 11, 30);

/** The instant nearest to what a date-time that is none seems to say; 1970 when it says nothing. */
function nearestInstant(text: string): number {
  const match = LENIENT.exec(text);
  const month = MONTHS.indexOf((match?.[2] ?? '').toLowerCase());
  if (match === null || month < 0) return FIRST_SAFE_INSTANT;
  const [day = 1, year = 1970, hour = 0, minute = 0, second = 0] = [1, 3, 4, 5, 6].map((group) => Number(match[group]));
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month + 1, 0)).getUTCDate();
  const date = new Date(0);
  date.setUTCFullYear(year, month, Math.min(Math.max(day, 1), lastDay));
  date.setUTCHours(Math.min(hour, 23), Math.min(minute, 59), Math.min(second, 59));
  const zone = Number(`${match[7] ?? '+'}1`) * (Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0));
  return Math.min(Math.max(date.getTime() - zone * 60_000, FIRST_INSTANT), LAST_INSTANT);
}
