import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractEntry } from '../../../temporal/unzip.ts';
import { zipOf } from '../../support/wheel.ts';

describe('extracting one entry of a zip file', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mailferry-unzip-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function extract(zip: Buffer, wanted: (name: string) => boolean): Promise<string> {
    const [zipFile, target] = [join(directory, 'a.zip'), join(directory, 'out')];
    await writeFile(zipFile, zip);
    await extractEntry(zipFile, wanted, target);
    return readFile(target, 'utf8');
  }

  const two = { 'a/first': 'one '.repeat(10_000), 'a/second': 'two' };

  it.each([false, true])('gives its bytes (stored: %s)', async (stored) => {
    expect(await extract(zipOf(two, { stored }), (name) => name === 'a/first')).toBe(two['a/first']);
    expect(await extract(zipOf(two, { stored }), (name) => name === 'a/second')).toBe('two');
  });

  it('is found behind a comment at the end of the archive', async () => {
    const zip = Buffer.concat([zipOf(two), Buffer.from('a comment')]);
    zip.writeUInt16LE(9, zip.length - 11);
    expect(await extract(zip, (name) => name === 'a/second')).toBe('two');
  });

  it('refuses what is no zip file, what is cut off, and what is ambiguous', async () => {
    const zip = zipOf(two);
    await expect(extract(Buffer.from('not a zip'), () => true)).rejects.toThrow('not a zip file');
    await expect(extract(zip.subarray(0, zip.length - 30), () => true)).rejects.toThrow('not a zip file');
    await expect(extract(zip, () => true)).rejects.toThrow('found 2');
    await expect(extract(zip, () => false)).rejects.toThrow('found 0');
  });

  it('refuses an entry that is longer or shorter than the directory says', async () => {
    const zip = zipOf({ only: 'twelve bytes' });
    const size = zip.lastIndexOf('PK\u0001\u0002') + 24;
    zip.writeUInt32LE(5, size);
    await expect(extract(zip, () => true)).rejects.toThrow('should have 5 bytes and has 12');
  });
});
