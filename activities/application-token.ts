import type { ClientCredential } from '../entra/credential.ts';
import { domainOf } from '../entra/discovery.ts';
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
  /** Whom it opens, where it is for a mailbox. */
  readonly user?: string | undefined;
}

/**
 * How old a token may be that is tried after a refusal: thousands of mailboxes may be refused at once, and a new token for each
 * would be a storm.
 */
export const FRESH_FOR_A_MAILBOX_MS = 60_000;

/**
 * An access token of the row's own application, or else of the side's, that came at most `atMostOld` milliseconds ago; of any
 * age when absent. Rejects with a SealError or an EntraRefusal.
 */
export async function tokenFor(openers: Openers, job: TokenJob, side: Side, atMostOld?: number): Promise<AccessToken> {
  const { auth } = job.settings[side];
  if (auth.kind !== 'oauth2') throw new Error(`the ${side} of ${job.settings.name} does not use OAuth2`);
  const opener = openerOf(job, side, auth);
  const tenant = opener.app.tenant ?? auth.tenant ?? (await tenantOf(openers, auth, opener));
  const request = await tokenRequest(openers, auth, opener, tenant);
  const token = await openers.tokens.token(request, atMostOld);
  openers.secrets.keep(token.text);
  return token;
}

function openerOf({ settings, row }: TokenJob, side: Side, auth: OAuth2): Opener {
  const endpoint = settings[side];
  const mailbox = row?.[side];
  if (mailbox?.app !== undefined) {
    const { app, user } = mailbox;
    return { app, binding: applicationBinding(settings.name, endpoint, user, app), user };
  }
  if (auth.app !== undefined) {
    return { app: auth.app, binding: credentialBinding(settings.name, endpoint), user: mailbox?.user };
  }
  throw new Error(`no application opens ${row?.id ?? `every mailbox`} at the ${side} of ${settings.name}`);
}

/** The tenant that the mailbox's domain belongs to, where nothing names one. */
async function tenantOf({ tenants }: Openers, auth: OAuth2, { app, user = '' }: Opener): Promise<string> {
  const domain = domainOf(user);
  if (domain !== undefined) return tenants.tenantOf(auth, domain);
  const whom = user === '' ? `application ${app.clientId}` : `the mailbox ${user}, which has no domain`;
  throw new EntraRefusal({
    code: 'token.tenant-needed',
    text: `It is not known which tenant to ask for a token for ${whom}: name \`tenant\` in the project file`,
  });
}

async function tokenRequest(
  openers: Openers,
  { authority, authorityCaPem, scope }: OAuth2,
  { app, binding }: Opener,
  tenant: string,
): Promise<TokenRequest> {
  const { clientId } = app;
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
