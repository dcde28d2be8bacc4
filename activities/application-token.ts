import type { ClientCredential } from '../entra/credential.ts';
import { EntraRefusal } from '../entra/refusal.ts';
import type { AccessToken, TokenRequest } from '../entra/tokens.ts';
import type {
  EndpointAuth,
  MailboxRow,
  OAuth2Credential,
  ProjectSettings,
  RowApplication,
  Side,
} from '../model/project.ts';
import { applicationBinding, credentialBinding, type SealBinding } from '../model/seal-binding.ts';
import { opened, type Openers } from './openers.ts';

type OAuth2 = Extract<EndpointAuth, { readonly kind: 'oauth2' }>;

/** For whom a token is: a mailbox, or without a row the whole side. */
export interface TokenJob {
  readonly settings: ProjectSettings;
  readonly row?: MailboxRow;
}

/** The application that opens a mailbox, and what its secret is sealed for. */
interface Opener {
  readonly app: RowApplication;
  readonly binding: SealBinding | undefined;
}

/**
 * An access token of the row's own application, or else of the side's. `fresh` asks for a new one. Rejects with a SealError or
 * an EntraRefusal.
 */
export async function tokenFor(openers: Openers, job: TokenJob, side: Side, fresh: boolean): Promise<AccessToken> {
  const { auth } = job.settings[side];
  if (auth.kind !== 'oauth2') throw new Error(`the ${side} of ${job.settings.name} does not use OAuth2`);
  const request = await tokenRequest(openers, auth, openerOf(job, side, auth));
  const token = await openers.tokens.token(request, fresh);
  openers.secrets.keep(token.text);
  return token;
}

function openerOf({ settings, row }: TokenJob, side: Side, auth: OAuth2): Opener {
  const endpoint = settings[side];
  const mailbox = row?.[side];
  if (mailbox?.app !== undefined) {
    return { app: mailbox.app, binding: applicationBinding(settings.name, endpoint, mailbox.user, mailbox.app) };
  }
  if (auth.app !== undefined) return { app: auth.app, binding: credentialBinding(settings.name, endpoint) };
  throw new Error(`no application opens ${row?.id ?? `every mailbox`} at the ${side} of ${settings.name}`);
}

async function tokenRequest(openers: Openers, auth: OAuth2, { app, binding }: Opener): Promise<TokenRequest> {
  const { authority, authorityCaPem, scope } = auth;
  const { clientId } = app;
  const tenant = app.tenant ?? auth.tenant;
  if (tenant === undefined) {
    throw new EntraRefusal({
      code: 'access.token',
      text: `It is not known in which tenant application ${clientId} is`,
    });
  }
  const credential = await clientCredential(openers, binding, app.credential);
  return { authority, tenant, clientId, scope, credential, ...(authorityCaPem !== undefined && { authorityCaPem }) };
}

async function clientCredential(
  openers: Openers,
  binding: SealBinding | undefined,
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
