import { expect, test } from 'vitest';
import { bytesWithin, foundIn } from '../../support/canaries.ts';

const CANARY = { name: 'password', text: 'cañary+/=?"8Q~xyz' };

test.each([
  ['as it is', CANARY.text],
  ['in a login of SASL PLAIN', Buffer.from(`\0anna\0${CANARY.text}`).toString('base64')],
  ['in a login for another', Buffer.from(`x\0anna\0${CANARY.text}`).toString('base64')],
  ['in a token’s login', Buffer.from(`user=a\u0001auth=Bearer ${CANARY.text}\u0001\u0001`).toString('base64')],
  ['in base64url', Buffer.from(`12345${CANARY.text}67`).toString('base64url')],
  ['in a URL', `?secret=${encodeURIComponent(CANARY.text)}&x`],
  ['in JSON', JSON.stringify({ deep: [CANARY.text] })],
  ['in hexadecimal', Buffer.from(CANARY.text).toString('hex')],
])('a secret %s is found', (_where, text) => {
  expect(foundIn(Buffer.from(text), [CANARY])).toEqual(['password']);
});

test('a secret in UTF-16 is found, and none where there is none', () => {
  expect(foundIn(Buffer.from(`..${CANARY.text}..`, 'utf16le'), [CANARY])).toEqual(['password']);
  expect(foundIn(Buffer.from('canary+/=?"8Q~xyz'), [CANARY])).toEqual([]);
});

test('texts and bytes are taken from the whole of a structure', () => {
  const message = { events: [{ payloads: [{ data: new Uint8Array(Buffer.from(CANARY.text)) }] }] };
  expect(foundIn(bytesWithin(message), [CANARY])).toEqual(['password']);
});
