/** The server of one side: its address, how its mailboxes are opened, and what no schema can say about both. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { dividersOf } from '../model/acting.ts';
import type { Side } from '../model/project.ts';
import type { IssueList } from './issues.ts';
import { endpointApplication } from './application.ts';
import { onlySecret, secretSources, type FileContext } from './secret-places.ts';
import type { EndpointFile, OAuth2File } from './schema.ts';
import { quote } from './show.ts';
import type { OpenAuth, OpenEndpoint, Place } from './types.ts';

/** Token services and scopes of Microsoft's clouds. */
const CLOUDS = {
  global: { authority: 'https://login.microsoftonline.com', scope: 'https://outlook.office365.com/.default' },
  china: { authority: 'https://login.partner.microsoftonline.cn', scope: 'https://partner.outlook.cn/.default' },
  'usgov-high': { authority: 'https://login.microsoftonline.us', scope: 'https://outlook.office365.us/.default' },
  'usgov-dod': { authority: 'https://login.microsoftonline.us', scope: 'https://outlook-dod.office365.us/.default' },
} as const;

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}

function plainHost(host: string): string {
  return isIP(host) > 0 ? host.toLowerCase() : domainToASCII(host);
}

function tokenService(
  given: OAuth2File,
  place: (key: string) => Place,
  issues: IssueList,
): { authority: string; scope: string } {
  const { authority, scope, cloud } = given;
  if ((authority === undefined) !== (scope === undefined)) {
    const present = authority === undefined ? 'scope' : 'authority';
    issues.add(place(present), `\`${present}\` stands alone`, '`authority` and `scope` together, or `cloud`');
  }
  if (cloud !== undefined && (authority !== undefined || scope !== undefined)) {
    issues.add(place('cloud'), '`cloud` stands beside `authority` or `scope`', 'one or the other');
  }
  const preset = CLOUDS[cloud ?? 'global'];
  return { authority: (authority ?? preset.authority).replace(/\/+$/, ''), scope: scope ?? preset.scope };
}

function oauth2Auth(given: OAuth2File, path: readonly PropertyKey[], context: FileContext): OpenAuth {
  const { tenant, authorityCa } = given;
  const authorityCaPem = authorityCa === undefined ? undefined : context.pems.get(authorityCa);
  const app = endpointApplication(given, path, context);
  return {
    kind: 'oauth2',
    tenant,
    ...(app !== undefined && { app }),
    ...tokenService(given, (key) => context.placeOf([...path, key]), context.issues),
    ...(authorityCaPem === undefined ? {} : { authorityCaPem }),
  };
}

/** Exchange takes what stands in front of the first divider for a domain: without one it would open the user's mailbox as the user. */
function checkAdministrator(
  { form, user }: Extract<EndpointFile['authentication'], { kind: 'administrator' }>,
  path: readonly PropertyKey[],
  { issues, placeOf }: FileContext,
): void {
  const place = placeOf([...path, 'user']);
  if (form === 'exchange') {
    if (!/[/\\@]/.test(user)) issues.add(place, `${quote(user)} stands without its domain`, '`Domain/Administrator`');
    return;
  }
  const divider = dividersOf(form).find((character) => user.includes(character));
  if (divider === undefined) return;
  issues.add(
    place,
    `${quote(user)} holds ${quote(divider)}, which divides user and administrator in the form \`${form}\``,
    'the administrator’s name alone; the user’s is added to it',
  );
}

function authOf(given: EndpointFile['authentication'], path: readonly PropertyKey[], context: FileContext): OpenAuth {
  switch (given.kind) {
    case 'password':
      return { kind: 'password' };
    case 'administrator': {
      const sources = secretSources(given, `Password of the administrator ${given.user}`, (key) =>
        context.placeOf([...path, key]),
      );
      const allowed = '`secretFile`, `secretEnv` or `prompt`';
      const secret = onlySecret(sources, context.placeOf(path), allowed, context.issues);
      checkAdministrator(given, path, context);
      return { kind: 'admin', form: given.form, admin: given.user, password: secret };
    }
    case 'oauth2':
      return oauth2Auth(given, path, context);
  }
}

/** The endpoint of a side; what does not hold together is added to the issues. */
export function openEndpoint(given: EndpointFile, side: Side, context: FileContext): OpenEndpoint {
  const { tls, ca, serverName, allowPlaintext } = given;
  const host = plainHost(given.host);
  if (tls === 'none' && !allowPlaintext && !isLoopback(host)) {
    context.issues.add(
      context.placeOf([side, 'tls']),
      `without TLS, passwords and mail could be read on the way to ${host}`,
      '`implicit` or `starttls`; or `allowPlaintext: true` beside it, if nobody else is on that network',
    );
  }
  const caPem = ca === undefined ? undefined : context.pems.get(ca);
  return {
    host,
    port: given.port ?? (tls === 'implicit' ? 993 : 143),
    tls,
    ...(caPem === undefined ? {} : { caPem }),
    ...(serverName === undefined ? {} : { serverName: plainHost(serverName) }),
    auth: authOf(given.authentication, [side, 'authentication'], context),
  };
}
