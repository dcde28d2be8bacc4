import type { Body } from '../imap/body.ts';
import { isStream } from '../imap/body.ts';
import type { RefusalCode } from '../model/refusals.ts';

/** Exchange takes no longer lines, seen in logs of users of other migration tools; RFC 5322 section 2.1.1 allows 998. */
const LONGEST_LINE = 9_900;
const LF = 0x0a;
const NUL = 0x00;

/**
 * What it is about a message that a server refused without saying why; undefined when nothing shows, or when the body was a
 * stream, which is gone by then.
 */
export function likelyFault(body: Body): RefusalCode | undefined {
  if (isStream(body)) return undefined;
  if (longestLine(body) > LONGEST_LINE) return 'destination.line-too-long';
  return body.some((piece) => piece.includes(NUL)) ? 'destination.nul-bytes' : undefined;
}

function longestLine(body: readonly Buffer[]): number {
  let longest = 0;
  let line = 0;
  for (const piece of body) {
    let from = 0;
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, from)) {
      longest = Math.max(longest, line + at - from);
      line = 0;
      from = at + 1;
    }
    line += piece.length - from;
  }
  return Math.max(longest, line);
}
