import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePipConfig, readPythonIndexes, type Env } from '../../../temporal/pip-config.ts';

describe("pip's configuration", () => {
  let home: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'mailferry-pip-'));
  });

  afterEach(async () => {
    await rm(home, { recursive: true, force: true });
  });

  async function write(path: string, text: string): Promise<string> {
    await mkdir(join(home, path, '..'), { recursive: true });
    await writeFile(join(home, path), text);
    return join(home, path);
  }

  const firstIndex = async (env: Env): Promise<string | undefined> =>
    (await readPythonIndexes(env, home, 'linux')).indexes[0]?.href;

  it('names one public index where nothing is configured', async () => {
    const found = await readPythonIndexes({ PIP_CONFIG_FILE: '/dev/null' }, home, 'linux');
    expect(found.indexes).toHaveLength(1);
    expect(found.indexes[0]?.protocol).toBe('https:');
  });

  it("is read from the user's file, the newer place over the older", async () => {
    await write('.pip/pip.conf', '[global]\nindex-url = https://old.example/simple\n');
    expect(await firstIndex({})).toBe('https://old.example/simple/');
    await write('.config/pip/pip.conf', '[global]\nindex-url = https://new.example/simple\n');
    expect(await firstIndex({})).toBe('https://new.example/simple/');
  });

  it('is overridden by PIP_CONFIG_FILE, and that by the environment', async () => {
    await write('.config/pip/pip.conf', '[global]\nindex-url = https://user.example/simple/\n');
    const PIP_CONFIG_FILE = await write('special.conf', '[global]\nindex_url: https://special.example/simple/\n');
    expect(await firstIndex({ PIP_CONFIG_FILE })).toBe('https://special.example/simple/');
    expect(await firstIndex({ PIP_CONFIG_FILE, PIP_INDEX_URL: 'https://env.example/simple' })).toBe(
      'https://env.example/simple/',
    );
  });

  it('may forbid every index and name directories', async () => {
    const env = { PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: 'true', PIP_FIND_LINKS: '/a /b' };
    expect(await readPythonIndexes(env, home, 'linux')).toMatchObject({ indexes: [], findLinks: ['/a', '/b'] });
  });

  it('continues values on indented lines, and leaves out comments and other sections', () => {
    const text =
      '# mine\n[global]\nextra-index-url =\n    https://a.example/\n    https://b.example/\n[list]\ncert = x\n[install]\n; no\ncert = /ca.pem\n';
    expect([...parsePipConfig(text)]).toEqual([
      ['extra-index-url', 'https://a.example/\nhttps://b.example/'],
      ['cert', '/ca.pem'],
    ]);
  });
});
