/** The server of one side: its address, how its mailboxes are opened, and what no schema can say about both. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Side } from '../model/project.ts';
import type { IssueList } from './issues.ts';
import type { EndpointFile } from './schema.ts';
import type { OpenAuth, OpenEndpoint, Place, SecretSource } from './types.ts';

type OAuth2File = Extract<EndpointFile['authentication'], { kind: 'oauth2' }>;

/** What the checks of a file need: where keys stand, where complaints go, and the text of files that hold no secret. */
export interface FileContext {
  readonly issues: IssueList;
  readonly placeOf: (path: readonly PropertyKey[]) => Place;
  /** PEM texts by file name as written; absent when the file could not be read, which has been complained of. */
  readonly pems: ReadonlyMap<string, string>;
}

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

interface SecretKeys {
  readonly secretFile?: string | undefined;
  readonly secretEnv?: string | undefined;
  readonly prompt?: true | string | undefined;
}

/** All references to one secret that are given; the caller says how many there may be. */
export function secretSources(
  keys: SecretKeys,
  question: string,
  placeOf: (key: keyof SecretKeys) => Place,
): readonly SecretSource[] {
  const { secretFile, secretEnv, prompt } = keys;
  return [
    ...(secretFile === undefined ? [] : [{ kind: 'file', path: secretFile, place: placeOf('secretFile') } as const]),
    ...(secretEnv === undefined ? [] : [{ kind: 'env', name: secretEnv, place: placeOf('secretEnv') } as const]),
    ...(prompt === undefined
      ? []
      : [{ kind: 'prompt', question: prompt === true ? question : prompt, place: placeOf('prompt') } as const]),
  ];
}

/** What a place holds for a side whose secret could not be told; the project is refused anyway. */
function missingSecret(place: Place): SecretSource {
  return { kind: 'env', name: '', place };
}

function onlySecret(sources: readonly SecretSource[], place: Place, allowed: string, issues: IssueList): SecretSource {
  const [first, second] = sources;
  if (second !== undefined) issues.add(second.place, 'the secret is referred to twice', `only one of ${allowed}`);
  if (first === undefined) issues.add(place, 'it is not said where the secret is', `one of ${allowed}`);
  return first ?? missingSecret(place);
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
  const { issues } = context;
  const place = (key: string): Place => context.placeOf([...path, key]);
  const { certificateFile, thumbprint, authorityCa } = given;
  const secrets = secretSources(given, `Client secret of ${given.clientId}`, place);
  const certificates =
    certificateFile === undefined
      ? []
      : [{ kind: 'file', path: certificateFile, place: place('certificateFile') } as const];
  const allowed = '`secretFile`, `secretEnv`, `prompt` or `certificateFile`';
  const source = onlySecret([...secrets, ...certificates], context.placeOf(path), allowed, issues);
  if (thumbprint !== undefined && certificateFile === undefined) {
    issues.add(place('thumbprint'), '`thumbprint` stands without a certificate', '`certificateFile` beside it');
  }
  const authorityCaPem = authorityCa === undefined ? undefined : context.pems.get(authorityCa);
  const isCertificate = certificateFile !== undefined && secrets.length === 0;
  return {
    kind: 'oauth2',
    tenant: given.tenant,
    clientId: given.clientId,
    credential: isCertificate
      ? {
          kind: 'certificate',
          pem: source,
          ...(thumbprint === undefined ? {} : { thumbprint }),
        }
      : { kind: 'secret', secret: source },
    ...tokenService(given, place, issues),
    ...(authorityCaPem === undefined ? {} : { authorityCaPem }),
  };
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
