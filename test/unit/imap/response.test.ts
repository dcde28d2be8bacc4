import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, numberOf, readResponse, ResponseError, textOf, wordsOf } from '../../../imap/response.ts';
import type { DataResponse, RawResponse, Value } from '../../../imap/response.ts';

const raw = (...lines: readonly string[]): RawResponse => ({ lines, literals: [] });

function data(response: RawResponse): DataResponse {
  const read = readResponse(response);
  if (read.kind !== 'data') throw new Error(`read as ${read.kind}`);
  return read;
}

const values = (line: string): readonly Value[] => data(raw(`* X ${line}`)).values();

describe('a status response', () => {
  it('is read with its tag, code and text', () => {
    expect(readResponse(raw('F3 no [APPENDUID 38505 3955] Done.'))).toEqual({
      kind: 'status',
      tag: 'F3',
      status: 'NO',
      code: { name: 'APPENDUID', args: '38505 3955' },
      text: 'Done.',
    });
    expect(readResponse(raw('* BYE'))).toEqual({ kind: 'status', status: 'BYE', text: '' });
    expect(readResponse(raw('* OK [PERMANENTFLAGS (\\Seen "a]b")] ok'))).toMatchObject({
      code: { name: 'PERMANENTFLAGS', args: '(\\Seen "a]b")' },
      text: 'ok',
    });
  });

  it('keeps brackets that are no response code as text', () => {
    expect(readResponse(raw('* OK [unclosed hello'))).toEqual({
      kind: 'status',
      status: 'OK',
      text: '[unclosed hello',
    });
    expect(readResponse(raw('* NO Pr\xc3\xbcfung'))).toMatchObject({ text: 'Prüfung' });
  });
});

describe('a data response', () => {
  it('is read with its number and name', () => {
    const read = data(raw('* 23 exists'));
    expect([read.name, read.number, read.values()]).toEqual(['EXISTS', 23, []]);
  });

  it('holds atoms, strings, NIL and lists', () => {
    const [flags, nil, quoted, section] = values(
      '(\\Seen $a (x)) NIL "q \\"\\\\ \xe9" BODY[HEADER.FIELDS ("DATE" FROM)]<0>',
    );
    expect(flags).toMatchObject({ kind: 'list', items: [{ text: '\\Seen' }, { text: '$a' }, { kind: 'list' }] });
    expect(nil).toEqual({ kind: 'nil' });
    expect(textOf(quoted)).toBe('q "\\ \xe9');
    expect(textOf(section)).toBe('BODY[HEADER.FIELDS ("DATE" FROM)]<0>');
  });

  it('takes its literals in their order', () => {
    const literals = [
      { pieces: [Buffer.from('ab'), Buffer.from('c')], bytes: 3 },
      { pieces: [], bytes: 0 },
    ];
    const read = data({ lines: ['* 1 FETCH (A {3}', ' B ~{0}', ' C 5)'], literals });
    const [list] = read.values();
    const items = list?.kind === 'list' ? list.items : [];
    expect([bytesOf(items[1])?.toString(), bytesOf(items[3])?.length, numberOf(items[5])]).toEqual(['abc', 0, 5]);
  });

  it('takes keywords with brackets that nothing closes', () => {
    expect(wordsOf(values('([a b] [Gmail]/Alle)')[0])).toEqual(['[a b]', '[Gmail]/Alle']);
    expect(wordsOf(values('([a b)')[0])).toEqual(['[a', 'b']);
  });

  it('takes numbers of 32 bits and no others', () => {
    expect(values('0 4294967295 4294967296 -1 1e3 "7"').map(numberOf)).toEqual([
      0,
      4294967295,
      ...Array(4).fill(undefined),
    ]);
  });

  it.each(['(a', 'a)', '"open', '"\\x"', `${'('.repeat(40)}${')'.repeat(40)}`, '"nul\0"', 'a{b}'])(
    'refuses %j',
    (line) => {
      expect(() => values(line)).toThrow(ResponseError);
    },
  );

  it('either reads anything or refuses it, and does neither for ever', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (line) => {
        try {
          const read = readResponse(raw(`* X ${line}`));
          if (read.kind === 'data') read.values();
        } catch (error) {
          expect(error).toBeInstanceOf(ResponseError);
        }
      }),
    );
  });
});

/** As long as a line may be. */
const LONG = 8 << 20;

describe('a line of megabytes', () => {
  it.each([
    ['brackets', '['.repeat(LONG)],
    ['words with brackets', 'a['.repeat(LONG / 2)],
    ['brackets around an open quotation', `${'['.repeat(LONG)}"]`],
    ['quotations in brackets', '["'.repeat(LONG / 2)],
    ['words', 'a '.repeat(LONG / 2)],
    ['lists', '() '.repeat(LONG / 3)],
    ['backslashes', `"${'\\'.repeat(LONG + 1)}`],
  ])('of %s is refused, and takes no time that grows with its square', (_, line) => {
    expect(() => values(line)).toThrow(ResponseError);
  });

  it('in quotation marks, in brackets or in a response code is read as it is', () => {
    const long = 'x'.repeat(LONG);
    expect(textOf(values(`"${long}"`)[0])).toBe(long);
    expect(textOf(values(`BODY[${long}]`)[0])).toBe(`BODY[${long}]`);
    expect(readResponse(raw(`* OK [X ${long}] ok`))).toMatchObject({ code: { name: 'X', args: long }, text: 'ok' });
    expect(readResponse(raw(`* OK [X ${long}`))).toMatchObject({ text: `[X ${long}` });
  });
});

describe('anything else', () => {
  it.each(['', 'hello', '*', '* ', '* (x)', '*OK', 'F1 OKAY done', 'F1', 'F 1 OK', '* 12345678901 EXISTS'])(
    '%j is refused',
    (line) => {
      expect(() => readResponse(raw(line))).toThrow(ResponseError);
    },
  );
});
