import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createKeyFile,
  KEY_VARIABLE,
  loadKeyFile,
  loadKeyring,
  loadOrCreateKeyFile,
  rotateKeyFile,
} from '../../../seal/key-file.ts';
import { SealKey } from '../../../seal/key.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailferry-seal-'));
  path = join(folder, '.mailferry', 'seal.key');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a key file', () => {
  it('is created with its folder, for its owner only', async () => {
    const [key] = await createKeyFile(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, '.mailferry'))).mode & 0o777).toBe(0o700);
    expect(await readFile(path, 'utf8')).toMatch(/^# mailferry seal key.*\nmfk1\.[0-9a-f]{16}\.[\w-]{43}\n$/);
    expect((await loadKeyFile(path)).map(({ id }) => id)).toEqual([key.id]);
    expect(await readdir(join(folder, '.mailferry'))).toEqual(['seal.key']);
  });

  it('is never overwritten', async () => {
    const [key] = await createKeyFile(path);
    await expect(createKeyFile(path)).rejects.toMatchObject({ code: 'seal.key-file' });
    expect((await loadKeyFile(path))[0].id).toBe(key.id);
    expect(await readdir(join(folder, '.mailferry'))).toEqual(['seal.key']);
  });

  it('takes its key from the randomness that is handed in', async () => {
    const [key] = await createKeyFile(path, (length) => Buffer.alloc(length, 1));
    expect(key.id).toBe(SealKey.create((length) => Buffer.alloc(length, 1)).id);
  });

  it.each([0o640, 0o604, 0o660, 0o601])('is refused with the command that helps when its mode is 0%o', async (mode) => {
    await createKeyFile(path);
    await chmod(path, mode);
    await expect(loadKeyFile(path)).rejects.toMatchObject({
      code: 'seal.key-file-open-to-others',
      next: `Run: chmod 600 ${path}`,
    });
    await chmod(path, 0o400);
    await loadKeyFile(path);
  });

  it('quotes its path in that command', async () => {
    const odd = join(folder, "Anna's keys", 'seal.key');
    await createKeyFile(odd);
    await chmod(odd, 0o644);
    await expect(loadKeyFile(odd)).rejects.toMatchObject({
      next: `Run: chmod 600 '${folder}/Anna'\\''s keys/seal.key'`,
    });
  });

  it('is missed by name', async () => {
    await expect(loadKeyFile(path)).rejects.toMatchObject({
      code: 'seal.key-missing',
      message: expect.stringContaining(path),
      next: expect.stringContaining(KEY_VARIABLE),
    });
  });

  it.each(['', '# only a comment\n', 'mfk1.0123456789abcdef.AAAA\n', 'nonsense'])(
    'is called damaged when it holds %j',
    async (text) => {
      await createKeyFile(path);
      await writeFile(path, text);
      await expect(loadKeyFile(path)).rejects.toMatchObject({
        code: 'seal.key-file',
        message: expect.stringContaining(path),
      });
    },
  );

  it('does not repeat what is damaged in it', async () => {
    const [key] = await createKeyFile(path);
    await writeFile(path, key.write().slice(0, -2));
    const refusal: unknown = await loadKeyFile(path).catch((error: unknown) => error);
    expect(String(refusal)).not.toContain(key.write().slice(-20, -2));
  });

  it('is the same for all who create it at once', async () => {
    const rings = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateKeyFile(path)));
    expect(new Set(rings.map(([{ id }]) => id)).size).toBe(1);
  });

  it('keeps its old keys behind a new one', async () => {
    const [old] = await createKeyFile(path);
    const [first, second, ...rest] = await rotateKeyFile(path);
    expect(first.id).not.toBe(old.id);
    expect([second?.id, rest]).toEqual([old.id, []]);
    expect((await loadKeyFile(path)).map(({ id }) => id)).toEqual([first.id, old.id]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});

describe('the keys of a process', () => {
  it('are those of the environment before those of the file', async () => {
    const [inFile] = await createKeyFile(path);
    const inEnvironment = SealKey.create();
    const env = { [KEY_VARIABLE]: `${inEnvironment.write()}\n` };
    expect((await loadKeyring(env, path)).map(({ id }) => id)).toEqual([inEnvironment.id]);
    for (const empty of [{}, { [KEY_VARIABLE]: ' ' }]) {
      expect((await loadKeyring(empty, path)).map(({ id }) => id)).toEqual([inFile.id]);
    }
  });

  it('may be the whole text of a key file', async () => {
    await createKeyFile(path);
    const keys = await rotateKeyFile(path);
    const env = { [KEY_VARIABLE]: await readFile(path, 'utf8') };
    expect((await loadKeyring(env, 'nowhere')).map(({ id }) => id)).toEqual(keys.map(({ id }) => id));
  });

  it('are called damaged by the name of the variable, without their text', async () => {
    const env = { [KEY_VARIABLE]: 'not-a-key' };
    await expect(loadKeyring(env, path)).rejects.toMatchObject({
      code: 'seal.key-file',
      message: `Key 1 in ${KEY_VARIABLE} is damaged.`,
    });
  });
});
