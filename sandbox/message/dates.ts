/** Dates of RFC 3501 §9: `date-time` (INTERNALDATE) and `date` (SEARCH). */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DATE_TIME = /^([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/;
const DATE = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/;

/** Whether the text is a date-time that exists: `17-Jul-1996 02:44:25 -0700`. */
export function isDateTime(text: string): boolean {
  const found = DATE_TIME.exec(text);
  if (found === null) return false;
  const [, day, month, year, hours, minutes, seconds, , zoneHours, zoneMinutes] = found;
  return (
    calendarDay(day, month, year) !== undefined &&
    Number(hours) < 24 &&
    Number(minutes) < 60 &&
    Number(seconds) <= 60 &&
    Number(zoneHours) < 24 &&
    Number(zoneMinutes) < 60
  );
}

/** A moment as a date-time in the zone `+0000`. */
export function formatDateTime(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day}-${MONTHS[date.getUTCMonth()] ?? ''}-${year} ${time} +0000`;
}

/** The day number (since 1970) a date-time names in its own zone, which is what BEFORE, ON and SINCE compare. */
export function dayOfDateTime(text: string): number {
  const found = DATE_TIME.exec(text);
  return (found === null ? undefined : calendarDay(found[1], found[2], found[3])) ?? Number.NaN;
}

/** The day number of a search date such as `1-Feb-2024`; undefined where there is no such day. */
export function dayOfSearchDate(text: string): number | undefined {
  const found = DATE.exec(text);
  return found === null ? undefined : calendarDay(found[1], found[2], found[3]);
}

/** The day number of a Date header (RFC 5322 §3.3), its zone disregarded; undefined where it cannot be read. */
export function dayOfDateHeader(text: string): number | undefined {
  const found = /(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})/.exec(text);
  return found === null ? undefined : calendarDay(found[1], found[2], found[3]);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function calendarDay(day = '', month = '', year = ''): number | undefined {
  const index = MONTHS.findIndex((name) => name.toLowerCase() === month.toLowerCase());
  if (index < 0) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), index, Number(day));
  return date.getUTCDate() === Number(day) && date.getUTCMonth() === index ? date.getTime() / 86_400_000 : undefined;
}
