import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlainHead } from '../../../imap/plain-head.ts';

const LINE =
  '* 23 FETCH (UID 4294967295 FLAGS (\\Seen $Forwarded) INTERNALDATE "17-Jul-1996 02:44:25 -0700" BODY[] {4836}';
/** The same form as a regular expression. */
const FORM = /^\* (\d{1,10}) FETCH \(UID (\d{1,10}) FLAGS \(([^)]*)\) INTERNALDATE "([^"\\]*)" BODY\[\] \{\d{1,10}\}$/;

describe('the first line of a message in the usual form', () => {
  it('tells number, UID, flags and date', () => {
    expect(readPlainHead(LINE)).toEqual({
      sequence: 23,
      uid: 4_294_967_295,
      flags: '\\Seen $Forwarded',
      internalDate: '17-Jul-1996 02:44:25 -0700',
    });
  });

  it('is that form and no other, whatever stands in its place', () => {
    const character = fc.constantFrom('*', ' ', '0', 'a', '(', ')', '[', ']', '{', '}', '"', '\\', '\0', '\x80');
    const change = fc.tuple(fc.nat(LINE.length), fc.nat(2), fc.string({ unit: character, maxLength: 2 }));
    fc.assert(
      fc.property(change, ([at, removed, added]) => {
        const line = LINE.slice(0, at) + added + LINE.slice(at + removed);
        const [, sequence, uid, flags, internalDate] = FORM.exec(line) ?? [];
        const wanted =
          flags === undefined ? undefined : { sequence: Number(sequence), uid: Number(uid), flags, internalDate };
        expect(readPlainHead(line)).toEqual(wanted);
      }),
      { numRuns: 2_000 },
    );
  });
});
