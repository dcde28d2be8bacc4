import { describe, expect, it } from 'vitest';
import { IdentityIndex } from '../../../copy/identity-index.ts';
import { headerOf, identify, type Recognisable } from '../../../copy/identity.ts';
import { keepsBytes } from '../../../copy/keeps-bytes.ts';

function message(headers: string, rest: Partial<Recognisable> = {}): Recognisable {
  return {
    headers: Buffer.from(headers.replaceAll('\n', '\r\n'), 'latin1'),
    internalDate: '17-Jul-1996 02:44:25 -0700',
    size: 100,
    ...rest,
  };
}

const same = (a: Recognisable, b: Recognisable, bytesKept = true): boolean =>
  JSON.stringify(identify(a, bytesKept).exact) === JSON.stringify(identify(b, bytesKept).exact);

const PLAIN = 'Message-ID: <a@b>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nFrom: Ada <a@b>\nSubject: Hello there\n\n';

describe('a message is recognised', () => {
  it('however its headers are ordered, folded and blanked', () => {
    const refolded =
      'subject:  Hello\n\t there \nFROM: Ada\n <a@b>\nDate: Mon, 1 Jan 2024  00:00:00 +0000\nMessage-Id:\n <a@b>\n\n';
    expect(same(message(PLAIN), message(refolded))).toBe(true);
  });

  it('by Message-ID without INTERNALDATE, and without Message-ID by the instant in any zone', () => {
    const later = { internalDate: '18-Jul-1996 02:44:25 -0700' };
    expect(same(message(PLAIN), message(PLAIN, later))).toBe(true);
    const without = PLAIN.replace('Message-ID: <a@b>\n', '');
    expect(same(message(without), message(without, later))).toBe(false);
    expect(same(message(without), message(without, { internalDate: '17-Jul-1996 09:44:25 +0000' }))).toBe(true);
  });

  it('without any header by instant and size', () => {
    expect(same(message(''), message('\n'))).toBe(true);
    expect(same(message(''), message('', { size: 101 }))).toBe(false);
    expect(same(message(''), message('', { internalDate: '17-Jul-1996 02:44:26 -0700' }))).toBe(false);
  });

  it('by its size where servers keep bytes, since revisions of a draft share all headers', () => {
    expect(same(message(PLAIN), message(PLAIN, { size: 101 }))).toBe(false);
    expect(same(message(PLAIN), message(PLAIN, { size: 101 }), false)).toBe(true);
    expect(identify(message(PLAIN), true).loose).toBe(identify(message(PLAIN, { size: 101 }), true).loose);
  });

  it('with the case of its Message-ID and its 8-bit bytes kept', () => {
    expect(same(message(PLAIN), message(PLAIN.replace('<a@b>', '<A@b>')))).toBe(false);
    expect(same(message(PLAIN.replace('Hello', 'Hell\xf6')), message(PLAIN.replace('Hello', 'Hell\xf7')))).toBe(false);
  });

  it('and one field cannot pass for another', () => {
    const moved = PLAIN.replace('From: Ada <a@b>\nSubject: Hello there', 'From: Ada <a@b> Hello there\nSubject:');
    expect(same(message(PLAIN), message(moved))).toBe(false);
  });
});

describe('the header of a body', () => {
  it.each([
    ['A: b\r\n\r\nbody\r\n\r\n', 'A: b\r\n\r\n'],
    ['A: b\n\nbody\r\n\r\n', 'A: b\n\n'],
    ['A: b\r\n', 'A: b\r\n'],
    ['', ''],
  ])('of %j is %j, in whatever pieces it came', (body, header) => {
    const bytes = [...Buffer.from(body)].map((byte) => Buffer.from([byte]));
    expect(headerOf(bytes).toString()).toBe(header);
    expect(headerOf([Buffer.from(body)]).toString()).toBe(header);
  });
});

describe('an index of identities', () => {
  const a = identify(message(PLAIN), true);
  const b = identify(message(''), true);

  it('gives each of equal messages once, the first one first', () => {
    const index = new IdentityIndex(3);
    index.add(5, a);
    index.add(7, b);
    index.add(9, a);
    expect([index.take(a), index.take(a), index.take(a)]).toEqual([5, 9, undefined]);
    expect(index.size).toBe(1);
    expect(index.left()).toEqual([7]);
  });

  it('tells what is left beside an equal message that was taken', () => {
    const index = new IdentityIndex(3);
    for (const uid of [3, 4]) index.add(uid, a);
    index.add(5, b);
    expect(index.leftBesideSeen()).toEqual([]);
    index.take(a);
    expect(index.leftBesideSeen()).toEqual([4]);
  });

  it('gives messages by UID and by their headers alone', () => {
    const index = new IdentityIndex(2);
    index.add(3, a);
    index.add(4, b);
    expect(index.leftWithLoose(new Set([a.loose]))).toEqual([3]);
    expect([index.takeUid(3), index.takeUid(3), index.takeUid(8)]).toEqual([true, false, false]);
    expect(index.leftWithLoose(new Set([a.loose]))).toEqual([]);
  });
});

describe('a server keeps bytes', () => {
  const exchange =
    'IMAP4 IMAP4REV1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';

  it('unless it announces nothing but what Exchange does', () => {
    expect(keepsBytes(new Set(exchange.split(' ')))).toBe(false);
    expect(keepsBytes(new Set([...exchange.split(' '), 'CONDSTORE']))).toBe(true);
    expect(keepsBytes(new Set(['IMAP4REV1', 'UIDPLUS']))).toBe(true);
  });
});
