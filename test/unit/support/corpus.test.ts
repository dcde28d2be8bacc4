import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateAlteredMessages, generateMailbox, generateNewMail } from '../../support/corpus.ts';
import type { CorpusMailbox } from '../../support/corpus.ts';
import { instantOf } from '../../support/imap-read.ts';

const now = new Date('2026-03-01T12:00:00Z');
const mailbox = generateMailbox(7, { messages: 1_500, now });
const messages = mailbox.folders.flatMap((folder) => folder.messages);
const texts = messages.map(({ raw }) => raw.toString('latin1'));

function digestOf({ folders }: CorpusMailbox): string {
  const hash = createHash('sha256');
  for (const { path, specialUse, messages: held } of folders) {
    hash.update(JSON.stringify([path, specialUse, held.length]));
    for (const { raw, date, flags } of held) hash.update(JSON.stringify([date, flags, raw.length])).update(raw);
  }
  return hash.digest('hex');
}

describe('a generated mailbox', () => {
  it('is the same for the same seed, another for another, and exactly as large as asked', () => {
    expect(digestOf(generateMailbox(7, { messages: 1_500, now }))).toBe(digestOf(mailbox));
    expect(digestOf(generateMailbox(8, { messages: 1_500, now }))).not.toBe(digestOf(mailbox));
    for (const count of [0, 1, 2, 99]) {
      const { folders } = generateMailbox(7, { messages: count, now });
      expect(folders.reduce((sum, folder) => sum + folder.messages.length, 0)).toBe(count);
    }
  });

  it('holds what makes mail difficult', () => {
    const ids = texts.flatMap((text) => /^Message-ID: (\S+)/m.exec(text)?.[1] ?? []);
    expect(new Set(ids).size).toBeLessThan(ids.length);
    expect(new Set(texts).size).toBeLessThan(texts.length);
    expect(ids.length).toBeLessThan(texts.length);
    for (const [what, pattern] of Object.entries({
      'IMAP commands': /\r\na1 STORE 1:\* \+FLAGS \(\\Deleted\)\r\na2 EXPUNGE\r\n/,
      'a long line': /.{1500}/,
      'bytes above 127': /[\x80-\xff]/,
      'an encoded word': /^Subject: .*=\?UTF-8\?/m,
      'an empty body': /^[^]*\r\n\r\n$/,
      attachments: /Content-Disposition: attachment/,
    })) {
      expect(
        texts.some((text) => pattern.test(text)),
        what,
      ).toBe(true);
    }
    expect(texts.some((text) => !text.includes('\r\n\r\n'))).toBe(true);
  });

  it('holds nothing that Dovecot alters', () => {
    for (const text of texts) expect(text).not.toMatch(/\0|(?<!\r)\n|\r(?!\n)/);
    for (const { message } of generateAlteredMessages(1, now)) {
      expect(message.raw.toString('latin1')).toMatch(/\0|(?<!\r)\n/);
    }
  });

  it('is dated from 1995 until now, in several zones', () => {
    const instants = messages.map(({ date }) => instantOf(date));
    expect(Math.min(...instants)).toBeGreaterThanOrEqual(Date.UTC(1995, 0, 1));
    expect(Math.min(...instants)).toBeLessThan(Date.UTC(1997, 0, 1));
    expect(Math.max(...instants)).toBeLessThanOrEqual(now.getTime());
    expect(new Set(messages.map(({ date }) => date.slice(-5))).size).toBeGreaterThan(5);
  });
});

describe('new mail', () => {
  it('is dated now and differs from mail of another seed', () => {
    const [first, second] = [generateNewMail(1, { messages: 5, now }), generateNewMail(2, { messages: 5, now })];
    for (const { date } of first) expect(instantOf(date)).toBe(now.getTime());
    const all = [...first, ...second].map(({ raw }) => raw.toString('latin1'));
    expect(new Set(all).size).toBe(10);
  });
});
