import { proveClient } from './client-proof.ts';
import type { Directory } from './directory.ts';
import { type RefusalContext, type TokenRefusal, type AadstsCode, tokenRefusal } from './refusals.ts';
import type { Registration } from './registration.ts';

/** The resource whose tokens open mailboxes, by the names it goes by ("Office 365 Exchange Online"). */
export const EXCHANGE_AUDIENCES: readonly string[] = [
  'https://outlook.office365.com',
  'https://outlook.office.com',
  '00000002-0000-0ff1-ce00-000000000000',
];

/** One request to the token endpoint. */
export interface GrantRequest {
  /** As the path names it. */
  readonly tenant: string;
  readonly form: URLSearchParams;
  /** What an assertion's audience may be. */
  readonly audiences: readonly string[];
  /** Milliseconds since 1970: the tenant's clock, and the clients'. */
  readonly now: number;
  readonly clientNow: number;
}

export type GrantDecision =
  | {
      readonly granted: true;
      readonly app: Registration;
      readonly audience: string;
      readonly by: 'secret' | 'certificate';
    }
  | { readonly granted: false; readonly refusal: TokenRefusal };

/**
 * Decides on a client credentials grant (RFC 6749 section 4.4). A missing consent refuses nothing: the token is issued
 * without the role ("Microsoft identity platform and the OAuth 2.0 client credentials flow").
 */
export function decideGrant(directory: Directory, request: GrantRequest): GrantDecision {
  const { tenant, form } = request;
  const clientId = form.get('client_id') ?? '';
  const scope = requestedScope(form);
  const refused = (code: AadstsCode, more: Partial<RefusalContext> = {}): GrantDecision => ({
    granted: false,
    refusal: tokenRefusal(code, { tenant, clientId, scope, ...more }),
  });
  if (/^(?:common|consumers)$/i.test(tenant)) return refused(9001023);
  if (!directory.isNamed(tenant)) return refused(90002);
  if (!directory.inThisCloud) return refused(900432);
  const audience = scope.replace(/\/\.default$/, '');
  if (scope === '') return refused(70011);
  if (audience === scope) return refused(1002012);
  const app = directory.findApp(clientId);
  if (app === undefined || !app.installed) return refused(700016);
  if (!app.enabled) return refused(7000112);
  const proof = proveClient(form, app, request);
  if (proof.proved === false) {
    return refused(proof.code, proof.thumbprint === undefined ? {} : { thumbprint: proof.thumbprint });
  }
  if (!EXCHANGE_AUDIENCES.includes(audience)) return refused(500011);
  if (app.conditionalAccess === 'blocks-tokens') return refused(53003);
  return { granted: true, app, audience, by: proof.proved };
}

/** The one scope of a resource; libraries of Microsoft's add those of OpenID Connect. */
function requestedScope(form: URLSearchParams): string {
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return scopes.filter((scope) => !['openid', 'profile', 'offline_access'].includes(scope)).join(' ');
}
