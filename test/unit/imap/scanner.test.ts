import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembler } from '../../../imap/assembler.ts';
import type { RawResponse } from '../../../imap/response.ts';
import { DEFAULT_LIMITS, ScanError, Scanner } from '../../../imap/scanner.ts';
import type { ScannerLimits } from '../../../imap/scanner.ts';

type Event = readonly ['line', string, number | undefined] | readonly ['literal', string];

/** What a scanner hands on, with literals put together again. */
function scan(chunks: readonly Buffer[], limits: ScannerLimits = DEFAULT_LIMITS): readonly Event[] {
  const events: Event[] = [];
  const scanner = new Scanner(
    {
      line: (text, announced) => events.push(['line', text, announced]),
      literal: (slice) => {
        const last = events.at(-1);
        if (last?.[0] === 'literal') events[events.length - 1] = ['literal', last[1] + slice.toString('latin1')];
        else events.push(['literal', slice.toString('latin1')]);
      },
    },
    limits,
  );
  for (const chunk of chunks) scanner.push(chunk);
  return events;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const STREAM = bytes(
  [
    '* OK ready {5}\r\n',
    '* 1 FETCH (UID 7 BODY[] {12}\r\nA\r\nB\n{3}\r\n\0\xff FLAGS ())\r\n',
    '* LIST () "/" {0}\r\n\r\n',
    '* 2 FETCH (BODY[HEADER] ~{2}\r\n\r\n BODY[] {4}\r\n)\r\n* X)\r\n',
    '+ go on {9}\r\n',
    'F1 NO [LIMIT] too much {1}\r\n',
  ].join(''),
);

/** Cuts a buffer at these places. */
function cut(whole: Buffer, places: readonly number[]): readonly Buffer[] {
  const edges = [0, ...places.map((place) => place % whole.length).toSorted((a, b) => a - b), whole.length];
  return edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));
}

describe('the scanner', () => {
  it('tells lines from literals, whatever the literals hold', () => {
    expect(scan([STREAM])).toEqual([
      ['line', '* OK ready {5}', undefined],
      ['line', '* 1 FETCH (UID 7 BODY[] {12}', 12],
      ['literal', 'A\r\nB\n{3}\r\n\0\xff'],
      ['line', ' FLAGS ())', undefined],
      ['line', '* LIST () "/" {0}', 0],
      ['line', '', undefined],
      ['line', '* 2 FETCH (BODY[HEADER] ~{2}', 2],
      ['literal', '\r\n'],
      ['line', ' BODY[] {4}', 4],
      ['literal', ')\r\n*'],
      ['line', ' X)', undefined],
      ['line', '+ go on {9}', undefined],
      ['line', 'F1 NO [LIMIT] too much {1}', undefined],
    ]);
  });

  it('reads the same however the stream is cut into chunks', () => {
    const whole = scan([STREAM]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (places) => {
        expect(scan(cut(STREAM, places))).toEqual(whole);
      }),
    );
    expect(scan(Array.from(STREAM, (byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it.each([
    ['* 1 FETCH (BODY[] {5+}', 5],
    ['* 1 FETCH (BODY[] {005}', 5],
    ['* 1 FETCH (BODY[] {999999999999999}', 999_999_999_999_999],
    ['* 1 FETCH (BODY[] {1234567890123456}', undefined],
    ['* 1 FETCH (BODY[] {}', undefined],
    ['* 1 FETCH (BODY[] {+}', undefined],
    ['* 1 FETCH (BODY[] {5++}', undefined],
    ['* 1 FETCH (BODY[] {x5}', undefined],
    ['* 1 FETCH (BODY[] 5}', undefined],
    ['}', undefined],
    ['* OK 5 {5}', undefined],
  ])('takes %j for the announcement of %s bytes', (line, announced) => {
    const limits = { maxLine: 1_000, maxLiteral: Number.MAX_SAFE_INTEGER };
    expect(scan([bytes(`${line}\r\n`)], limits)).toEqual([['line', line, announced]]);
  });

  it('hands on literals as slices of the chunks, without copying', () => {
    const chunk = bytes('* 1 FETCH (BODY[] {5}\r\nhello)\r\n');
    const slices: Buffer[] = [];
    new Scanner({ line: () => undefined, literal: (slice) => slices.push(slice) }).push(chunk);
    expect(slices.map((slice) => slice.buffer === chunk.buffer)).toEqual([true]);
  });

  it('stops in the middle of a chunk when its sink says so', () => {
    const lines: string[] = [];
    const scanner: Scanner = new Scanner({
      line: (text) => {
        lines.push(text);
        scanner.stop();
      },
      literal: () => undefined,
    });
    scanner.push(bytes('* ONE\r\n* TWO\r\n'));
    scanner.push(bytes('* THREE\r\n'));
    expect(lines).toEqual(['* ONE']);
  });

  it.each([
    ['a bare line feed', '* OK hello\n'],
    ['an empty line ended by a line feed', '\n'],
    ['a literal larger than allowed', '* 1 FETCH (BODY[] {1001}\r\n'],
    ['a literal of four gigabytes', '* 1 FETCH (BODY[] {4294967296}\r\n'],
    ['literals that are too large together', `* 1 FETCH (A {600}\r\n${'x'.repeat(600)} B {600}\r\n`],
    ['a line without an end', `* OK ${'x'.repeat(200)}`],
    ['lines between literals that are too long together', '* LIST () "/" {1}\r\nx'.padEnd(90, 'y').repeat(3)],
  ])('refuses %s', (_, text) => {
    const limits = { maxLine: 100, maxLiteral: 1_000 };
    expect(() => scan([bytes(text)], limits)).toThrow(ScanError);
    expect(() =>
      scan(
        Array.from(bytes(text), (byte) => Buffer.from([byte])),
        limits,
      ),
    ).toThrow(ScanError);
  });

  it('counts each response anew', () => {
    const response = `* 1 FETCH (BODY[] {900}\r\n${'x'.repeat(900)})\r\n`;
    expect(scan([bytes(response.repeat(5))], { maxLine: 100, maxLiteral: 1_000 })).toHaveLength(15);
  });

  it('does not slow down with a line that comes byte by byte', () => {
    const started = performance.now();
    const line = bytes(`* SEARCH${' 123456'.repeat(30_000)}\r\n`);
    const events = scan(
      Array.from({ length: Math.ceil(line.length / 10) }, (_, index) => line.subarray(index * 10, index * 10 + 10)),
    );
    expect(events).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

function assemble(chunks: readonly Buffer[]): readonly Buffer[] {
  const responses: RawResponse[] = [];
  const scanner = new Scanner(new Assembler((response) => responses.push(response)));
  for (const chunk of chunks) scanner.push(chunk);
  return responses[0]?.literals[0]?.pieces ?? [];
}

describe('a literal', () => {
  it('that comes byte by byte does not take some hundred bytes for each', () => {
    const text = Array.from({ length: 100_000 }, (_, index) => index % 251);
    const stream = Buffer.concat([bytes('* 1 FETCH (BODY[] {100000}\r\n'), Buffer.from(text), bytes(')\r\n')]);
    const pieces = assemble(Array.from(stream, (byte) => Buffer.from([byte])));
    expect(Buffer.concat(pieces)).toEqual(Buffer.from(text));
    expect(pieces.length).toBeLessThan(20);
  });

  it('is the same however it is cut', () => {
    const text = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 253));
    const stream = Buffer.concat([bytes('* 1 FETCH (BODY[] {5000}\r\n'), text, bytes(')\r\n')]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 60 }), (places) => {
        expect(Buffer.concat(assemble(cut(stream, places))).equals(text)).toBe(true);
      }),
    );
  });

  it('that comes as usual is not copied', () => {
    const chunk = bytes(`* 1 FETCH (BODY[] {4000}\r\n${'x'.repeat(2_000)}`);
    const [first] = assemble([chunk, bytes(`${'x'.repeat(2_000)})\r\n`)]);
    expect(first?.buffer).toBe(chunk.buffer);
  });
});
