import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmlFiles } from '../../../client/aside/eml-files.ts';
import type { AsideFolder } from '../../../model/aside.ts';
import { mailboxRow } from '../../support/projects.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailferry-eml-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function folder(path: string, ...uids: readonly number[]): AsideFolder {
  const notes = uids.map((uid) => ({ uid, code: 'destination.message-refused' as const }));
  return { source: path, sourcePath: path, uidValidity: 7, notes };
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text, 'latin1');
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('half');
  throw new Error('the connection was lost');
}

async function files(): Promise<readonly string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1));
}

describe('messages written as files', () => {
  it('hold the exact bytes, for their owner only', async () => {
    const eml = new EmlFiles(directory);
    await eml.write('anna@example.org', { folder: folder('INBOX'), uid: 5, body: pieces('a\0', 'b\n', '\xff') });
    const [file = ''] = await files();
    expect(file).toBe('anna@example.org/INBOX/7-5.eml');
    expect(await readFile(join(directory, file), 'latin1')).toBe('a\0b\n\xff');
    expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'anna@example.org'))).mode & 0o777).toBe(0o700);
  });

  it('are named by what cannot lead out of the directory, and never fall together', async () => {
    const eml = new EmlFiles(directory);
    const paths = [
      '../../etc',
      '..',
      '/',
      'a/b',
      'a:b',
      'a\u001bb',
      'CON',
      ' x ',
      'Ä',
      'x'.repeat(300),
      'x'.repeat(301),
    ];
    for (const path of paths) await eml.write('../anna', { folder: folder(path), uid: 1, body: pieces('x') });
    const found = await files();
    expect(found).toHaveLength(paths.length);
    expect(found.every((file) => /^_\/?[^/]*\.?[^/]*anna~[0-9a-f]{8}\/[^/]+\/7-1\.eml$/.test(file))).toBe(true);
  });

  it('are kept when they are there already, and nothing half-written is left behind', async () => {
    const eml = new EmlFiles(directory);
    await eml.write('anna', { folder: folder('INBOX'), uid: 1, body: pieces('x') });
    await expect(eml.write('anna', { folder: folder('INBOX'), uid: 2, body: broken() })).rejects.toThrow('lost');
    expect(await files()).toEqual(['anna/INBOX/7-1.eml']);
    const [left] = eml.missing({ row: mailboxRow('anna'), folders: [folder('INBOX', 1, 2)] });
    expect(left?.notes.map(({ uid }) => uid)).toEqual([2]);
    expect(eml.summary).toEqual({ directory, written: 1, kept: 1 });
  });
});
