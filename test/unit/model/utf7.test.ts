import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf7, encodeUtf7 } from '../../../model/utf7.ts';

describe('modified UTF-7', () => {
  it.each([
    ['INBOX', 'INBOX'],
    ['Entwürfe', 'Entw&APw-rfe'],
    ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
    ['R&D', 'R&-D'],
    ['Envoyés & reçus', 'Envoy&AOk-s &- re&AOc-us'],
    ['📬', '&2D3c7A-'],
  ])('writes %s as %s and reads it back', (text, encoded) => {
    expect(encodeUtf7(text)).toBe(encoded);
    expect(decodeUtf7(encoded)).toBe(text);
  });

  it.each(['Entw&APw', 'a&b', '&AGE-', '&AP-', '&ÄÖ-', 'Grüße'])(
    'keeps %s, which is not valid, as it stands',
    (name) => {
      expect(decodeUtf7(name)).toBe(name);
    },
  );

  it('gives back whatever it encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(decodeUtf7(encodeUtf7(text))).toBe(text);
      }),
    );
  });
});
