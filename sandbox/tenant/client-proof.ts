import { decodeJwt, isSignedBy, type DecodedJwt } from './jwt.ts';
import type { AadstsCode } from './refusals.ts';
import type { RegisteredCertificate, Registration } from './registration.ts';

/** How an application has proved who it is, or why not. */
export type ClientProof =
  | { readonly proved: 'secret' | 'certificate' }
  | { readonly proved: false; readonly code: AadstsCode; readonly thumbprint?: string };

/** RFC 7523 section 2.2. */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Clocks may differ by so much (RFC 7523 section 3; Entra allows five minutes). */
const CLOCK_SKEW_MS = 300_000;

export interface ProofContext {
  /** What an assertion's `aud` may be: the addresses by which clients know this token endpoint. */
  readonly audiences: readonly string[];
  /** The tenant's clock, by which secrets expire. Milliseconds since 1970. */
  readonly now: number;
  /** The clock by which clients date their assertions: no test can move that of a library. */
  readonly clientNow: number;
}

/**
 * Examines a client secret or a signed assertion ("Microsoft identity platform application authentication certificate
 * credentials"; RFC 6749 section 2.3.1, RFC 7523).
 */
export function proveClient(form: URLSearchParams, app: Registration, context: ProofContext): ClientProof {
  const secret = form.get('client_secret');
  if (secret !== null) return proveBySecret(secret, app, context);
  const assertion = form.get('client_assertion');
  if (assertion === null || form.get('client_assertion_type') !== ASSERTION_TYPE) {
    return { proved: false, code: 7000218 };
  }
  return proveByAssertion(assertion, app, context);
}

function proveBySecret(value: string, app: Registration, { now }: ProofContext): ClientProof {
  const known = app.secrets.filter((secret) => secret.value === value);
  if (known.length === 0) return { proved: false, code: 7000215 };
  if (known.every(({ expiresAt }) => expiresAt <= now)) return { proved: false, code: 7000222 };
  return { proved: 'secret' };
}

function proveByAssertion(assertion: string, app: Registration, context: ProofContext): ClientProof {
  const jwt = decodeJwt(assertion);
  const certificate = jwt === undefined ? undefined : namedCertificate(jwt, app);
  if (jwt === undefined || certificate === undefined || !isSignedBy(jwt, certificate.certificate.publicKey)) {
    return { proved: false, code: 700027, thumbprint: thumbprintOf(jwt) };
  }
  const { aud, iss, sub } = jwt.claims;
  if (typeof aud !== 'string' || !context.audiences.includes(aud)) return { proved: false, code: 700023 };
  if (iss !== app.clientId || sub !== app.clientId) return { proved: false, code: 700027 };
  return isInItsTime(jwt, certificate, context) ? { proved: 'certificate' } : { proved: false, code: 700024 };
}

/** The certificate that the header names; one that names two must mean the same by both. */
function namedCertificate(jwt: DecodedJwt, app: Registration): RegisteredCertificate | undefined {
  const { x5t, 'x5t#S256': x5tS256 } = jwt.header;
  if (x5t === undefined && x5tS256 === undefined) return undefined;
  return app.certificates.find(
    (each) => (x5t === undefined || each.x5t === x5t) && (x5tS256 === undefined || each['x5t#S256'] === x5tS256),
  );
}

function isInItsTime(
  { claims }: DecodedJwt,
  { certificate }: RegisteredCertificate,
  { now, clientNow }: ProofContext,
): boolean {
  const { exp, nbf } = claims;
  if (typeof exp !== 'number' || exp * 1_000 + CLOCK_SKEW_MS <= clientNow) return false;
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf * 1_000 - CLOCK_SKEW_MS > clientNow)) return false;
  return Date.parse(certificate.validTo) > now;
}

/** In hexadecimal, as the refusal shows it. */
function thumbprintOf(jwt: DecodedJwt | undefined): string {
  const named = jwt?.header['x5t'] ?? jwt?.header['x5t#S256'];
  return typeof named === 'string' ? Buffer.from(named, 'base64url').toString('hex').toUpperCase() : '';
}
