import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from './clock.ts';
import type { Directory } from './directory.ts';
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
  readonly cert: string;
  readonly key: string;
  /** How long tokens live, in milliseconds; asked for each. */
  readonly tokenLifeMs: () => number;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Readonly<Record<string, unknown>>;
}

/** A token service reads no longer request than this. */
const LONGEST_REQUEST_BYTES = 256 * 1024;

/** Entra's token service for one tenant: discovery, the token endpoint, and introspection, over HTTPS. */
export class TokenService {
  readonly faults = new TokenFaults();
  readonly #options: TokenServiceOptions;
  readonly #server: Server;
  readonly #requests: TokenRequestEntry[] = [];
  readonly #introspections: IntrospectionEntry[] = [];
  #origin = '';

  constructor(options: TokenServiceOptions) {
    this.#options = options;
    this.#server = createServer({ cert: options.cert, key: options.key }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  /** Base address, as a project file names it in `authority`. */
  get origin(): string {
    return this.#origin;
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

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The token service does not listen on a port');
    this.#origin = originOf(address);
  }

  async close(): Promise<void> {
    this.faults.clear();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Discovery repeats the name by which a client has found the service, so that it may stand behind a real one's.
    const origin = `https://${request.headers.host ?? new URL(this.#origin).host}`;
    const { pathname } = new URL(request.url ?? '/', origin);
    const answer = await this.#route(request, origin, pathname);
    if (answer === undefined) {
      response.destroy();
      return;
    }
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store, no-cache',
      'x-ms-request-id': randomUUID(),
      ...answer.headers,
    });
    response.end(text);
  }

  /** The answer; undefined ends the connection. */
  async #route(request: IncomingMessage, origin: string, pathname: string): Promise<HttpAnswer | undefined> {
    const { directory, mint } = this.#options;
    if (pathname === '/common/discovery/instance') return ok(instanceDiscovery(origin, directory.tenantId));
    const [, tenant = '', ...rest] = pathname.split('/').map((part) => decodeURIComponent(part));
    switch (rest.join('/')) {
      case 'v2.0/.well-known/openid-configuration':
      case '.well-known/openid-configuration':
        return directory.isNamed(tenant)
          ? ok(openIdConfiguration(origin, directory.tenantId))
          : this.#refuse(tokenRefusal(90002, { tenant, clientId: '', scope: '' }), request);
      case 'discovery/v2.0/keys':
        return ok({ keys: [mint.publicJwk] });
      case 'oauth2/v2.0/token':
        return this.#token(request, origin, tenant);
      case 'introspect':
        return this.#introspect(request);
      default:
        return { status: 404, body: '' };
    }
  }

  async #token(request: IncomingMessage, origin: string, tenant: string): Promise<HttpAnswer | undefined> {
    const form = new URLSearchParams(await textOf(request));
    const { directory, clock, mint, tokenLifeMs } = this.#options;
    const clientId = form.get('client_id') ?? '';
    const struck = this.faults.strike(clientId);
    const asked = {
      at: clock.now(),
      tenant,
      clientId,
      scope: form.get('scope') ?? '',
      credential: credentialIn(form),
    };
    if (struck !== undefined && struck.fault.kind !== 'hold') {
      const { fault } = struck;
      this.#requests.push({ ...asked, outcome: fault.kind === 'refuse' ? fault.code : 'fault' });
      if (fault.kind === 'cut') return undefined;
      if (fault.kind === 'answer') return fault;
      const refusal = tokenRefusal(fault.code, { tenant, clientId, scope: asked.scope });
      return this.#refuse(
        fault.retryAfter === undefined ? refusal : { ...refusal, retryAfter: fault.retryAfter },
        request,
        form,
      );
    }
    await struck?.released;
    const decision = decideGrant(directory, {
      tenant,
      form,
      audiences: this.#endpointNames(origin, tenant),
      now: clock.now(),
      clientNow: Date.now(),
    });
    this.#requests.push({ ...asked, outcome: decision.granted ? 'granted' : decision.refusal.code });
    if (!decision.granted) return this.#refuse(decision.refusal, request, form);
    const { app, audience, by } = decision;
    const lifeMs = tokenLifeMs();
    const seconds = Math.floor(lifeMs / 1_000);
    return ok({
      token_type: 'Bearer',
      expires_in: seconds,
      ext_expires_in: seconds,
      access_token: mint.issue(app, { audience, now: clock.now(), lifeMs, by }),
    });
  }

  /** RFC 7662 section 2: for servers that show a token here instead of reading it themselves. */
  async #introspect(request: IncomingMessage): Promise<HttpAnswer> {
    const form = new URLSearchParams(await textOf(request));
    const token = this.#options.mint.read(form.get('token') ?? '');
    const now = this.#options.clock.now();
    const active = token !== undefined && now < token.expiresAt;
    this.#introspections.push({ at: now, active, tokenId: token?.id });
    return ok(active ? introspection(token) : { active });
  }

  /** Entra's form of RFC 6749 section 5.2. */
  #refuse(refusal: TokenRefusal, request: IncomingMessage, form?: URLSearchParams): HttpAnswer {
    const { status, error, code, text, retryAfter } = refusal;
    const given = form?.get('client-request-id') ?? request.headers['client-request-id'];
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

  /** The addresses of the token endpoint that an assertion may be meant for. */
  #endpointNames(origin: string, tenant: string): readonly string[] {
    return [tenant, this.#options.directory.tenantId].map((name) => `${origin}/${name}/oauth2/v2.0/token`);
  }
}

function ok(body: Readonly<Record<string, unknown>>): HttpAnswer {
  return { status: 200, body };
}

function originOf({ address, port, family }: AddressInfo): string {
  return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
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

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_REQUEST_BYTES) throw new Error('A request too long for a token service');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
