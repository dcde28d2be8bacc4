import { describe, expect, it } from 'vitest';
import { readableFields } from '../../../activities/header-text.ts';

function subject(text: string | Buffer): string | undefined {
  return readableFields(Buffer.concat([Buffer.from('Subject: '), Buffer.from(text), Buffer.from('\r\n\r\n')])).get(
    'subject',
  );
}

describe('what people read in a header', () => {
  it.each([
    ['plain text', 'Hello', 'Hello'],
    ['quoted-printable words', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=', 'Grüße aus Köln'],
    ['base64 words', '=?utf-8?b?R3LDvMOfZQ==?=', 'Grüße'],
    ['words that follow one another', '=?UTF-8?Q?one?=\r\n =?UTF-8?Q?_two?= three', 'one two three'],
    ['another character set', '=?ISO-8859-1?Q?R=E9union?=', 'Réunion'],
    ['a language', '=?UTF-8*de?Q?gr=C3=BCn?=', 'grün'],
    ['an unknown character set, as it is', '=?X-NONE?Q?abc?=', '=?X-NONE?Q?abc?='],
    ['raw UTF-8', 'Überprüfung', 'Überprüfung'],
    ['raw bytes of another kind', Buffer.from('gr\xfcn', 'latin1'), 'grün'],
    ['folded lines', 'one\r\n\ttwo', 'one two'],
  ])('%s', (_, text, expected) => {
    expect(subject(text)).toBe(expected);
  });

  it('is cut to a length that can be shown', () => {
    expect(Array.from(subject('x'.repeat(100_000)) ?? '')).toHaveLength(200);
  });

  it('is the first of fields of one name; a header without any has none', () => {
    expect(readableFields(Buffer.from('Subject: a\r\nSUBJECT: b\r\n')).get('subject')).toBe('a');
    expect(readableFields(Buffer.from('no header at all')).size).toBe(0);
  });
});
