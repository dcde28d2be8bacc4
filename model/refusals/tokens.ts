import { EXIT, type Refusal } from './row.ts';

/** Why Microsoft Entra gives no access token for an application; `model/aadsts.ts` has its codes. */
export const TOKEN_REFUSALS = {
  'token.secret-wrong': {
    scope: 'tenant',
    meaning: 'The client secret is wrong; often the secret’s ID was pasted instead of its value.',
    reaction: 'wait-for-access',
    next: 'Make a new client secret in the app registration (Certificates & secrets), copy its Value, not its Secret ID, put it where the project file names it, then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.secret-expired': {
    scope: 'tenant',
    meaning: 'The client secret has expired.',
    reaction: 'wait-for-access',
    next: 'Make a new client secret in the app registration (Certificates & secrets), put its Value where the project file names it, then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.certificate': {
    scope: 'tenant',
    meaning: 'The certificate is not registered with the application, its key does not fit, or none was sent.',
    reaction: 'wait-for-access',
    next: 'Compare the thumbprint with Certificates & secrets of the app registration and upload the certificate there, or correct `certificateFile`; then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.clock': {
    scope: 'tenant',
    meaning:
      'The assertion that the certificate’s key has signed is not within its time: the clock of the worker’s machine is wrong, or the certificate is not valid now.',
    reaction: 'wait-for-access',
    next: 'Set the clock of the worker’s machine (more than five minutes are refused), or register a certificate that is valid; then `mailferry retry`.',
    exit: EXIT.access,
  },
  'token.application-unknown': {
    scope: 'tenant',
    meaning: 'There is no such application in this tenant.',
    reaction: 'wait-for-access',
    next: 'Compare `clientId` with the Application (client) ID of the app registration, and `tenant` with the tenant in which it was consented to; then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.application-disabled': {
    scope: 'tenant',
    meaning: 'The application is disabled in this tenant.',
    reaction: 'wait-for-access',
    next: 'Enable the sign-in of the enterprise application in Entra (Enterprise applications, Properties), then `mailferry retry`.',
    exit: EXIT.access,
  },
  'token.tenant-unknown': {
    scope: 'tenant',
    meaning: 'There is no such tenant, or none that the mailbox’s domain belongs to.',
    reaction: 'wait-for-access',
    next: 'Correct `tenant`: the Directory (tenant) ID, or a domain of the tenant; or the mailbox’s address, where `tenant` is left out; then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.tenant-needed': {
    scope: 'tenant',
    meaning: 'An application’s own token comes from one tenant, and not from `common` or `organizations`.',
    reaction: 'wait-for-access',
    next: 'Set `tenant` to the Directory (tenant) ID or a domain of the tenant, then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.cloud': {
    scope: 'tenant',
    meaning: 'The tenant is in another national cloud.',
    reaction: 'wait-for-access',
    next: 'Set `cloud` to the tenant’s own (`global`, `gcc-high`, `dod` or `china`) and leave `host` out, then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.scope': {
    scope: 'tenant',
    meaning:
      'The scope names a resource that the tenant does not have, or is not written as an application’s has to be.',
    reaction: 'wait-for-access',
    next: 'Set `scope` to https://outlook.office365.com/.default (national clouds have their own), then `mailferry apply`.',
    exit: EXIT.access,
  },
  'token.consent': {
    scope: 'tenant',
    meaning: 'An administrator has not consented to the application’s permissions.',
    reaction: 'wait-for-access',
    next: 'Grant admin consent for IMAP.AccessAsApp in the app registration (API permissions), then `mailferry retry`.',
    exit: EXIT.access,
  },
  'token.conditional-access': {
    scope: 'tenant',
    meaning: 'Conditional Access or the security defaults of the tenant block the application.',
    reaction: 'wait-for-access',
    next: 'Look at Entra, Sign-in logs, Service principal sign-ins, and except the application or the worker’s address from the policy; then `mailferry retry`.',
    exit: EXIT.access,
  },
  'token.busy': {
    scope: 'tenant',
    meaning: 'The token service cannot answer at the moment, or the tenant asks it too often.',
    reaction: 'wait',
    next: 'Nothing: the wait that it asks for is kept.',
    exit: EXIT.unreachable,
  },
} as const satisfies Record<string, Refusal>;
