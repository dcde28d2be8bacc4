import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoted, quotedList } from '../../../model/powershell.ts';

const QUOTE = /['\u2018\u2019\u201A\u201B]/u;

/** Reads a verbatim string as PowerShell does: it ends at a quote, of any kind, that is not doubled. */
function readBack(literal: string): { readonly text: string; readonly rest: string } {
  const characters = Array.from(literal).slice(1);
  let text = '';
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (!QUOTE.test(character)) {
      text += character;
      continue;
    }
    if (!QUOTE.test(characters[at + 1] ?? '')) return { text, rest: characters.slice(at + 1).join('') };
    text += character;
    at += 1;
  }
  return { text, rest: 'never ended' };
}

describe('promise 7, mail is data: a text quoted for PowerShell', () => {
  const texts = fc.string({
    unit: fc.oneof(
      fc.constantFrom("'", '\u2018', '\u2019', '\u201B', '"', '$', '`', '\n', ';', '(', '#'),
      fc.string({ maxLength: 3 }),
    ),
  });

  it('is read back as it was, and ends where it ends', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { text: read, rest } = readBack(quoted(text));
        expect(rest).toBe('');
        expect(read).toBe(text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, ''));
      }),
    );
  });

  it('stays on one line', () => {
    expect(quoted('a\r\nRemove-Mailbox b\u2028c')).toBe("'aRemove-Mailbox bc'");
  });

  it('stands in a list, one on each line', () => {
    expect(quotedList(["o'brien@acme.example", 'b'])).toBe("@(\n  'o''brien@acme.example'\n  'b'\n)");
    expect(quotedList([])).toBe('@()');
  });
});
