import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import type { NodeAuthOptions } from '@azure/msal-node';
import { EntraRefusal } from './refusal.ts';

/** How the application proves who it is; opened, so it lives in memory only. */
export type ClientCredential =
  | { readonly kind: 'secret'; readonly secret: string }
  /** `pem` holds the certificate and its private key; `thumbprint` is what the administrator expects it to have. */
  | { readonly kind: 'certificate'; readonly pem: string; readonly thumbprint?: string };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[^-]+-----END (?:RSA |EC )?PRIVATE KEY-----/;

/** Translates a credential for the library. Rejects a PEM without a certificate and its own key. */
export function clientAuthentication(
  credential: ClientCredential,
): Pick<NodeAuthOptions, 'clientSecret' | 'clientCertificate'> {
  if (credential.kind === 'secret') return { clientSecret: credential.secret };
  const certificate = certificateOf(credential.pem);
  const privateKey = keyOf(credential.pem, certificate);
  const thumbprintSha256 = bare(certificate.fingerprint256);
  const expected = credential.thumbprint === undefined ? undefined : bare(credential.thumbprint);
  if (expected !== undefined && expected !== thumbprintSha256 && expected !== bare(certificate.fingerprint)) {
    throw unusable(`has the thumbprint ${thumbprintSha256}, and the project file expects ${expected}`);
  }
  return { clientCertificate: { thumbprintSha256, privateKey } };
}

function certificateOf(pem: string): X509Certificate {
  const [block] = CERTIFICATE.exec(pem) ?? [];
  if (block === undefined) throw unusable('holds no block BEGIN CERTIFICATE');
  try {
    return new X509Certificate(block);
  } catch (error) {
    throw unusable('cannot be read', error);
  }
}

function keyOf(pem: string, certificate: X509Certificate): string {
  const [block] = PRIVATE_KEY.exec(pem) ?? [];
  if (block === undefined) throw unusable('holds no unencrypted private key (BEGIN PRIVATE KEY)');
  const key = readKey(block);
  if (!certificate.checkPrivateKey(key)) throw unusable('holds the private key of another certificate');
  if (key.asymmetricKeyType !== 'rsa') throw unusable('has a key that is not RSA; the token service takes only RSA');
  return block;
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw unusable('holds a private key that cannot be read', error);
  }
}

function bare(thumbprint: string): string {
  return thumbprint.replaceAll(/[\s:]/g, '').toUpperCase();
}

function unusable(why: string, cause?: unknown): EntraRefusal {
  return new EntraRefusal(
    { code: 'token.certificate', text: `The certificate for the token service ${why}` },
    cause === undefined ? {} : { cause },
  );
}
