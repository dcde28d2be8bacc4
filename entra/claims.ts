/** What an access token says of itself (RFC 7519 section 4.1, and Entra's `roles` and `scp`). */
export interface TokenClaims {
  readonly audience: string;
  /** Application permissions. */
  readonly roles: readonly string[];
  /** Delegated permissions, which only the token of a user who signed in has. */
  readonly delegated: readonly string[];
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
}

const NO_CLAIMS: TokenClaims = { audience: '', roles: [], delegated: [] };

/**
 * Reads a token's claims without verifying its signature: they are shown to a person and never decide what is allowed. A
 * token that is no JSON Web Token, which a token service may issue, has none.
 */
export function readClaims(token: string): TokenClaims {
  const [, payload] = token.split('.');
  const claims = payload === undefined ? undefined : parseObject(Buffer.from(payload, 'base64url').toString('utf8'));
  if (claims === undefined) return NO_CLAIMS;
  const { aud, roles, scp, exp } = claims;
  return {
    audience: typeof aud === 'string' ? aud : '',
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    delegated: typeof scp === 'string' ? scp.split(' ').filter((scope) => scope !== '') : [],
    ...(typeof exp === 'number' && Number.isFinite(exp) && { expiresAt: exp * 1_000 }),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}
