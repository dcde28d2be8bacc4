import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate with its private key, both as PEM. */
export interface CertificateWithKey {
  readonly certPem: string;
  readonly keyPem: string;
}

/** How long a certificate is valid; by default from an hour ago for a day, so that expired ones can be made too. */
export interface Validity {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** What key it has; Entra takes only RSA for client certificates. */
  readonly key?: 'p256' | 'rsa';
}

const HOUR_MS = 3_600_000;
const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const RSA_WITH_SHA256 = '06092a864886f70d01010b0500';
const COMMON_NAME = '0603550403';
const SUBJECT_ALTERNATIVE_NAME = '0603551d11';
const BASIC_CONSTRAINTS = '0603551d13';
const TAG = {
  integer: 2,
  bits: 3,
  bytes: 4,
  utf8: 12,
  time: 24,
  sequence: 0x30,
  set: 0x31,
  dns: 0x82,
  ip: 0x87,
} as const;

/** One value in DER (X.690): tag, length, content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, body]);
}

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const sequence = (...content: readonly Buffer[]): Buffer => der(TAG.sequence, ...content);
const time = (at: Date): Buffer => der(TAG.time, Buffer.from(at.toISOString().replaceAll(/[-:T]|\.\d+/g, '')));
const bits = (content: Buffer): Buffer => der(TAG.bits, Buffer.from([0]), content);

function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return der(TAG.ip, Buffer.from(host.split('.').map(Number)));
  return der(TAG.dns, Buffer.from(host, 'latin1'));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/**
 * A self-signed certificate (RFC 5280, version 3, P-256 or RSA) for these hosts, names or IPv4 addresses; it may serve as its
 * own CA. Made anew each time: no private key lies about in the project.
 */
export function selfSignedCertificate(
  hosts: readonly [string, ...string[]],
  validity: Validity = {},
): CertificateWithKey {
  const rsa = validity.key === 'rsa';
  const { publicKey, privateKey } = rsa
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const notBefore = validity.notBefore ?? new Date(Date.now() - HOUR_MS);
  const notAfter = validity.notAfter ?? new Date(Date.now() + 24 * HOUR_MS);
  const algorithm = sequence(hex(rsa ? RSA_WITH_SHA256 : ECDSA_WITH_SHA256));
  const name = sequence(der(TAG.set, sequence(hex(COMMON_NAME), der(TAG.utf8, Buffer.from(hosts[0], 'utf8')))));
  const extensions = sequence(
    sequence(hex(SUBJECT_ALTERNATIVE_NAME), der(TAG.bytes, sequence(...hosts.map(alternativeName)))),
    sequence(hex(BASIC_CONSTRAINTS), der(TAG.bytes, sequence(hex('0101ff')))),
  );
  const toBeSigned = sequence(
    hex('a003020102'),
    der(TAG.integer, Buffer.concat([hex('01'), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = createSign('sha256').update(toBeSigned).sign(privateKey);
  return {
    certPem: pem('CERTIFICATE', sequence(toBeSigned, algorithm, bits(signature))),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
