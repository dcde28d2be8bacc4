/**
 * Texts as servers were seen to say them, for the documentation, for `mailferry explain`, and for tests: each is classified by
 * `model/server-texts.ts` as it says here. From Microsoft's documentation on IMAP in Exchange, RFC 5530, and logs of users
 * of other migration tools.
 */
import type { RefusalCode } from './refusals.ts';
import type { Asked, LoginKind } from './server-texts.ts';

export interface SeenText {
  readonly servers: string;
  readonly asked: Asked;
  readonly responseCode?: string;
  readonly text: string;
  readonly code: RefusalCode;
  /** Where the meaning depends on it; any other login when absent. */
  readonly login?: LoginKind;
  readonly waitMs?: number;
  /** What is known of this text beyond the meaning of its code. */
  readonly remark?: string;
}

export interface SeenElsewhere {
  readonly servers: string;
  readonly text: string;
  readonly code?: RefusalCode;
  readonly remark: string;
}

const EXCHANGE = 'Exchange Online';
const OLD_EXCHANGE = 'Exchange';
const GMAIL = 'Gmail';
const DOVECOT = 'Dovecot';
const CYRUS = 'Cyrus';
const ANY = 'any (RFC 5530)';

const HOUR_MS = 3_600_000;
const CATCH_ALL =
  'A catch-all: size, date, flags, a line of more than 9,900 characters, NUL bytes, or a full mailbox. The message is sent once more over a new connection first.';
const NOT_CONNECTED =
  'FullAccess is missing, the service principal has the wrong Object ID, IMAP is disabled, there is no mailbox behind the address, or too many connections are open. Of one mailbox its own fault, of all mailboxes the tenant’s.';
const LOGIN_FAILED =
  'With a token: look at its audience and role first (`mailferry doctor`), then at service principal, FullAccess, IMAP and Conditional Access. Of one mailbox its own fault, of all mailboxes the tenant’s.';

export const SEEN_TEXTS: readonly SeenText[] = [
  {
    servers: EXCHANGE,
    asked: 'fetch',
    text: 'Request is throttled. Suggested Backoff Time: 299961 milliseconds',
    code: 'server.throttled',
    waitMs: 299_961,
    remark: 'Comes as NO or BAD to any command; five minutes are usual.',
  },
  {
    servers: EXCHANGE,
    asked: 'append',
    text: 'Request is throttled. Suggested Backoff Time: 99999999 milliseconds',
    code: 'server.throttled',
    waitMs: HOUR_MS,
  },
  {
    servers: EXCHANGE,
    asked: 'select',
    text: 'User is authenticated but not connected.',
    code: 'access.refused',
    remark: NOT_CONNECTED,
  },
  {
    servers: EXCHANGE,
    asked: 'authenticate',
    text: 'AUTHENTICATE failed.',
    code: 'access.refused',
    login: 'xoauth2',
    remark: LOGIN_FAILED,
  },
  { servers: EXCHANGE, asked: 'authenticate', text: 'LOGIN failed.', code: 'access.password' },
  {
    servers: EXCHANGE,
    asked: 'authenticate',
    text: 'LogonDenied-BasicAuthBlocked-BlockedByOrganization',
    code: 'access.basic-auth',
  },
  {
    servers: EXCHANGE,
    asked: 'bye',
    text: 'Session invalidated - AccessTokenExpired',
    code: 'server.token-expired',
  },
  {
    servers: EXCHANGE,
    asked: 'bye',
    text: 'Connection is closed. 13',
    code: 'server.connection-lost',
    remark: 'The connection was idle for too long.',
  },
  {
    servers: EXCHANGE,
    asked: 'bye',
    text: 'Connection closed. 14',
    code: 'server.connection-lost',
    remark: 'The server disliked too many commands.',
  },
  { servers: EXCHANGE, asked: 'examine', text: 'Server Unavailable. 15', code: 'access.unavailable' },
  {
    servers: EXCHANGE,
    asked: 'append',
    text: 'Server Unavailable. 15',
    code: 'destination.unavailable',
    remark: 'Said again and again, it becomes `destination.quota-suspected`.',
  },
  {
    servers: OLD_EXCHANGE,
    asked: 'list',
    text: 'Duplicate folders "Projects", "Projects" were detected in the mailbox',
    code: 'server.duplicate-folders',
  },
  {
    servers: EXCHANGE,
    asked: 'append',
    text: 'Command Argument Error. 11',
    code: 'destination.message-refused',
    remark: CATCH_ALL,
  },
  { servers: OLD_EXCHANGE, asked: 'append', text: 'Command Argument Error. 12', code: 'us.bug' },
  { servers: OLD_EXCHANGE, asked: 'status', text: 'Command Error. 12', code: 'us.bug' },
  {
    servers: EXCHANGE,
    asked: 'append',
    text: 'Maximum size of appendable message has been exceeded',
    code: 'destination.message-too-large',
    remark: 'Larger messages are not sent any more in this copy.',
  },
  {
    servers: OLD_EXCHANGE,
    asked: 'append',
    responseCode: 'TRYCREATE',
    text: 'Folder is not found.',
    code: 'destination.folder-refused',
    remark: 'The folder is made again once, in case its user deleted it meanwhile.',
  },
  {
    servers: EXCHANGE,
    asked: 'create',
    text: 'Folder name is reserved',
    code: 'destination.name-refused',
    remark: 'The folder gets a name like it, and `mailferry show` names both.',
  },
  {
    servers: OLD_EXCHANGE,
    asked: 'examine',
    text: 'Mailbox has been deleted or moved.',
    code: 'source.folder-gone',
    remark: 'The folders are listed again.',
  },
  {
    servers: OLD_EXCHANGE,
    asked: 'examine',
    text: 'access denied.',
    code: 'source.folder-refused',
    remark: 'The folders are listed again first.',
  },
  {
    servers: GMAIL,
    asked: 'authenticate',
    text: 'Too many simultaneous connections. (Failure)',
    code: 'server.too-many-connections',
    remark: 'Gmail allows 15.',
  },
  {
    servers: GMAIL,
    asked: 'authenticate',
    responseCode: 'OVERQUOTA',
    text: 'Account exceeded command or bandwidth limits.',
    code: 'server.daily-limit',
    waitMs: 24 * HOUR_MS,
    remark: 'Gmail hands out 2,500 MB and takes 500 MB a day over IMAP.',
  },
  {
    servers: GMAIL,
    asked: 'authenticate',
    responseCode: 'ALERT',
    text: 'Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
    code: 'access.app-password',
  },
  {
    servers: GMAIL,
    asked: 'authenticate',
    responseCode: 'AUTHENTICATIONFAILED',
    text: 'Invalid credentials (Failure)',
    code: 'access.password',
  },
  {
    servers: DOVECOT,
    asked: 'authenticate',
    responseCode: 'UNAVAILABLE',
    text: 'Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)',
    code: 'server.too-many-connections',
  },
  {
    servers: DOVECOT,
    asked: 'append',
    responseCode: 'LIMIT',
    text: 'Mail size is larger than the maximum size allowed by server configuration',
    code: 'destination.message-too-large',
  },
  {
    servers: DOVECOT,
    asked: 'append',
    responseCode: 'OVERQUOTA',
    text: 'Quota exceeded (mailbox for user is full)',
    code: 'destination.quota',
  },
  {
    servers: DOVECOT,
    asked: 'create',
    text: "Mailbox doesn't allow inferior mailboxes",
    code: 'destination.folder-refused',
  },
  {
    servers: DOVECOT,
    asked: 'create',
    responseCode: 'CANNOT',
    text: 'Invalid mailbox name',
    code: 'destination.name-refused',
  },
  {
    servers: CYRUS,
    asked: 'append',
    text: 'Message contains NUL characters',
    code: 'destination.message-refused',
    remark: 'Cyrus also refuses bare newlines, invalid headers and 8-bit characters in headers.',
  },
  {
    servers: CYRUS,
    asked: 'append',
    text: 'Message contains bare newlines',
    code: 'destination.message-refused',
  },
  {
    servers: ANY,
    asked: 'authenticate',
    responseCode: 'AUTHORIZATIONFAILED',
    text: 'Not allowed to act for this user',
    code: 'access.administrator',
    login: 'acting',
  },
  {
    servers: ANY,
    asked: 'authenticate',
    responseCode: 'EXPIRED',
    text: 'That password is no longer valid',
    code: 'access.password',
  },
  {
    servers: ANY,
    asked: 'authenticate',
    responseCode: 'UNAVAILABLE',
    text: 'Temporary authentication failure.',
    code: 'access.unavailable',
  },
  { servers: ANY, asked: 'search', responseCode: 'INUSE', text: 'Mailbox is in use', code: 'access.unavailable' },
  { servers: ANY, asked: 'fetch', responseCode: 'LIMIT', text: 'Too much at once', code: 'server.throttled' },
  {
    servers: ANY,
    asked: 'examine',
    responseCode: 'NONEXISTENT',
    text: 'Mailbox does not exist',
    code: 'source.folder-gone',
  },
  {
    servers: ANY,
    asked: 'examine',
    responseCode: 'NOPERM',
    text: 'You have no right to read it',
    code: 'source.folder-refused',
  },
];

/** Words that are no answer to a command, or no refusal; what the engine does about them stands in the remark. */
export const SEEN_WITHOUT_REFUSAL: readonly SeenElsewhere[] = [
  {
    servers: EXCHANGE,
    text: '* NO Keywords are not supported!',
    code: 'destination.flag-dropped',
    remark: 'The message is stored without its keywords.',
  },
  {
    servers: EXCHANGE,
    text: 'Retrieval using the IMAP4 protocol failed for the following message',
    code: 'source.message-unreadable',
    remark:
      'The body of a notice that Exchange hands out in place of a message that it cannot convert. It is never copied as mail.',
  },
  {
    servers: OLD_EXCHANGE,
    text: 'NO Mailbox already exists.',
    remark: 'The folder is there already, perhaps written in another case, and is used.',
  },
];
