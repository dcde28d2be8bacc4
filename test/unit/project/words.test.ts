import { describe, expect, it } from 'vitest';
import { MAILFERRY } from '../../../project/csv/mailferry.ts';
import { nearest, quote, showFound } from '../../../project/show.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../project/units.ts';

describe('durations and sizes', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['15m', 900_000],
    ['90m', 5_400_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it.each([
    ['32MiB', 33_554_432],
    ['1GiB', 1_073_741_824],
    ['1536KiB', 1_572_864],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
    expect(formatSize(bytes)).toBe(text);
  });

  it.each(['', '10', 'm', '-1s', '1.5h', '1e3s', '10 s', '1w', '32MB', '1toString'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNaN();
    expect(parseSize(text)).toBeNaN();
  });
});

describe('what was probably meant', () => {
  it.each([
    ['sorce', 'source'],
    ['destnation', 'destination'],
    ['source_pasword', 'source_password'],
    ['SOURCE', 'source'],
    ['suorce', 'source'],
    ['quota', undefined],
    ['x'.repeat(1_000), undefined],
  ])('%s', (word, meant) => {
    const columns = MAILFERRY.columns.map(({ name }) => name);
    expect(nearest(word, columns)).toBe(meant);
  });
});

describe('what was found', () => {
  it.each([
    [undefined, 'nothing'],
    [null, 'nothing'],
    ['', 'an empty text'],
    ['x', '“x”'],
    [7, '“7”'],
    [[1], 'a list'],
    [{}, 'a group of keys'],
  ])('%j', (value, shown) => {
    expect(showFound(value)).toBe(shown);
  });

  it('is cut, and harmless', () => {
    expect(quote('a\u001b[2J\u202e')).toBe('“a\ufffd[2J\ufffd”');
    expect(quote('x'.repeat(100))).toBe(`“${'x'.repeat(60)}…”`);
  });
});
