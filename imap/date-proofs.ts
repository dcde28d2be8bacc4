import { parseDateTime } from './grammar.ts';
import type { Dated } from './types.ts';

/** Dates that nearly every server takes, when they are past: in what a signed 32-bit time can say, in zones that exist. */
const ORDINARY_DATE = /-(?:19[789]\d|20[0-2]\d|203[0-7]) .* (?:\+(?:0\d|1[0-4])|-(?:0\d|1[0-2]))(?:00|15|30|45)$/;
const HOUR_MS = 3_600_000;
/** In all of these zones a year begins less than so long before it does in UTC, */
const FIRST_ZONE_MS = 15 * HOUR_MS;
/** and less than so long after. */
const LAST_ZONE_MS = 13 * HOUR_MS;

/**
 * From when on, in epoch milliseconds, a server takes dates that took one of this instant: from where the latest year that had
 * begun anywhere by then had begun in all zones.
 */
export function takenSince(instant: number): number {
  return Math.min(instant, Date.UTC(begunBy(instant), 0, 1) + LAST_ZONE_MS);
}

/** The latest year that has begun anywhere by then. */
function begunBy(instant: number): number {
  return new Date(instant + FIRST_ZONE_MS).getUTCFullYear();
}

/**
 * What a server has taken as dates of APPEND on one connection: zones as they are written (RFC 3501 section 9, zone), and how old.
 * A server that dislikes a past date for its age compares it with where some year begins: as it is written, in UTC or in a zone of
 * its own. So one that took a date takes all later ones, and the others of its year but for the hours in which that year had
 * begun in some zones only.
 */
export class DateProofs {
  /** Few; looked through faster than a set is asked. */
  readonly #zones: string[] = [];
  /** As written. */
  #firstYear = Number.POSITIVE_INFINITY;
  /** Epoch milliseconds; while a year begins around the world. */
  #firstInstant = Number.POSITIVE_INFINITY;
  /** That year. */
  #begunYear = Number.POSITIVE_INFINITY;

  /** Whether the server takes this message's date. Never of one that is ahead, or that not every server takes. */
  has(message: Dated): boolean {
    return isProvable(message) && this.#takes(message.internalDate);
  }

  /** Whether there is nothing to learn: the server takes this date, or it is one of which nothing is ever proven. */
  isSettled(message: Dated): boolean {
    return this.#takes(message.internalDate) || !isProvable(message);
  }

  #takes(text: string): boolean {
    if (!this.#zones.some((zone) => text.endsWith(zone))) return false;
    const year = yearOf(text);
    // Each message comes by here, and hardly any needs its instant.
    if (year > this.#begunYear || (year === this.#begunYear && !text.startsWith('Jan', 'dd-'.length))) return true;
    return year >= this.#firstYear && (parseDateTime(text)?.instant ?? 0) >= this.#firstInstant;
  }

  /** The server has taken this message's date. */
  add(message: Dated): void {
    const { internalDate: text } = message;
    const date = parseDateTime(text);
    if (date === undefined || !isProvable(message)) return;
    const zone = text.slice(-'+0000'.length);
    if (!this.#zones.includes(zone)) this.#zones.push(zone);
    this.#firstYear = Math.min(this.#firstYear, yearOf(text));
    this.#firstInstant = Math.min(this.#firstInstant, takenSince(date.instant));
    this.#begunYear = begunBy(this.#firstInstant);
  }
}

function isProvable({ internalDate, isAhead }: Dated): boolean {
  return isAhead !== true && ORDINARY_DATE.test(internalDate);
}

function yearOf(text: string): number {
  return Number(text.slice('dd-mmm-'.length, 'dd-mmm-yyyy'.length));
}
