import { type HttpsAnswer, HttpsService } from '../../sandbox/tenant/https-service.ts';
import { selfSignedCertificate } from './certificate.ts';

/** One request for a token, as it came in. */
export interface TokenAsked {
  readonly tenant: string;
  readonly form: URLSearchParams;
}

export type TokenAnswer = HttpsAnswer;

/**
 * A token service that answers whatever a test wants, right or wrong. One that behaves as Entra does is the tenant's
 * (`sandbox/tenant/`).
 */
export interface TokenEndpoint {
  /** Base address, as a project file names it in `authority`. */
  readonly authority: string;
  readonly caPem: string;
  /** What was asked of it, in order. */
  readonly asked: readonly TokenAsked[];
  /** The tenants and domains whose configuration was asked for, in order. */
  readonly discovered: readonly string[];
  /** Decides every configuration from now on. */
  configuration: (tenant: string) => TokenAnswer;
  /** Decides every answer from now on. */
  answer: (asked: TokenAsked) => TokenAnswer | Promise<TokenAnswer>;
  readonly close: () => Promise<void>;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An unsigned JSON Web Token with these claims. */
export function unsignedToken(claims: Readonly<Record<string, unknown>>): string {
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.x`;
}

/** An answer with a token that is valid for `seconds` from `now` (epoch milliseconds). */
export function grant(now: number, seconds: number, claims: Readonly<Record<string, unknown>> = {}): TokenAnswer {
  const exp = Math.floor(now / 1_000) + seconds;
  return {
    status: 200,
    body: { token_type: 'Bearer', expires_in: seconds, access_token: unsignedToken({ exp, ...claims }) },
  };
}

/** An answer as Entra refuses. */
export function refusal(status: number, error: string, description: string): TokenAnswer {
  return {
    status,
    body: { error, error_description: description, error_codes: [], trace_id: 't', correlation_id: 'c' },
  };
}

/**
 * Starts a token service that grants tokens for an hour until `answer` is set, with a certificate for these names as well. The
 * caller closes it.
 */
export async function startTokenEndpoint(...names: readonly string[]): Promise<TokenEndpoint> {
  const { certPem, keyPem } = selfSignedCertificate(['127.0.0.1', ...names]);
  const asked: TokenAsked[] = [];
  const discovered: string[] = [];
  const service = new HttpsService({ cert: certPem, key: keyPem }, ({ path: [tenant = '', ...rest], body }) => {
    const asksFor = rest.join('/');
    if (asksFor.endsWith('.well-known/openid-configuration')) {
      discovered.push(tenant);
      return endpoint.configuration(tenant);
    }
    if (asksFor !== 'oauth2/v2.0/token') return { status: 404, body: {} };
    const one: TokenAsked = { tenant, form: new URLSearchParams(body) };
    asked.push(one);
    return endpoint.answer(one);
  });
  await service.listen('127.0.0.1', 0);
  const endpoint: TokenEndpoint = {
    authority: service.origin,
    caPem: certPem,
    asked,
    discovered,
    configuration: (tenant) => ({ status: 200, body: configurationOf(`${service.origin}/${tenant}`) }),
    answer: () => grant(Date.now(), 3_600),
    close: () => service.close(),
  };
  return endpoint;
}

/** What a token service says of a tenant (OpenID Connect Discovery 1.0 section 3). */
export function configurationOf(base: string): Readonly<Record<string, string>> {
  return {
    issuer: `${base}/v2.0`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
  };
}
