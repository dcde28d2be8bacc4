import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { benchCase } from '../../../bench/cases.ts';
import { drawSizes, messagesOf, type CorpusPlan } from '../../../bench/corpus.ts';

const plan: CorpusPlan = {
  seed: 5,
  messages: 400,
  bytes: 4_000_000,
  spread: 1.6,
  folders: [
    { path: 'INBOX', share: 0.5 },
    { path: 'Sent', share: 0.3 },
    { path: 'Work', share: 0.2 },
  ],
};

describe('a corpus', () => {
  it('has the messages, about the bytes and the folders of its plan', () => {
    const folders = drawSizes(plan);
    expect(folders.map(({ sizes }) => sizes.length)).toEqual([200, 120, 80]);
    const bytes = folders.flatMap(({ sizes }) => sizes).reduce((sum, size) => sum + size, 0);
    expect(Math.abs(bytes / plan.bytes - 1)).toBeLessThan(0.02);
  });

  it('has few large messages and many small ones', () => {
    const sizes = drawSizes(plan).flatMap((folder) => folder.sizes);
    const sorted = sizes.toSorted((a, b) => a - b);
    expect(sorted[200]).toBeLessThan(plan.bytes / plan.messages / 2);
    expect(sorted.at(-1)).toBeGreaterThan((plan.bytes / plan.messages) * 5);
  });

  it('is the same each time', () => {
    const [folder] = drawSizes(plan);
    if (folder === undefined) throw new Error('no folder');
    const digest = (): string => {
      const hash = createHash('sha256');
      for (const { raw, date, flags } of messagesOf(plan.seed, folder))
        hash.update(raw).update(`${date} ${flags.join()}`);
      return hash.digest('hex');
    };
    expect(digest()).toBe(digest());
  });

  it('has messages of exactly these sizes that no server alters', () => {
    const sizes = [800, 801, 899, 4_096, 65_537, 700_000];
    const messages = [...messagesOf(9, { path: 'INBOX', sizes })];
    expect(messages.map(({ raw }) => raw.length)).toEqual(sizes);
    for (const { raw } of messages) {
      const text = raw.toString('latin1');
      expect(text).toMatch(/^Received: .*\r\nMessage-ID: <9\.INBOX\.\d@mail\.example\.org>\r\n/);
      expect(text).toMatch(/\r\n$/);
      expect(text).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
    }
  });

  it('can be reduced to a part', () => {
    expect(benchCase('mixed', 0.1).corpus).toMatchObject({ messages: 1_350, bytes: 83_000_000 });
    expect(benchCase('wan', 1).corpus).toMatchObject({ messages: 2_000, bytes: 143_000_000 });
  });
});
