import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, cleanAll, safeJson } from '../../../client/clean.ts';

// oxlint-disable-next-line no-control-regex
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

describe('what is printed from outside', () => {
  it('cannot start an escape sequence', () => {
    expect(clean('\u001b]0;owned\u0007INBOX\u009b2J')).toBe('\\u{1b}]0;owned\\u{7}INBOX\\u{9b}2J');
  });

  it('cannot pretend to be another line', () => {
    expect(clean('Drafts\r\nerror: nothing\u2028more')).toBe('Drafts error: nothing\\u{2028}more');
  });

  it('cannot reverse the text beside it', () => {
    expect(clean('invoice\u202egpj.exe')).toBe('invoice\\u{202e}gpj.exe');
  });

  it('keeps the letters of every script', () => {
    expect(clean('Entwürfe 送信済み Отправленные 📬')).toBe('Entwürfe 送信済み Отправленные 📬');
  });

  it('is harmless whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !DANGEROUS.test(clean(text))));
  });

  it('is cleaned within data, keys included', () => {
    expect(cleanAll({ 'a\u001b': ['b\u0000', 1, null, { c: true }] })).toEqual({
      'a\\u{1b}': ['b\\u{0}', 1, null, { c: true }],
    });
  });
});

describe('JSON', () => {
  it('holds exactly the data and no dangerous character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = safeJson({ text });
        return !DANGEROUS.test(json) && JSON.stringify(JSON.parse(json)) === JSON.stringify({ text });
      }),
    );
  });

  it('is indented by line feeds', () => {
    expect(safeJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
  });
});
