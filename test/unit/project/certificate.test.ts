import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCertificate, type CertificateRequest } from '../../../project/certificate.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { EC_PFX, OPENSSL_PFX, PFX_WITHOUT_KEY, pfxOf } from '../../support/pfx.ts';

const NOW = Date.UTC(2026, 5, 1);
const NOT_BEFORE = new Date(Date.UTC(2026, 0, 31));
const NOT_AFTER = new Date(Date.UTC(2027, 0, 31));
const PASSWORD = 'canary-pfx-password';
const VALIDITY = { notBefore: NOT_BEFORE, notAfter: NOT_AFTER };
const OURS = selfSignedCertificate(['mailferry'], { key: 'rsa', ...VALIDITY });
const OTHERS = selfSignedCertificate(['other'], { key: 'rsa', ...VALIDITY });
const ON_A_CURVE = selfSignedCertificate(['curve'], VALIDITY);

function read(
  bytes: Uint8Array | string,
  change: Partial<CertificateRequest> = {},
): ReturnType<typeof readCertificate> {
  return readCertificate({ bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes, now: NOW, ...change });
}

async function faultOf(reading: ReturnType<typeof readCertificate>): Promise<string> {
  const result = await reading;
  if ('pem' in result) throw new Error('the certificate was taken');
  expect(JSON.stringify(result)).not.toContain(PASSWORD);
  return `${result.message}; expected ${result.expected}`;
}

function encrypted(): string {
  const key = createPrivateKey(OURS.keyPem);
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSWORD } as const;
  return `${key.export(options).toString()}${OURS.certPem}`;
}

describe('a certificate with its key', () => {
  it.each<[string, Uint8Array | string, string | undefined]>([
    ['a PEM file', `${OURS.keyPem}${OURS.certPem}`, undefined],
    ['a PEM file with a chain', `${OTHERS.certPem}${OURS.certPem}${OURS.keyPem}`, undefined],
    ['a PEM file with an encrypted key', encrypted(), PASSWORD],
    ['a PFX with 3DES', pfxOf(OURS, PASSWORD), PASSWORD],
    ['a PFX with AES', pfxOf(OURS, PASSWORD, 'aes256'), PASSWORD],
    ['a PFX without a password', pfxOf(OURS, ''), undefined],
  ])('is read from %s, as the key and the one certificate that it belongs to', async (_, bytes, password) => {
    const result = await read(bytes, { password });
    if (!('pem' in result)) throw new Error(result.message);
    expect(result.expiresAt).toBe(NOT_AFTER.getTime());
    expect(result.pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(new X509Certificate(result.pem).fingerprint256).toBe(new X509Certificate(OURS.certPem).fingerprint256);
    expect(createPrivateKey(result.pem).export({ type: 'pkcs8', format: 'pem' })).toBe(
      createPrivateKey(OURS.keyPem).export({ type: 'pkcs8', format: 'pem' }),
    );
  });

  it('is read from a PFX of OpenSSL whose password is not all ASCII', async () => {
    // It was made in November 2026.
    const now = Date.UTC(2027, 0, 1);
    expect(await read(OPENSSL_PFX, { password: 'gehéim€', now })).toHaveProperty('pem');
  });

  it.each<[string, Uint8Array | string, Partial<CertificateRequest>, RegExp]>([
    ['without the password of the PFX', pfxOf(OURS, PASSWORD), {}, /^the PFX has a password; .*certificatePassword/],
    ['with a wrong one', pfxOf(OURS, PASSWORD), { password: 'x' }, /^the password is not that of the PFX/],
    ['with a wrong one, with AES', OPENSSL_PFX, { password: PASSWORD }, /^the password is not that of the PFX/],
    ['without a key in the PFX', PFX_WITHOUT_KEY, { password: 'geheim' }, /lacks the private key/],
    ['with a key on a curve in the PFX', EC_PFX, { password: 'geheim' }, /^its key is not RSA/],
    ['from something else that is binary', Buffer.from([0x30, 1, 2, 3]), {}, /^the file is neither a PFX nor a PEM/],
    ['from something else that is text', 'hello', {}, /lacks the private key/],
    ['with a key on a curve', `${ON_A_CURVE.keyPem}${ON_A_CURVE.certPem}`, {}, /^its key is not RSA/],
    ['without a certificate', OURS.keyPem, {}, /lacks the certificate/],
    ['without a key', OURS.certPem, {}, /lacks the private key/],
    ['with the key of another certificate', `${OTHERS.keyPem}${OURS.certPem}`, {}, /key is of another certificate/],
    ['with an encrypted key and no password', encrypted(), {}, /^the private key is encrypted; .*certificatePassword/],
    ['with an encrypted key and a wrong password', encrypted(), { password: 'x' }, /not that of the private key/],
    ['with a broken key', OURS.keyPem.replace(/\n[^-]+\n/, '\nMII\n') + OURS.certPem, {}, /private key cannot be read/],
    [
      'with another thumbprint',
      `${OURS.keyPem}${OURS.certPem}`,
      { thumbprint: 'AB:CD' },
      /expected ABCD, as `thumbprint`/,
    ],
    ['that has expired', `${OURS.keyPem}${OURS.certPem}`, { now: NOT_AFTER.getTime() }, /has expired on 2027-01-31/],
    [
      'that is not valid yet, or by a clock that is wrong',
      `${OURS.keyPem}${OURS.certPem}`,
      { now: NOT_BEFORE.getTime() - 600_000 },
      /not valid before 2026-01-31 00:00 UTC; .*clock of this machine/,
    ],
  ])('is refused %s', async (_, bytes, change, message) => {
    expect(await faultOf(read(bytes, change))).toMatch(message);
  });

  it.each(['fingerprint', 'fingerprint256'] as const)('is taken by its thumbprint (%s)', async (kind) => {
    const thumbprint = new X509Certificate(OURS.certPem)[kind].toLowerCase();
    expect(await read(`${OURS.keyPem}${OURS.certPem}`, { thumbprint })).toHaveProperty('pem');
  });
});
