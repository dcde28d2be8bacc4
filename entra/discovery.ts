import type { Problem } from '../model/mailbox.ts';
import { TokenNetwork, TokenServiceFailed, type TokenServicePlace } from './network.ts';
import { otherCloudProblem } from './other-cloud.ts';
import { DIRECTLY, type ProxyFor } from './proxies.ts';
import { EntraRefusal, LONGEST_SERVER_TEXT, unreachable } from './refusal.ts';

/** Tells the tenant of a domain. */
export interface TenantFinder {
  /**
   * The ID of the tenant that the domain belongs to in the cloud of this token service. Rejects with an EntraRefusal where
   * Microsoft does not know the domain, where its tenant is in another cloud, or where nobody answers.
   */
  readonly tenantOf: (place: TokenServicePlace, domain: string) => Promise<string>;
}

/** Where a tenant is, as its OpenID configuration tells (OpenID Connect Discovery 1.0 section 4). */
interface Found {
  readonly tenant: string;
  /** Host of the token service of its cloud. */
  readonly host: string;
  /** Entra's `tenant_region_sub_scope`: DODCON for GCC High, DOD. */
  readonly subScope?: string;
}

interface Kept {
  readonly answer: Promise<string>;
  /** Epoch milliseconds until which the answer holds. */
  until: number;
}

/** Domains move between tenants so rarely that a project may be told of it by restarting its workers. */
const TENANT_HOLDS_MS = 86_400_000;
/** A refusal may be mended at any moment, and a thousand mailboxes must not ask a thousand times. */
const REFUSAL_HOLDS_MS = 30_000;
/** RFC 1035 section 2.3.4. */
const LONGEST_DOMAIN = 253;
const DOMAIN = /^(?=.*\.)[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u;

/** `now` gives epoch milliseconds. Each domain is asked about once, by however many mailboxes. */
export function createTenantFinder(now: () => number, proxyFor: ProxyFor = DIRECTLY): TenantFinder {
  const known = new Map<string, Kept>();

  function tenantOf(place: TokenServicePlace, domain: string): Promise<string> {
    const name = domain.toLowerCase();
    const key = JSON.stringify([place.authority, place.authorityCaPem, name]);
    const before = known.get(key);
    if (before !== undefined && now() < before.until) return before.answer;
    const answer = find(new TokenNetwork(place, proxyFor), place, name);
    const kept: Kept = { answer, until: Number.POSITIVE_INFINITY };
    known.set(key, kept);
    answer.then(
      () => (kept.until = now() + TENANT_HOLDS_MS),
      () => (kept.until = now() + REFUSAL_HOLDS_MS),
    );
    return answer;
  }

  return { tenantOf };
}

/** The domain of a mailbox's address; undefined for a user name that is none. */
export function domainOf(user: string): string | undefined {
  const domain = user.slice(user.lastIndexOf('@') + 1);
  return user.includes('@') && domain.length <= LONGEST_DOMAIN && DOMAIN.test(domain) ? domain : undefined;
}

async function find(network: TokenNetwork, place: TokenServicePlace, domain: string): Promise<string> {
  const { tenant, host, subScope } = await configurationOf(network, place, domain);
  const { host: asked } = new URL(place.authority);
  if (host !== asked) throw new EntraRefusal(otherCloudProblem({ tenant: domain, asked, host, subScope }));
  return tenant;
}

/** The cloud that a tenant says it is in, as a problem, where that is another than the configured one. */
export async function whyNotHere(
  network: TokenNetwork,
  place: TokenServicePlace,
  tenant: string,
): Promise<Problem | undefined> {
  try {
    const { host, subScope } = await configurationOf(network, place, tenant);
    const { host: asked } = new URL(place.authority);
    return host === asked ? undefined : otherCloudProblem({ tenant, asked, host, subScope });
  } catch (error) {
    // It was asked for a better explanation of a refusal, which stands without it.
    if (error instanceof EntraRefusal) return undefined;
    throw error;
  }
}

async function configurationOf(network: TokenNetwork, place: TokenServicePlace, tenant: string): Promise<Found> {
  const { authority } = place;
  const url = `${authority}/${encodeURIComponent(tenant)}/v2.0/.well-known/openid-configuration`;
  try {
    const { status, body } = await network.sendGetRequestAsync<unknown>(url);
    const found = readConfiguration(body);
    if (found !== undefined) return found;
    throw new EntraRefusal(refused(tenant, place, status, body));
  } catch (error) {
    throw error instanceof TokenServiceFailed
      ? new EntraRefusal(unreachable(error, authority), { cause: error })
      : error;
  }
}

/** The issuer is `https://HOST/TENANT-ID/v2.0`. */
const ISSUER = /^https:\/\/([^/]+)\/([0-9a-f-]{36})\/v2\.0\/?$/i;

function readConfiguration(body: unknown): Found | undefined {
  if (typeof body !== 'object' || body === null || !('issuer' in body)) return undefined;
  const [, host, tenant] = ISSUER.exec(String(body.issuer)) ?? [];
  if (host === undefined || tenant === undefined) return undefined;
  const subScope = 'tenant_region_sub_scope' in body ? body.tenant_region_sub_scope : undefined;
  return { tenant, host, ...(typeof subScope === 'string' && { subScope }) };
}

const TOO_MANY_REQUESTS = 429;
const SERVER_FAULT = 500;

function refused(domain: string, { authority }: TokenServicePlace, status: number, body: unknown): Problem {
  const said = typeof body === 'object' && body !== null && 'error_description' in body ? body.error_description : '';
  const serverText =
    String(said)
      .split(/\s*(?:Trace ID|Check to make sure)/)[0]
      ?.slice(0, LONGEST_SERVER_TEXT) ?? '';
  if (status === TOO_MANY_REQUESTS || status >= SERVER_FAULT) {
    return {
      code: 'token.busy',
      text: `${authority} cannot tell the tenant of ${domain} at the moment (${status})`,
    };
  }
  return {
    code: 'token.tenant-unknown',
    text: `Microsoft knows no tenant for the domain ${domain} in the cloud of ${authority}: correct the address, or name \`tenant\` (and \`cloud\`)`,
    ...(serverText !== '' && { serverText }),
  };
}
