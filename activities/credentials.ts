import type { Login } from '../imap/types.ts';
import type { ClientCredential } from '../entra/credential.ts';
import type { AccessToken, TokenProvider, TokenRequest } from '../entra/tokens.ts';
import type {
  AdminForm,
  Endpoint,
  EndpointAuth,
  MailboxJob,
  OAuth2Credential,
  ProjectSettings,
  Side,
} from '../model/project.ts';
import { credentialBinding, passwordBinding, type SealBinding } from '../model/seal-binding.ts';
import type { Dependencies } from './dependencies.ts';
import type { Secrets } from './secrets.ts';

type OAuth2 = Extract<EndpointAuth, { readonly kind: 'oauth2' }>;

/** What opens secrets and gets tokens. */
export interface Openers {
  readonly openSecret: Dependencies['openSecret'];
  readonly tokens: TokenProvider;
  /** Learns every secret that is opened. */
  readonly secrets: Secrets;
}

/**
 * How to log in to one side of a mailbox. `fresh` asks for a new token where one is used. Rejects with a SealError or an
 * EntraRefusal.
 */
export async function loginFor(
  openers: Openers,
  { settings, row }: MailboxJob,
  side: Side,
  fresh: boolean,
): Promise<Login> {
  const endpoint = settings[side];
  const { user, password } = row[side];
  const { auth } = endpoint;
  switch (auth.kind) {
    case 'password': {
      if (password === undefined) throw new Error(`the row of ${row.id} has no password for its ${side}`);
      const secret = await opened(openers, passwordBinding(settings.name, endpoint, user), password);
      return { kind: 'password', user, secret };
    }
    case 'admin': {
      const secret = await opened(openers, bindingOf(settings, endpoint), auth.password);
      return adminLogin(auth.form, auth.admin, user, secret);
    }
    case 'oauth2': {
      const { text } = await tokenFor(openers, settings, side, fresh);
      return { kind: 'xoauth2', user, secret: () => text };
    }
  }
}

/** An access token for an endpoint that uses OAuth2. Rejects as `loginFor`. */
export async function tokenFor(
  openers: Openers,
  settings: ProjectSettings,
  side: Side,
  fresh: boolean,
): Promise<AccessToken> {
  const endpoint = settings[side];
  const { auth } = endpoint;
  if (auth.kind !== 'oauth2') throw new Error(`the ${side} of ${settings.name} does not use OAuth2`);
  const request = await tokenRequest(openers, settings, endpoint, auth);
  const token = await openers.tokens.token(request, fresh);
  openers.secrets.keep(token.text);
  return token;
}

async function tokenRequest(
  openers: Openers,
  settings: ProjectSettings,
  endpoint: Endpoint,
  auth: OAuth2,
): Promise<TokenRequest> {
  const { authority, authorityCaPem, tenant, clientId, scope } = auth;
  const credential = await clientCredential(openers, bindingOf(settings, endpoint), auth.credential);
  return { authority, tenant, clientId, scope, credential, ...(authorityCaPem !== undefined && { authorityCaPem }) };
}

async function clientCredential(
  openers: Openers,
  binding: SealBinding,
  credential: OAuth2Credential,
): Promise<ClientCredential> {
  if (credential.kind === 'secret') {
    const secret = await opened(openers, binding, credential.secret);
    return { kind: 'secret', secret: secret() };
  }
  const pem = await opened(openers, binding, credential.pem);
  const { thumbprint } = credential;
  return { kind: 'certificate', pem: pem(), ...(thumbprint !== undefined && { thumbprint }) };
}

/** The login of an administrator for one user, in the form that the source's server knows. */
function adminLogin(form: AdminForm, admin: string, user: string, secret: () => string): Login {
  switch (form) {
    case 'sasl-plain':
      return { kind: 'acting', user: admin, actsFor: user, secret };
    case 'dovecot':
      return { kind: 'password', user: `${user}*${admin}`, secret };
    case 'exchange':
      return { kind: 'password', user: `${admin}/${user}`, secret };
    case 'mirapoint':
      return { kind: 'password', user: `#${user}#${admin}#`, secret };
  }
}

async function opened({ openSecret, secrets }: Openers, binding: SealBinding, envelope: string): Promise<() => string> {
  const secret = secrets.keep(await openSecret(binding, envelope));
  return () => secret;
}

function bindingOf(settings: ProjectSettings, endpoint: Endpoint): SealBinding {
  const binding = credentialBinding(settings.name, endpoint);
  if (binding === undefined) throw new Error(`${endpoint.host} has no credential of its own`);
  return binding;
}
