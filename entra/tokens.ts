import { createHash } from 'node:crypto';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { readClaims } from './claims.ts';
import { clientAuthentication, type ClientCredential } from './credential.ts';
import { TokenNetwork } from './network.ts';
import { EntraRefusal, toEntraRefusal, type Asked } from './refusal.ts';

/** Which token: app-only, by the client credentials grant (RFC 6749 section 4.4). */
export interface TokenRequest {
  /** Base of the token service, e.g. https://login.microsoftonline.com */
  readonly authority: string;
  /** PEM of certificate authorities trusted for the token service instead of the system's. */
  readonly authorityCaPem?: string;
  readonly tenant: string;
  readonly clientId: string;
  readonly scope: string;
  readonly credential: ClientCredential;
}

export interface AccessToken {
  readonly text: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly audience: string;
  readonly roles: readonly string[];
  /** Delegated permissions, which a token of an application should not have. */
  readonly delegated?: readonly string[];
}

export interface TokenProvider {
  /**
   * A token that is valid now, from the cache where there is one. `fresh` asks the token service again: a token that was
   * issued before a permission was given lacks it until it expires. Rejects with an EntraRefusal.
   */
  readonly token: (request: TokenRequest, fresh?: boolean) => Promise<AccessToken>;
}

/** What the token service said a moment ago holds, for `fresh` too: a thousand mailboxes that are refused ask once. */
const MOMENT_MS = 5_000;
/** The part of its life after which a token is renewed. */
const RENEWED_AFTER = 0.8;

/** Requests of one application with one credential, and their answers. */
interface Entry {
  readonly app: ConfidentialClientApplication;
  readonly network: TokenNetwork;
  asking?: Promise<AccessToken> | undefined;
  /** When the last answer came that is kept. */
  answeredAt: number;
  /** When a renewal failed that could be done without. */
  failedAt?: number;
  token?: AccessToken | undefined;
  refusal?: EntraRefusal | undefined;
}

/** Tokens of one worker. `now` gives epoch milliseconds. Nothing is written anywhere. */
export function createTokenProvider(now: () => number): TokenProvider {
  const entries = new Map<string, Entry>();

  async function tokenFor(request: TokenRequest, fresh = false): Promise<AccessToken> {
    const key = keyOf(request);
    const entry = entries.get(key) ?? newEntry(request);
    entries.set(key, entry);
    if (entry.asking !== undefined) return entry.asking;
    const recent = now() - entry.answeredAt < MOMENT_MS;
    if (recent && entry.refusal !== undefined) throw entry.refusal;
    if (entry.token !== undefined && (recent || !fresh) && !isOld(entry)) return entry.token;
    entry.asking = ask(entry, request, fresh);
    try {
      return await entry.asking;
    } finally {
      entry.asking = undefined;
    }
  }

  /** True when the token's renewal is due, and did not fail just now. */
  function isOld({ token: kept, answeredAt, failedAt = Number.NEGATIVE_INFINITY }: Entry): boolean {
    if (kept !== undefined && now() < kept.expiresAt && now() - failedAt < MOMENT_MS) return false;
    return kept === undefined || now() >= answeredAt + RENEWED_AFTER * (kept.expiresAt - answeredAt);
  }

  async function ask(entry: Entry, request: TokenRequest, fresh: boolean): Promise<AccessToken> {
    try {
      const token = await acquire(entry, request);
      Object.assign(entry, { token, refusal: undefined, answeredAt: now() });
      return token;
    } catch (error) {
      const refusal = toEntraRefusal(entry.network.failure ?? error, askedOf(request, entry.network.retryAfterMs));
      const kept = entry.token;
      // A renewal that fails in the last fifth of a token's life costs nothing yet.
      if (!fresh && kept !== undefined && now() < kept.expiresAt) {
        entry.failedAt = now();
        return kept;
      }
      Object.assign(entry, { token: undefined, refusal, answeredAt: now() });
      throw refusal;
    }
  }

  return { token: tokenFor };
}

function newEntry(request: TokenRequest): Entry {
  const network = new TokenNetwork(request.authorityCaPem);
  return { app: application(request, network), network, answeredAt: Number.NEGATIVE_INFINITY };
}

function application(request: TokenRequest, networkClient: TokenNetwork): ConfidentialClientApplication {
  const authority = authorityUrl(request);
  const authentication = clientAuthentication(request.credential);
  try {
    return new ConfidentialClientApplication({
      auth: {
        clientId: request.clientId,
        authority: authority.href,
        // Taken at the administrator's word: otherwise the library asks Microsoft about a host that it does not know.
        knownAuthorities: [authority.host],
        ...authentication,
      },
      system: {
        networkClient,
        disableInternalRetries: true,
        loggerOptions: { loggerCallback: silent, piiLoggingEnabled: false },
      },
    });
  } catch (error) {
    throw toEntraRefusal(error, askedOf(request));
  }
}

function authorityUrl({ authority, tenant }: TokenRequest): URL {
  const url = URL.parse(`${authority.replace(/\/+$/, '')}/${encodeURIComponent(tenant)}/`);
  if (url?.protocol !== 'https:') {
    throw new EntraRefusal({ code: 'access.token', text: `The authority ${authority} is not an https address` });
  }
  return url;
}

async function acquire({ app }: Entry, { scope }: TokenRequest): Promise<AccessToken> {
  const result = await app.acquireTokenByClientCredential({ scopes: [scope], skipCache: true });
  if (result === null) throw new Error('the token service answered without a token');
  const { audience, roles, delegated, expiresAt } = readClaims(result.accessToken);
  const until = expiresAt ?? result.expiresOn?.getTime();
  if (until === undefined) throw new Error('the token service does not say when the token expires');
  return { text: result.accessToken, expiresAt: until, audience, roles, ...(delegated.length > 0 && { delegated }) };
}

/** A digest, so that no credential is kept longer than the library keeps it. */
function keyOf(request: TokenRequest): string {
  const { authority, authorityCaPem, tenant, clientId, scope, credential } = request;
  const secret = credential.kind === 'secret' ? credential.secret : [credential.pem, credential.thumbprint];
  const parts = JSON.stringify([authority, authorityCaPem, tenant, clientId, scope, credential.kind, secret]);
  return createHash('sha256').update(parts).digest('base64');
}

function askedOf({ authority, tenant, clientId, credential }: TokenRequest, retryAfterMs?: number): Asked {
  const secret = credential.kind === 'secret' ? credential.secret : credential.pem;
  return { authority, tenant, clientId, retryAfterMs, scrub: (text) => text.replaceAll(secret, '…') };
}

function silent(): void {
  // What the library logs may hold parts of requests.
}
