/** The server of one side: its address, how its mailboxes are opened, and what no schema can say about both. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { dividersOf } from '../model/acting.ts';
import { CLOUDS, cloudOfHost, type Cloud } from '../model/clouds.ts';
import type { Side } from '../model/project.ts';
import type { IssueList } from './issues.ts';
import { endpointApplication } from './application.ts';
import { onlySecret, secretSources, type FileContext } from './secret-places.ts';
import type { EndpointFile, OAuth2File } from './schema.ts';
import { quote } from './show.ts';
import type { OpenAuth, OpenEndpoint, Place } from './types.ts';

const DEFAULT_CLOUD: Cloud = 'global';

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
  const preset = CLOUDS[cloud ?? DEFAULT_CLOUD];
  return { authority: (authority ?? preset.authority).replace(/\/+$/, ''), scope: scope ?? preset.scope };
}

function oauth2Auth(given: OAuth2File, path: readonly PropertyKey[], context: FileContext): OpenAuth {
  const { tenant, authorityCa } = given;
  const authorityCaPem = authorityCa === undefined ? undefined : context.pems.get(authorityCa);
  const app = endpointApplication(given, path, context);
  return {
    kind: 'oauth2',
    ...(tenant !== undefined && { tenant }),
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

/** The server's host; that of the Microsoft cloud where the file has none. */
function hostOf(given: EndpointFile, side: Side, { issues, placeOf }: FileContext): string {
  const { authentication } = given;
  const cloud = cloudOf(authentication);
  if (given.host === undefined) {
    if (cloud !== undefined) return CLOUDS[cloud].host;
    issues.add(placeOf([side, 'host']), 'this is missing', 'a host name or address, without port and without imap://');
    return '';
  }
  const host = plainHost(given.host);
  const other = cloudOfHost(host);
  if (cloud !== undefined && other !== undefined && other !== cloud) {
    issues.add(
      placeOf([side, 'host']),
      `found “${host}”, the mail server of \`cloud: ${other}\`, and tokens would come from \`${cloud}\``,
      `\`cloud: ${other}\` under \`authentication\`, or no \`host\``,
    );
  }
  return host;
}

/** The Microsoft cloud that mailboxes are in; undefined where a token service of its own is named, or none is needed. */
function cloudOf(given: EndpointFile['authentication']): Cloud | undefined {
  if (given.kind !== 'oauth2') return undefined;
  if (given.authority !== undefined || given.scope !== undefined) return undefined;
  return given.cloud ?? DEFAULT_CLOUD;
}

/** The endpoint of a side; what does not hold together is added to the issues. */
export function openEndpoint(given: EndpointFile, side: Side, context: FileContext): OpenEndpoint {
  const { tls, ca, serverName, allowPlaintext } = given;
  const host = hostOf(given, side, context);
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
