import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { SealError } from './errors.ts';
import type { Keyring, RandomBytes, SealKey } from './key.ts';
import { Secret } from './secret.ts';

/** What a secret is for. Sealed for one binding, it opens for no other, not even one that differs in a single field. */
export interface SealBinding {
  readonly project: string;
  readonly host: string;
  readonly port: number;
  /** The endpoint's TLS mode: a secret sealed for a connection with TLS is not sent over one without. */
  readonly tls: string;
  readonly user: string;
  /** Which of the user's secrets. */
  readonly field: string;
}

const VERSION = 'mfs1';
const ENVELOPE = /^mfs1\.([0-9a-f]{16})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const CIPHER = 'aes-256-gcm';
/** 96 bits, as NIST SP 800-38D recommends for random nonces. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CHECK_BYTES = 16;
const SEAL_ANEW = 'Run `mailferry apply` with the project file: it seals the secrets anew.';

interface Envelope {
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
  readonly check: Buffer;
}

/** Each field behind its length, so that nothing can move from one field to the next; UTF-16, since it keeps every string. */
function additionalData(keyId: string, { project, host, port, tls, user, field }: SealBinding): Buffer {
  const fields = [VERSION, keyId, project, host, String(port), tls, user, field];
  return Buffer.concat(
    fields.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf16le');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Over the envelope without its binding: tells an envelope that was changed from one that is used for something else. */
function checkOf(key: SealKey, nonce: Buffer, ciphertext: Buffer, tag: Buffer): Buffer {
  const mac = createHmac('sha256', key.for('integrity')).update(nonce).update(ciphertext).update(tag);
  return mac.digest().subarray(0, CHECK_BYTES);
}

/**
 * Seals a secret for one binding: AES-256-GCM with a random nonce, the binding as additional data. Gives
 * `mfs1.<key id>.<nonce>.<ciphertext, tag and check>`, printable, the last two in base64url.
 */
export function seal(key: SealKey, binding: SealBinding, secret: string, random: RandomBytes = randomBytes): string {
  const plaintext = Buffer.from(secret, 'utf8');
  if (plaintext.toString('utf8') !== secret) throw new Error('a secret must be well-formed text');
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.for('encryption'), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(key.id, binding));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const tag = cipher.getAuthTag();
  const sealed = Buffer.concat([ciphertext, tag, checkOf(key, nonce, ciphertext, tag)]);
  return [VERSION, key.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
}

function damaged(): SealError {
  return new SealError('seal.damaged', 'A sealed secret was changed after it had been sealed.', SEAL_ANEW);
}

/** Decodes only what `toString('base64url')` writes: no second spelling of the same bytes. */
function decodeStrictly(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64url');
  if (bytes.toString('base64url') !== base64) throw damaged();
  return bytes;
}

function readEnvelope(envelope: string): Envelope {
  const [, keyId, nonceText, sealedText] = ENVELOPE.exec(envelope) ?? [];
  if (keyId === undefined || nonceText === undefined || sealedText === undefined) throw damaged();
  const nonce = decodeStrictly(nonceText);
  const sealed = decodeStrictly(sealedText);
  const textLength = sealed.length - TAG_BYTES - CHECK_BYTES;
  if (nonce.length !== NONCE_BYTES || textLength < 0) throw damaged();
  return {
    keyId,
    nonce,
    ciphertext: sealed.subarray(0, textLength),
    tag: sealed.subarray(textLength, textLength + TAG_BYTES),
    check: sealed.subarray(textLength + TAG_BYTES),
  };
}

function decrypt(key: SealKey, { nonce, ciphertext, tag }: Envelope, binding: SealBinding): Secret {
  const decipher = createDecipheriv(CIPHER, key.for('encryption'), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(key.id, binding)).setAuthTag(tag);
  try {
    return new Secret(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8'));
  } catch (cause) {
    const { field, user, host, port, project } = binding;
    throw new SealError(
      'seal.wrong-binding',
      `A sealed secret is used for something else than it was sealed for: here the ${field} of ${user} on ${host}:${port} in ${project}.`,
      SEAL_ANEW,
      { cause },
    );
  }
}

/**
 * Opens what `seal` made, for the same binding. Throws a `SealError`: `seal.wrong-key` if the key is not in the ring,
 * `seal.damaged` if the envelope was changed, `seal.wrong-binding` if it was sealed for something else.
 */
export function open(keyring: Keyring, binding: SealBinding, envelope: string): Secret {
  const parts = readEnvelope(envelope);
  const key = keyring.find(({ id }) => id === parts.keyId);
  if (key === undefined) {
    const known = keyring.map(({ id }) => id).join(', ');
    throw new SealError(
      'seal.wrong-key',
      `The secret was sealed with the key ${parts.keyId}, but this process has ${known}.`,
      'Give it the `.mailferry/seal.key` of the machine that started the project, or set MAILFERRY_SEAL_KEY, and restart it.',
    );
  }
  if (!timingSafeEqual(parts.check, checkOf(key, parts.nonce, parts.ciphertext, parts.tag))) throw damaged();
  return decrypt(key, parts, binding);
}
