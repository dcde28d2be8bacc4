import { createHash } from 'node:crypto';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { readClaims } from './claims.ts';
import { clientAuthentication, type ClientCredential } from './credential.ts';
import { whyNotHere } from './discovery.ts';
import { TokenNetwork, type TokenServicePlace } from './network.ts';
import { DIRECTLY, type ProxyFor } from './proxies.ts';
import { EntraRefusal, toEntraRefusal, type Asked } from './refusal.ts';

/** Which token: app-only, by the client credentials grant (RFC 6749 section 4.4). */
export interface TokenRequest extends TokenServicePlace {
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
   * A token that is valid now, from the cache where there is one that came at most `atMostOld` milliseconds ago (any that is
   * not due for renewal, when absent): a token that was issued before a permission was given lacks it until it expires.
   * Rejects with an EntraRefusal.
   */
  readonly token: (request: TokenRequest, atMostOld?: number) => Promise<AccessToken>;
}

/** What the token service said a moment ago holds for everybody. */
export const MOMENT_MS = 5_000;
/** A refusal holds so long for whoever would have taken a token of any age: thousands of mailboxes may be waiting. */
const REFUSAL_HOLDS_MS = 60_000;
/** A wait that a service asks for is kept up to this. */
const LONGEST_WAIT_MS = 3_600_000;
/** The part of its life after which a token is renewed. */
const RENEWED_AFTER = 0.8;
/** Rows may bring applications by the thousand; those out of use are forgotten. */
const KEPT_ENTRIES = 100;

/** Requests of one application with one credential, and their answers. */
interface Entry {
  readonly network: TokenNetwork;
  asking?: Promise<AccessToken> | undefined;
  /** The last token that came. */
  kept?: { readonly token: AccessToken; readonly since: number } | undefined;
  /** What was answered since then instead of another. */
  refused?: { readonly refusal: EntraRefusal; readonly since: number } | undefined;
}

/** Tokens of one worker. `now` gives epoch milliseconds. Nothing is written anywhere. */
export function createTokenProvider(now: () => number, proxyFor: ProxyFor = DIRECTLY): TokenProvider {
  const entries = new Map<string, Entry>();

  async function tokenFor(request: TokenRequest, atMostOld = Number.POSITIVE_INFINITY): Promise<AccessToken> {
    const entry = entryOf(request);
    const { kept, refused } = entry;
    const holds = Math.max(atMostOld, MOMENT_MS);
    if (kept !== undefined && now() - kept.since < holds && !isDue(kept)) return kept.token;
    try {
      if (refused !== undefined && now() - refused.since < refusalHolds(refused.refusal, holds)) throw refused.refusal;
      return await (entry.asking ??= ask(entry, request));
    } catch (error) {
      // A renewal that fails in the last fifth of a token's life costs nothing yet.
      if (atMostOld === Number.POSITIVE_INFINITY && kept !== undefined && now() < kept.token.expiresAt)
        return kept.token;
      throw error;
    }
  }

  function isDue({ token, since }: NonNullable<Entry['kept']>): boolean {
    return now() >= since + RENEWED_AFTER * (token.expiresAt - since);
  }

  function entryOf(request: TokenRequest): Entry {
    const key = keyOf(request);
    const known = entries.get(key);
    if (known !== undefined) return known;
    if (entries.size >= KEPT_ENTRIES) forgetUnused();
    const entry: Entry = { network: new TokenNetwork(request, proxyFor) };
    entries.set(key, entry);
    return entry;
  }

  function forgetUnused(): void {
    for (const [key, { asking, kept, refused }] of entries) {
      const until = Math.max(kept?.token.expiresAt ?? 0, (refused?.since ?? 0) + REFUSAL_HOLDS_MS);
      if (asking === undefined && now() >= until) entries.delete(key);
    }
  }

  async function ask(entry: Entry, request: TokenRequest): Promise<AccessToken> {
    try {
      const token = await acquire(entry, request, now);
      Object.assign(entry, { kept: { token, since: now() }, refused: undefined });
      return token;
    } catch (error) {
      const refusal = await explained(entry, request, error);
      entry.refused = { refusal, since: now() };
      throw refusal;
    } finally {
      entry.asking = undefined;
    }
  }

  return { token: tokenFor };
}

/** A service that says how long to wait is not asked before, whoever wants to. */
function refusalHolds({ problem }: EntraRefusal, holds: number): number {
  return problem.waitMs === undefined ? Math.min(holds, REFUSAL_HOLDS_MS) : Math.min(problem.waitMs, LONGEST_WAIT_MS);
}

/** Codes of Entra behind which there may be a tenant of another cloud. */
const ELSEWHERE: ReadonlySet<string> = new Set(['90002', '900432', '90038']);

async function explained({ network }: Entry, request: TokenRequest, error: unknown): Promise<EntraRefusal> {
  const refusal = toEntraRefusal(network.failure ?? error, askedOf(request, network));
  const { aadsts, oauthError } = refusal;
  if (aadsts === undefined || !ELSEWHERE.has(aadsts)) return refusal;
  const why = await whyNotHere(network, request, request.tenant);
  const details = { aadsts, cause: refusal, ...(oauthError !== undefined && { oauthError }) };
  return why === undefined ? refusal : new EntraRefusal({ ...refusal.problem, ...why }, details);
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

/** With a client of the library's for this once: it would keep the credential, its tokens, and waits of its own. */
async function acquire({ network }: Entry, request: TokenRequest, now: () => number): Promise<AccessToken> {
  const app = application(request, network);
  const result = await app.acquireTokenByClientCredential({ scopes: [request.scope], skipCache: true });
  if (result === null) throw new Error('the token service answered without a token');
  const { audience, roles, delegated, expiresAt } = readClaims(result.accessToken);
  // By this machine's clock, which may be wrong: an hour from now is an hour from now.
  const until = network.lifeMs === undefined ? expiresAt : now() + network.lifeMs;
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

/** What the last answer of the token service was. */
type Answered = Pick<TokenNetwork, 'retryAfterMs' | 'refusedBecause'>;

function askedOf({ authority, tenant, clientId, credential }: TokenRequest, answer: Partial<Answered> = {}): Asked {
  const { retryAfterMs, refusedBecause } = answer;
  const secret = credential.kind === 'secret' ? credential.secret : credential.pem;
  return { authority, tenant, clientId, retryAfterMs, refusedBecause, scrub: (text) => text.replaceAll(secret, '…') };
}

function silent(): void {
  // What the library logs may hold parts of requests.
}
