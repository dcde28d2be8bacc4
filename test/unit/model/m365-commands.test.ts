import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPrincipal, listMailboxes, powerShellLiteral } from '../../../model/m365-commands.ts';

/** Reads an expression as PowerShell would: single-quoted strings with doubled quotes, and joined characters. */
function evaluated(expression: string): string {
  const list = /^\(-join @\((?<items>.*)\)\)$/su.exec(expression)?.groups?.['items'];
  if (list === undefined) return unquoted(expression);
  const items = list.match(/\[char\]0x[0-9a-f]{4}|'(?:['‘’‚‛]{2}|[^'‘’‚‛])*'/gu) ?? [];
  expect(items.join(', ')).toBe(list);
  return items
    .map((item) => (item.startsWith('[') ? String.fromCharCode(Number(item.slice('[char]'.length))) : unquoted(item)))
    .join('');
}

function unquoted(literal: string): string {
  expect(literal).toMatch(/^'(?:['‘’‚‛]{2}|[^'‘’‚‛])*'$/u);
  return literal.slice(1, -1).replaceAll(/(?<quote>['‘’‚‛])['‘’‚‛]/gu, '$<quote>');
}

describe('a value in PowerShell', () => {
  test.each([
    ['anna@example.com', "'anna@example.com'"],
    ["o'neill@example.com", "'o''neill@example.com'"],
    ['o’neill@example.com', "'o’’neill@example.com'"],
    ['$(Remove-Mailbox x)`n', "'$(Remove-Mailbox x)`n'"],
    ['', "''"],
    ['a\nRemove-Mailbox b', "(-join @('a', [char]0x000a, 'Remove-Mailbox b'))"],
    ['a\u202eb', "(-join @('a', [char]0x202e, 'b'))"],
  ])('%j is written %s', (text, written) => {
    expect(powerShellLiteral(text)).toBe(written);
  });

  test('is always the very same text, on one line, and never more than one expression', () => {
    const nasty = constantFrom(
      "'",
      '’',
      '‘',
      '‚',
      '‛',
      '"',
      '`',
      '$',
      '(',
      ')',
      ';',
      '\n',
      '\r',
      '\u2028',
      '\u202e',
      '@',
    );
    const text = array(oneof(nasty, string({ unit: 'grapheme', maxLength: 3 }))).map((parts) => parts.join(''));
    assert(
      property(text, (value) => {
        const written = powerShellLiteral(value);
        expect(written).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(evaluated(written)).toBe(value);
      }),
    );
  });
});

test('commands take the names of a project as data', () => {
  expect(listMailboxes(["a'; Remove-Mailbox b; '@example.com"])).toEqual([
    '$mailboxes = @(',
    "  'a''; Remove-Mailbox b; ''@example.com'",
    ')',
  ]);
  expect(findPrincipal("x' -or 'y")[0]).toBe("$applicationId = 'x'' -or ''y'");
});
