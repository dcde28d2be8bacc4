import { hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { SealError } from './errors.ts';

/** Gives this many unpredictable bytes. */
export type RandomBytes = (length: number) => Buffer;

/** Keys that open; the first one also seals. */
export type Keyring = readonly [SealKey, ...SealKey[]];

const KEY_BYTES = 32;
const ID_BYTES = 8;
const WRITTEN_KEY = /^mfk1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

function derive(material: Buffer, purpose: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', material, Buffer.alloc(0), `mailferry seal 1: ${purpose}`, length));
}

/**
 * A key for sealing. Its id follows from its bytes, so that a key cannot go by another's id; keys for single purposes
 * are derived from it (HKDF, RFC 5869). Printing it shows the id only.
 */
export class SealKey {
  readonly id: string;
  readonly #material: Buffer;

  private constructor(material: Buffer) {
    this.#material = material;
    this.id = derive(material, 'id', ID_BYTES).toString('hex');
  }

  /** A new key. */
  static create(random: RandomBytes = randomBytes): SealKey {
    const material = random(KEY_BYTES);
    if (material.length !== KEY_BYTES) throw new Error(`a key needs ${KEY_BYTES} random bytes, not ${material.length}`);
    return new SealKey(Buffer.from(material));
  }

  /** Reads what `write` wrote; undefined if it is not a key, or not the key of the id beside it. */
  static read(written: string): SealKey | undefined {
    const [, id, base64 = ''] = WRITTEN_KEY.exec(written) ?? [];
    const material = Buffer.from(base64, 'base64url');
    if (material.length !== KEY_BYTES || material.toString('base64url') !== base64) return undefined;
    const key = new SealKey(material);
    return key.id === id ? key : undefined;
  }

  /** The key as text for a key file: it opens everything that was sealed with it. */
  write(): string {
    return `mfk1.${this.id}.${this.#material.toString('base64url')}`;
  }

  /** The 32 bytes of this key for one purpose. */
  for(purpose: 'encryption' | 'integrity'): Buffer {
    return derive(this.#material, purpose, KEY_BYTES);
  }

  toString(): string {
    return `SealKey ${this.id}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Reads the keys of a text: one on each line or between blanks, lines that begin with `#` left out. `where` names the
 * text in errors: a `SealError` `seal.key-file` if anything in it is no key, or there is none.
 */
export function readKeyring(text: string, where: string): Keyring {
  const words = text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(/\s+/))
    .filter((word) => word !== '');
  const [first, ...rest] = words.map((word, at) => {
    const key = SealKey.read(word);
    if (key !== undefined) return key;
    throw new SealError('seal.key-file', `Key ${at + 1} in ${where} is damaged.`, 'Restore it from a backup.');
  });
  if (first === undefined)
    throw new SealError('seal.key-file', `There is no key in ${where}.`, 'Restore it from a backup.');
  return [first, ...rest];
}
