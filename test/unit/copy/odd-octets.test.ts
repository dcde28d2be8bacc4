import { readFileSync } from 'node:fs';
import { array, assert as holds, constantFrom, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookAtSixteen, lookOneByOne, OddOctets, type Look } from '../../../copy/odd-octets.ts';
import { assembled } from '../../../scripts/assemble.ts';

const [NUL, LF, CR] = [0, 10, 13];

/** The same, octet by octet. */
function isOdd(body: Uint8Array): boolean {
  return body.some((octet, at) => {
    if (octet === LF) return body[at - 1] !== CR;
    return octet === NUL || (octet === CR && body[at + 1] !== LF);
  });
}

function looksOdd(pieces: readonly Uint8Array[], look?: Look): boolean {
  const octets = new OddOctets(look);
  return pieces.some((piece) => octets.see(piece)) || octets.endsBare;
}

function* cutAt(body: Uint8Array, ends: readonly number[]): Generator<Uint8Array> {
  const sorted = [0, ...ends.map((end) => end % (body.length + 1)), body.length].toSorted((a, b) => a - b);
  for (const [index, end] of sorted.entries()) yield body.subarray(sorted[index - 1] ?? 0, end);
}

describe.each([
  ['sixteen at a time', lookAtSixteen()],
  ['one by one', lookOneByOne],
])('odd octets, %s,', (_, look) => {
  const text = array(constantFrom('a', 'b'.repeat(14), 'c'.repeat(15), 'd'.repeat(16), '\r\n', '\r\n\r\n'), {
    maxLength: 40,
  });
  const slips = array(constantFrom('\r', '\n', '\0', '\n\r'), { maxLength: 1 });

  it('are found wherever a body is cut', () => {
    holds(
      property(text, slips, text, array(nat(600), { maxLength: 5 }), (before, slip, after, ends) => {
        const body = Buffer.from([...before, ...slip, ...after].join(''), 'latin1');
        expect(looksOdd([...cutAt(body, ends)], look)).toBe(isOdd(body));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([1, 15, 16, 17, 65_535, 65_536, 65_537, 200_000])('are found at the end of %i octets', (length) => {
    const even = Buffer.alloc(length, 'x');
    expect(looksOdd([even], look)).toBe(false);
    for (const octet of [NUL, LF, CR]) {
      const odd = Buffer.from(even);
      odd[length - 1] = octet;
      expect(looksOdd([odd], look)).toBe(true);
    }
  });

  it('are none in what lies between 0x80 and 0xff', () => {
    expect(looksOdd([Buffer.from(Array.from({ length: 128 }, (__, index) => index + 128))], look)).toBe(false);
  });
});

it('are looked for by what was assembled last', async () => {
  expect(readFileSync('copy/odd-octets-code.ts', 'utf8')).toBe(await assembled());
});
