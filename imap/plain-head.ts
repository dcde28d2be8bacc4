/**
 * The first line of a FETCH response in the form in which nearly all servers give a message out, in the order asked for:
 * `* 23 FETCH (UID 45 FLAGS (\Seen) INTERNALDATE "17-Jul-1996 02:44:25 -0700" BODY[] {4836}`. It is read without the grammar,
 * which takes ten times as long; whatever else is valid is left to the grammar.
 */

export interface PlainHead {
  readonly sequence: number;
  readonly uid: number;
  /** What stands between the brackets, whatever that is. */
  readonly flags: string;
  readonly internalDate: string;
}

const BEGIN = '* ';
const UID = ' FETCH (UID ';
const FLAGS = ' FLAGS (';
const DATE = ') INTERNALDATE "';
const BODY = '" BODY[] {';
const END = '}';
const MOST_DIGITS = 10;
const ZERO = 48;

/** Undefined for a line of another form. */
export function readPlainHead(line: string): PlainHead | undefined {
  if (!line.startsWith(BEGIN)) return undefined;
  const sequenceEnd = digitsEnd(line, BEGIN.length);
  if (sequenceEnd < 0 || !line.startsWith(UID, sequenceEnd)) return undefined;
  const uidAt = sequenceEnd + UID.length;
  const uidEnd = digitsEnd(line, uidAt);
  if (uidEnd < 0 || !line.startsWith(FLAGS, uidEnd)) return undefined;
  const flagsAt = uidEnd + FLAGS.length;
  const flagsEnd = line.indexOf(')', flagsAt);
  if (flagsEnd < 0 || !line.startsWith(DATE, flagsEnd)) return undefined;
  const dateAt = flagsEnd + DATE.length;
  const dateEnd = line.indexOf('"', dateAt);
  if (dateEnd < 0 || !line.startsWith(BODY, dateEnd)) return undefined;
  const sizeEnd = digitsEnd(line, dateEnd + BODY.length);
  if (sizeEnd < 0 || !line.startsWith(END, sizeEnd) || line.length !== sizeEnd + END.length) return undefined;
  const internalDate = line.slice(dateAt, dateEnd);
  if (internalDate.includes('\\')) return undefined;
  return {
    sequence: numberIn(line, BEGIN.length, sequenceEnd),
    uid: numberIn(line, uidAt, uidEnd),
    flags: line.slice(flagsAt, flagsEnd),
    internalDate,
  };
}

/** Where the digits that begin at `at` end; -1 when there are none, or more than a number of 32 bits has. */
function digitsEnd(line: string, at: number): number {
  let end = at;
  while (isDigit(line.charCodeAt(end))) end += 1;
  return end > at && end - at <= MOST_DIGITS ? end : -1;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code < ZERO + 10;
}

function numberIn(line: string, at: number, end: number): number {
  let number = 0;
  for (let index = at; index < end; index += 1) number = number * 10 + line.charCodeAt(index) - ZERO;
  return number;
}
