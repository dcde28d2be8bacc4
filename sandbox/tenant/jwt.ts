import { constants, createHash, type KeyObject, sign, verify } from 'node:crypto';

/** A JSON Web Token in compact form (RFC 7515 section 7.1), taken apart and not verified. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What was signed. */
  readonly signed: string;
  readonly signature: Buffer;
}

/** The two algorithms of Entra: its own tokens bear RS256, assertions either (RFC 7518 sections 3.3, 3.5). */
export type JwtAlgorithm = 'RS256' | 'PS256';

/** Takes a token apart; undefined where it is none. */
export function decodeJwt(token: string): DecodedJwt | undefined {
  const [header, claims, signature, ...rest] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) return undefined;
  const [headerObject, claimsObject] = [object(header), object(claims)];
  if (headerObject === undefined || claimsObject === undefined) return undefined;
  return {
    header: headerObject,
    claims: claimsObject,
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** A token signed with RS256. */
export function signJwt(
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
  key: KeyObject,
): string {
  const signed = `${part({ alg: 'RS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** Whether the token bears a signature by this key, made as its header says. */
export function isSignedBy(jwt: DecodedJwt, key: KeyObject): boolean {
  const data = Buffer.from(jwt.signed);
  switch (jwt.header['alg']) {
    case 'RS256' satisfies JwtAlgorithm:
      return verify('sha256', data, key, jwt.signature);
    case 'PS256' satisfies JwtAlgorithm: {
      const padded = {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      };
      return verify('sha256', data, padded, jwt.signature);
    }
    default:
      return false;
  }
}

/** A short name that depends on these octets alone. */
export function digest(octets: string | Buffer, algorithm: 'sha1' | 'sha256' = 'sha256'): Buffer {
  return createHash(algorithm).update(octets).digest();
}

function part(value: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function object(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
