/** The certificate of an application with its private key, from PEM or PFX, checked as far as can be without the tenant. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { PfxContents, PfxFault } from './pfx.ts';

/** A certificate that can be used. */
export interface ClientCertificate {
  /** The private key (PKCS#8, not encrypted) and the one certificate that it belongs to. */
  readonly pem: string;
  /** Epoch milliseconds: its notAfter. */
  readonly expiresAt: number;
}

export interface CertificateFault {
  readonly message: string;
  readonly expected: string;
}

export interface CertificateRequest {
  readonly bytes: Uint8Array;
  /** Of the PFX, or of the key in the PEM. */
  readonly password?: string | undefined;
  /** SHA-1 or SHA-256, in hexadecimal, that it is expected to have. */
  readonly thumbprint?: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

const SEQUENCE_TAG = 0x30;
/** Clocks may differ by so much (RFC 7523 section 3). */
const CLOCK_SKEW_MS = 300_000;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEYS = /-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/g;

/** Reads the file, opens its key, and finds the certificate that the key belongs to. */
export async function readCertificate(request: CertificateRequest): Promise<ClientCertificate | CertificateFault> {
  const { bytes, password = '', thumbprint, now } = request;
  // PEM is text, and DER begins with the tag of a SEQUENCE, which is the digit 0 and so begins no PEM.
  const contents = bytes[0] === SEQUENCE_TAG ? await openPfx(bytes, password) : readPem(bytes);
  if (typeof contents === 'string') return PFX_FAULTS[contents](request);
  const [keyText] = contents.keys;
  if (keyText === undefined) return { message: 'the file lacks the private key', expected: BOTH };
  const key = openKey(keyText, request);
  if (!('type' in key)) return key;
  if (key.asymmetricKeyType !== 'rsa')
    return { message: 'its key is not RSA', expected: 'a certificate with an RSA key' };
  const certificate = contents.certificates.map(parse).find((one) => one?.checkPrivateKey(key) === true);
  if (certificate === undefined) {
    const message =
      contents.certificates.length === 0 ? 'the file lacks the certificate' : 'its key is of another certificate';
    return { message, expected: BOTH };
  }
  return checked(certificate, key, thumbprint, now);
}

const BOTH = 'a PFX, or a PEM file, with the certificate and its private key';
const PASSWORD = '`certificatePassword` with the place of its password';

const PFX_FAULTS: Readonly<Record<PfxFault, (request: CertificateRequest) => CertificateFault>> = {
  'not-a-pfx': () => ({ message: 'the file is neither a PFX nor a PEM file', expected: BOTH }),
  password: ({ password }) =>
    password === undefined
      ? { message: 'the PFX has a password', expected: PASSWORD }
      : { message: 'the password is not that of the PFX', expected: 'the password with which it was exported' },
  protection: () => ({
    message: 'the PFX is protected in a way that cannot be read here',
    expected: 'a PFX exported anew with AES-256 and SHA-256, or a PEM file',
  }),
};

async function openPfx(bytes: Uint8Array, password: string): Promise<PfxContents | PfxFault> {
  // Most projects have none, and its reader is larger than all else that a command loads.
  const { readPfx } = await import('./pfx.ts');
  return readPfx(bytes, password);
}

function readPem(bytes: Uint8Array): PfxContents {
  const text = Buffer.from(bytes).toString('latin1');
  return { keys: text.match(PRIVATE_KEYS) ?? [], certificates: text.match(CERTIFICATES) ?? [] };
}

function openKey(text: string, { password }: CertificateRequest): KeyObject | CertificateFault {
  const isEncrypted = /ENCRYPTED/.test(text);
  if (isEncrypted && password === undefined) return { message: 'the private key is encrypted', expected: PASSWORD };
  try {
    return createPrivateKey({ key: text, format: 'pem', ...(isEncrypted && { passphrase: password }) });
  } catch {
    return isEncrypted
      ? { message: 'the password is not that of the private key', expected: 'the password with which it was encrypted' }
      : { message: 'the private key cannot be read', expected: BOTH };
  }
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function checked(
  certificate: X509Certificate,
  key: KeyObject,
  thumbprint: string | undefined,
  now: number,
): ClientCertificate | CertificateFault {
  const [sha1, sha256] = [certificate.fingerprint, certificate.fingerprint256].map(bare);
  if (thumbprint !== undefined && ![sha1, sha256].includes(bare(thumbprint))) {
    return {
      message: `the certificate has the thumbprint ${sha1}`,
      expected: `${bare(thumbprint)}, as \`thumbprint\` says`,
    };
  }
  const expiresAt = Date.parse(certificate.validTo);
  if (expiresAt <= now) {
    const on = new Date(expiresAt).toISOString().slice(0, 10);
    return { message: `the certificate has expired on ${on}`, expected: 'a new one, registered with the application' };
  }
  const validFrom = Date.parse(certificate.validFrom);
  if (validFrom > now + CLOCK_SKEW_MS) {
    const from = new Date(validFrom).toISOString().slice(0, 16).replace('T', ' ');
    return {
      message: `the certificate is not valid before ${from} UTC`,
      expected: 'one that is valid now, by the clock of this machine',
    };
  }
  const exported = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { pem: `${exported}${certificate.toString()}`, expiresAt };
}

function bare(thumbprint: string): string {
  return thumbprint.replaceAll(/[\s:]/g, '').toUpperCase();
}
