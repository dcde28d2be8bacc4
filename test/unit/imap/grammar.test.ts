import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  flagList,
  formatDateTime,
  formatUidSet,
  mailboxName,
  parseDateTime,
  sanitiseFlags,
  searchDate,
  searchText,
} from '../../../imap/grammar.ts';
import type { Part } from '../../../imap/grammar.ts';

/** What must hold of everything that is written between CRLFs: it is one line, and a string in it ends where it should. */
function expectHarmless(part: Part): void {
  if (typeof part !== 'string') return;
  expect(part).toMatch(/^[\x20-\x7e]*$/);
  if (part.startsWith('"')) expect(part).toMatch(/^"(?:[^"\\]|\\["\\])*"$/);
}

const anything = fc.string({ unit: 'binary' });
const byteString = fc.uint8Array({ minLength: 1 }).map((array) => Buffer.from(array).toString('latin1'));

describe('a mailbox name', () => {
  it('is quoted where it is printable ASCII', () => {
    expect(mailboxName('a"b\\c %*{5}')).toBe('"a\\"b\\\\c %*{5}"');
    expect(mailboxName('NIL')).toBe('"NIL"');
  });

  it('is a literal where it is not', () => {
    expect(mailboxName('a\r\nF1 DELETE x')).toEqual({ pieces: [Buffer.from('a\r\nF1 DELETE x')], bytes: 14 });
    expect(mailboxName('caf\xe9')).toEqual({ pieces: [Buffer.from('caf\xe9', 'latin1')], bytes: 4 });
  });

  it.each(['', 'a\0b', 'Ā', 'x'.repeat(9_000)])('that IMAP cannot express is refused', (name) => {
    expect(() => mailboxName(name)).toThrow('folder name');
  });

  it('never becomes anything but one string', () => {
    fc.assert(
      fc.property(byteString, (name) => {
        if (!name.includes('\0')) expectHarmless(mailboxName(name));
      }),
    );
  });
});

describe('flags', () => {
  it('are the five system flags and keywords that are atoms', () => {
    const given = [
      '\\seen',
      '$Forwarded',
      '\\Recent',
      'a b',
      'x"',
      '\\Seen',
      'NIL',
      '',
      'caf\xe9',
      '\\*',
      'a]',
      'NonJunk',
      'a\r\nb',
    ];
    expect(sanitiseFlags(given)).toEqual({
      flags: ['\\Seen', '$Forwarded', 'NonJunk'],
      dropped: ['\\Recent', 'a b', 'x"', 'NIL', '', 'caf\xe9', '\\*', 'a]', 'a\r\nb'],
    });
    expect(flagList(['\\Seen', 'NonJunk'])).toBe('(\\Seen NonJunk)');
  });

  it('that do not fit are never sent', () => {
    expect(() => flagList(['\\Recent'])).toThrow('do not fit');
  });

  it('stay short enough for one command', () => {
    const { flags, dropped } = sanitiseFlags(Array.from({ length: 200 }, (_, index) => `${'k'.repeat(95)}${index}`));
    expect(flagList(flags).length).toBeLessThan(4_100);
    expect(flags.length + dropped.length).toBe(200);
  });

  it('never hold anything that could end the list', () => {
    fc.assert(
      fc.property(fc.array(anything), (given) => {
        const { flags } = sanitiseFlags(given);
        expect(flagList(flags)).toMatch(/^\((?:\\?[^\s(){}%*"\\\]\x7f-\uffff]+(?: (?=\\?[^ )]))?)*\)$/);
      }),
    );
  });
});

describe('a date-time', () => {
  it.each([
    ['17-Jul-1996 02:44:25 -0700', '1996-07-17T09:44:25Z', '17-Jul-1996 02:44:25 -0700'],
    [' 1-jan-2020 00:00:00 +0530', '2019-12-31T18:30:00Z', '01-Jan-2020 00:00:00 +0530'],
    ['29-Feb-2000 23:59:60 +0000', '2000-03-01T00:00:00Z', '01-Mar-2000 00:00:00 +0000'],
    ['01-Jan-0001 00:00:00 +0000', '0001-01-01T00:00:00Z', '01-Jan-0001 00:00:00 +0000'],
  ])('%j is %s', (text, instant, canonical) => {
    expect(parseDateTime(text)).toEqual({ instant: Date.parse(instant), text: canonical });
  });

  it.each([
    '',
    '31-Feb-2020 00:00:00 +0000',
    '00-Jan-2020 00:00:00 +0000',
    '1-Jan-0000 00:00:00 +0000',
    '01-Jan-2020 24:00:00 +0000',
    '01-Foo-2020 00:00:00 +0000',
    '01-Jan-2020 00:00:00 GMT',
    '01-Jan-2020 00:00:00 +0000" {9}',
    '01-Jan-20200 00:00:00 +0000',
  ])('%j is none', (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });

  it('reads back as the instant that was written, in any zone', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0002-01-01T00:00:00Z'), max: new Date('9998-12-31T23:59:59Z'), noInvalidDate: true }),
        fc.integer({ min: -1_439, max: 1_439 }),
        (date, zone) => {
          const instant = Math.floor(date.getTime() / 1_000) * 1_000;
          const text = formatDateTime(instant, zone);
          expect(parseDateTime(text)).toEqual({ instant, text });
        },
      ),
    );
  });

  it('outside the years 1 to 9999 cannot be written', () => {
    expect(() => formatDateTime(Date.parse('+010000-01-01T00:00:00Z'))).toThrow(RangeError);
    expect(() => formatDateTime(Date.parse('0000-12-31T23:59:59Z'))).toThrow(RangeError);
    expect(() => formatDateTime(Number.NaN)).toThrow(RangeError);
  });
});

describe('a search', () => {
  it('names days that exist', () => {
    expect(searchDate({ year: 1994, month: 2, day: 1 })).toBe('1-Feb-1994');
    expect(() => searchDate({ year: 1994, month: 2, day: 29 })).toThrow('does not exist');
    expect(() => searchDate({ year: 1994, month: 13, day: 1 })).toThrow('does not exist');
  });

  it('sends text as one string, and says when it is not ASCII', () => {
    expect(searchText('<a"b@c>')).toEqual({ part: '"<a\\"b@c>"', ascii: true });
    expect(searchText('é')).toEqual({ part: { pieces: [Buffer.from('é')], bytes: 2 }, ascii: false });
    expect(searchText('ab\0longest\0c')).toEqual({ part: '"longest"', ascii: true });
    fc.assert(fc.property(anything, (text) => expectHarmless(searchText(text).part)));
  });
});

describe('a set of UIDs', () => {
  it('is written in ascending order with ranges', () => {
    expect(formatUidSet([9, 1, 2, 3, 7, 7, 4_294_967_295])).toEqual(['1:3,7,9,4294967295']);
    expect(formatUidSet([])).toEqual([]);
  });

  it('takes as many commands as it needs, each of them short', () => {
    const uids = Array.from({ length: 5_000 }, (_, index) => 4_000_000_000 + index * 2);
    const sets = formatUidSet(uids);
    expect(sets.length).toBeGreaterThan(5);
    expect(Math.max(...sets.map((set) => set.length))).toBeLessThanOrEqual(7_000);
    expect(sets.join(',').split(',').map(Number)).toEqual(uids);
  });

  it('holds what was given, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (uids) => {
        const written = formatUidSet(uids)
          .flatMap((set) => set.split(','))
          .flatMap((range) => {
            const [first = 0, last = first] = range.split(':').map(Number);
            return Array.from({ length: last - first + 1 }, (_, index) => first + index);
          });
        expect(written).toEqual([...new Set(uids)].toSorted((a, b) => a - b));
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32])('refuses %d', (uid) => {
    expect(() => formatUidSet([uid])).toThrow('no UID');
  });
});
