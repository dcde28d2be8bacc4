import { constants } from 'node:fs';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { SealError } from './errors.ts';
import { readKeyring, SealKey } from './key.ts';
import type { Keyring, RandomBytes } from './key.ts';

/** Where the key lies in a project's working folder. */
export const KEY_FILE = '.mailferry/seal.key';

/** The environment variable that holds the text of a key file, for workers elsewhere. */
export const KEY_VARIABLE = 'MAILFERRY_SEAL_KEY';

const HEADER =
  '# mailferry seal key: opens the secrets of your projects. Keep a copy in a safe place; show it to nobody.\n';
const OTHERS = 0o077;

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function fileText(keys: Keyring): string {
  return `${HEADER}${keys.map((key) => `${key.write()}\n`).join('')}`;
}

/** Writes a file beside `path`, for its owner only and safe on the disk, and gives it to `publish`; it is gone afterwards. */
async function writeBeside(path: string, text: string, publish: (written: string) => Promise<void>): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(beside);
  } finally {
    await rm(beside, { force: true });
  }
}

/**
 * Creates a key file (mode 0600) with one new key, and its folder. An existing file is never touched: rejects with
 * `seal.key-file` then. A crash leaves either no key file or a whole one.
 */
export async function createKeyFile(path: string, random: RandomBytes = randomBytes): Promise<Keyring> {
  const keys: Keyring = [SealKey.create(random)];
  try {
    await writeBeside(path, fileText(keys), (written) => link(written, path));
  } catch (cause) {
    if (!isCode(cause, 'EEXIST')) throw cause;
    throw new SealError('seal.key-file', `${path} exists already.`, 'Use it, or move it away yourself.', { cause });
  }
  return keys;
}

/**
 * Reads the keys of a key file. Rejects with `seal.key-missing` if there is none, with `seal.key-file-open-to-others` if
 * its group or others have any right to it (on POSIX systems), and with `seal.key-file` if it is damaged.
 */
export async function loadKeyFile(path: string): Promise<Keyring> {
  const file = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
    if (!isCode(cause, 'ENOENT')) throw cause;
    const next = `Copy the \`${KEY_FILE}\` of the machine that started the project here, or set ${KEY_VARIABLE}.`;
    throw new SealError('seal.key-missing', `There is no key file ${path}.`, next, { cause });
  });
  try {
    const { mode } = await file.stat();
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      const rights = (mode & 0o777).toString(8).padStart(4, '0');
      const message = `Other users of this machine have rights to the key file ${path} (mode ${rights}).`;
      throw new SealError('seal.key-file-open-to-others', message, `Run: chmod 600 ${shellWord(path)}`);
    }
    return readKeyring(await file.readFile('utf8'), path);
  } finally {
    await file.close();
  }
}

/** Loads the key file, or creates it if it is not there; safe if two processes do so at once. */
export async function loadOrCreateKeyFile(path: string, random: RandomBytes = randomBytes): Promise<Keyring> {
  try {
    return await loadKeyFile(path);
  } catch (error) {
    if (!(error instanceof SealError) || error.code !== 'seal.key-missing') throw error;
  }
  try {
    return await createKeyFile(path, random);
  } catch (error) {
    if (error instanceof SealError && isCode(error.cause, 'EEXIST')) return loadKeyFile(path);
    throw error;
  }
}

/**
 * Puts a new key before those of the file: it seals from now on, and the old ones still open what they sealed.
 * The file is replaced as a whole.
 */
export async function rotateKeyFile(path: string, random: RandomBytes = randomBytes): Promise<Keyring> {
  const keys: Keyring = [SealKey.create(random), ...(await loadKeyFile(path))];
  await writeBeside(path, fileText(keys), (written) => rename(written, path));
  return keys;
}

/** The keys of this process: those in `MAILFERRY_SEAL_KEY` if it is set, else those of the file. Rejects as `loadKeyFile`. */
export async function loadKeyring(env: Readonly<Record<string, string | undefined>>, path: string): Promise<Keyring> {
  const text = env[KEY_VARIABLE];
  return text === undefined || text.trim() === '' ? loadKeyFile(path) : readKeyring(text, KEY_VARIABLE);
}

/** A path as one word for a POSIX shell. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
