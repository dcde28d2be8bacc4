import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Directory } from './directory.ts';
import { type HttpsAnswer, type HttpsRequest, HttpsService } from './https-service.ts';
import { instanceDiscovery, openIdConfiguration } from './openid.ts';
import { type TokenRefusal, tokenRefusal } from './refusals.ts';
import { TokenFaults } from './token-faults.ts';
import { decideGrant } from './token-grant.ts';
import type { IssuedToken, TokenMint } from './tokens.ts';

/** One request for a token and what became of it; never a secret. */
export interface TokenRequestEntry {
  /** Milliseconds since 1970, by the tenant's clock. */
  readonly at: number;
  /** As the path named it. */
  readonly tenant: string;
  readonly clientId: string;
  readonly scope: string;
  readonly credential: 'secret' | 'certificate' | 'none';
  /** `granted`, an AADSTS code, or what a fault did. */
  readonly outcome: 'granted' | number | 'fault';
}

/** A token that was shown for introspection. */
export interface IntrospectionEntry {
  /** Milliseconds since 1970, by the tenant's clock. */
  readonly at: number;
  readonly active: boolean;
  /** Which token it was, where it was one of this tenant's. */
  readonly tokenId: string | undefined;
}

export interface TokenServiceOptions {
  readonly directory: Directory;
  readonly mint: TokenMint;
  readonly clock: Clock;
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
  /** How long tokens live, in milliseconds; asked for each. */
  readonly tokenLifeMs: () => number;
}

/** Entra's token service for one tenant: discovery, the token endpoint, and introspection, over HTTPS. */
export class TokenService {
  readonly faults = new TokenFaults();
  readonly #options: TokenServiceOptions;
  readonly #service: HttpsService;
  readonly #requests: TokenRequestEntry[] = [];
  readonly #introspections: IntrospectionEntry[] = [];

  constructor(options: TokenServiceOptions) {
    this.#options = options;
    this.#service = new HttpsService(options, (request) => this.#route(request));
  }

  /** Base address, as a project file names it in `authority`. */
  get origin(): string {
    return this.#service.origin;
  }

  /** What was asked of the token endpoint, in order. */
  get requests(): readonly TokenRequestEntry[] {
    return this.#requests;
  }

  /** The tokens that were shown for introspection, in order. */
  get introspections(): readonly IntrospectionEntry[] {
    return this.#introspections;
  }

  /** How many tokens were issued, to this application or to all. */
  issued(clientId?: string): number {
    return this.#requests.filter(
      (each) => each.outcome === 'granted' && (clientId === undefined || each.clientId === clientId),
    ).length;
  }

  listen(host: string, port: number): Promise<void> {
    return this.#service.listen(host, port);
  }

  async close(): Promise<void> {
    this.faults.clear();
    await this.#service.close();
  }

  /** Discovery repeats the name by which a client has found the service, so that it may stand behind a real one's. */
  async #route(request: HttpsRequest): Promise<HttpsAnswer | undefined> {
    const { directory, mint } = this.#options;
    const { origin, path } = request;
    const [tenant = '', ...rest] = path;
    if (path.join('/') === 'common/discovery/instance') return ok(instanceDiscovery(origin, directory.tenantId));
    switch (rest.join('/')) {
      case 'v2.0/.well-known/openid-configuration':
      case '.well-known/openid-configuration':
        return directory.isNamed(tenant)
          ? ok(openIdConfiguration(origin, directory.tenantId))
          : this.#refuse(tokenRefusal(90002, { tenant, clientId: '', scope: '' }), request);
      case 'discovery/v2.0/keys':
        return ok({ keys: [mint.publicJwk] });
      case 'oauth2/v2.0/token':
        return this.#token(request, tenant);
      case 'introspect':
        return this.#introspect(request);
      default:
        return { status: 404, body: '' };
    }
  }

  async #token(request: HttpsRequest, tenant: string): Promise<HttpsAnswer | undefined> {
    const form = new URLSearchParams(request.body);
    const asked = {
      at: this.#options.clock.now(),
      tenant,
      clientId: form.get('client_id') ?? '',
      scope: form.get('scope') ?? '',
      credential: credentialIn(form),
    };
    const struck = this.faults.strike(asked.clientId);
    switch (struck?.fault.kind) {
      case 'cut':
        this.#requests.push({ ...asked, outcome: 'fault' });
        return undefined;
      case 'answer':
        this.#requests.push({ ...asked, outcome: 'fault' });
        return struck.fault;
      case 'refuse': {
        const { code, retryAfter } = struck.fault;
        this.#requests.push({ ...asked, outcome: code });
        const refusal = tokenRefusal(code, asked);
        return this.#refuse(retryAfter === undefined ? refusal : { ...refusal, retryAfter }, request);
      }
      case 'hold':
        await struck.released;
        break;
      case undefined:
    }
    return this.#grant(request, form, asked);
  }

  #grant(request: HttpsRequest, form: URLSearchParams, asked: Omit<TokenRequestEntry, 'outcome'>): HttpsAnswer {
    const { directory, clock, mint, tokenLifeMs } = this.#options;
    const now = clock.now();
    const audiences = [asked.tenant, directory.tenantId].map((name) => `${request.origin}/${name}/oauth2/v2.0/token`);
    const decision = decideGrant(directory, { tenant: asked.tenant, form, audiences, now, clientNow: Date.now() });
    this.#requests.push({ ...asked, outcome: decision.granted ? 'granted' : decision.refusal.code });
    if (!decision.granted) return this.#refuse(decision.refusal, request);
    const { app, audience, by } = decision;
    const lifeMs = tokenLifeMs();
    const seconds = Math.floor(lifeMs / 1_000);
    return ok({
      token_type: 'Bearer',
      expires_in: seconds,
      ext_expires_in: seconds,
      access_token: mint.issue(app, { audience, now, lifeMs, by }),
    });
  }

  /** RFC 7662 section 2: for servers that show a token here instead of reading it themselves. */
  #introspect({ body }: HttpsRequest): HttpsAnswer {
    const token = this.#options.mint.read(new URLSearchParams(body).get('token') ?? '');
    const now = this.#options.clock.now();
    const active = token !== undefined && now < token.expiresAt;
    this.#introspections.push({ at: now, active, tokenId: token?.id });
    return ok(active ? introspection(token) : { active });
  }

  /** Entra's form of RFC 6749 section 5.2. */
  #refuse({ status, error, code, text, retryAfter }: TokenRefusal, { headers, body }: HttpsRequest): HttpsAnswer {
    const given = new URLSearchParams(body).get('client-request-id') ?? headers['client-request-id'];
    const correlation = typeof given === 'string' ? given : randomUUID();
    const trace = randomUUID();
    const at = `${new Date(this.#options.clock.now()).toISOString().slice(0, 19).replace('T', ' ')}Z`;
    return {
      status,
      headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
      body: {
        error,
        error_description: `AADSTS${code}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${at}`,
        error_codes: [code],
        timestamp: at,
        trace_id: trace,
        correlation_id: correlation,
        error_uri: `https://login.microsoftonline.com/error?code=${code}`,
      },
    };
  }
}

function ok(body: Readonly<Record<string, unknown>>): HttpsAnswer {
  return { status: 200, headers: { 'cache-control': 'no-store, no-cache' }, body };
}

function credentialIn(form: URLSearchParams): TokenRequestEntry['credential'] {
  if (form.has('client_secret')) return 'secret';
  return form.has('client_assertion') ? 'certificate' : 'none';
}

/** An application's token names no user: whom it may act for is known to the mail server alone. */
function introspection(token: IssuedToken): Readonly<Record<string, unknown>> {
  return {
    active: true,
    client_id: token.clientId,
    username: token.objectId,
    scope: token.roles.join(' '),
    aud: token.audience,
    sub: token.objectId,
    iat: Math.floor(token.issuedAt / 1_000),
    exp: Math.floor(token.expiresAt / 1_000),
  };
}
