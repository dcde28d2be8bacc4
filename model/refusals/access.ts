import { EXIT, type Refusal } from './row.ts';

/** Refusals of logins. */
export const ACCESS_REFUSALS = {
  'access.refused': {
    scope: 'mailbox',
    meaning:
      'The server refuses this login although it is well-formed; permissions given a short time ago look the same.',
    reaction: 'wait-for-access',
    next: 'Check that the permission for this mailbox was given and that IMAP is enabled for it (`mailferry doctor FILE --all` prints the commands), then `mailferry retry`.',
    exit: EXIT.access,
  },
  'access.password': {
    scope: 'mailbox',
    meaning: 'The server does not accept this user name and password.',
    reaction: 'wait-for-access',
    next: 'Correct the password (or the user name) in the CSV or the project file and run `mailferry apply`.',
    exit: EXIT.access,
  },
  'access.administrator': {
    scope: 'endpoint',
    meaning: 'The administrator may log in, but not open this user’s mailbox.',
    reaction: 'wait-for-access',
    next: 'Give the administrator the right to act for users on the server, or choose another form in `authentication`.',
    exit: EXIT.access,
  },
  'access.own-mailbox': {
    scope: 'endpoint',
    meaning:
      'The administrator’s login for a user opens the administrator’s own mailbox: the server passes over the user’s name, and every mailbox would be that one.',
    reaction: 'attention',
    next: 'Choose the `form` in `authentication` that the server knows, and an administrator without a mailbox of their own; then `mailferry apply`.',
    exit: EXIT.access,
  },
  'access.method': {
    scope: 'endpoint',
    meaning: 'The server offers no way to log in that fits the project file.',
    reaction: 'attention',
    next: 'Compare the server’s AUTH capabilities in the message with `authentication` and `tls` of the endpoint.',
    exit: EXIT.access,
  },
  'access.token': {
    scope: 'tenant',
    meaning: 'The token service gave no access token for the application.',
    reaction: 'wait-for-access',
    next: 'Follow the error code in the message: tenant, client id, secret or certificate, and admin consent.',
    exit: EXIT.access,
  },
  'access.audience': {
    scope: 'tenant',
    meaning: 'The access token is for another resource than the mail server.',
    reaction: 'wait-for-access',
    next: 'Correct `scope` of the endpoint (for Exchange Online https://outlook.office365.com/.default), then `mailferry apply`.',
    exit: EXIT.access,
  },
  'access.role': {
    scope: 'tenant',
    meaning:
      'The access token lacks the application permission IMAP.AccessAsApp: no mailbox opens with it. A consent given a short time ago shows in a new token only.',
    reaction: 'wait-for-access',
    next: 'Add the application permission IMAP.AccessAsApp of Office 365 Exchange Online, grant admin consent, then `mailferry retry`.',
    exit: EXIT.access,
  },
  'access.tenant': {
    scope: 'tenant',
    meaning:
      'The access token is good, and every mailbox that was tried refuses the application. Permissions given a short time ago look the same.',
    reaction: 'wait-for-access',
    next: 'Go through the causes that `mailferry doctor FILE` names, with its commands for the tenant; then `mailferry retry`.',
    exit: EXIT.access,
  },
  'access.basic-auth': {
    scope: 'tenant',
    meaning: 'The server takes no passwords any more: basic authentication is off.',
    reaction: 'attention',
    next: 'Use OAuth2 (`authentication: oauth2`; `mailferry setup m365` prints how the tenant is opened), then `mailferry apply`.',
    exit: EXIT.access,
  },
  'access.app-password': {
    scope: 'mailbox',
    meaning: 'The account wants a password of its own for programs, since it signs in with a second factor.',
    reaction: 'attention',
    next: 'Make an application password in the account’s security settings, put it into the CSV, then `mailferry apply`.',
    exit: EXIT.access,
  },
  'access.unavailable': {
    scope: 'mailbox',
    meaning: 'The server cannot open the mailbox at the moment.',
    reaction: 'wait',
    next: 'Nothing: it is tried again. If it lasts for hours, ask the server’s administrator about this mailbox.',
    exit: EXIT.unreachable,
  },
} as const satisfies Record<string, Refusal>;
