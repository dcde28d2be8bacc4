/**
 * What servers say when they refuse, and what it means. One table, read from the top; the first row that fits decides.
 * Texts differ from server to server and year to year, so they are matched loosely, and what no row knows falls into a
 * general class with the server's words shown as they are.
 *
 * What was seen comes from Microsoft's documentation on IMAP in Exchange, from RFC 5530, and from logs of users of other
 * migration tools; `model/server-text-examples.ts` has it.
 */
import type { Side } from './project.ts';
import type { RefusalCode } from './refusals.ts';

/** What was asked for, as far as the meaning of a refusal depends on it. `bye` is a connection ended by the server. */
export type Asked =
  | 'authenticate'
  | 'capability'
  | 'namespace'
  | 'list'
  | 'status'
  | 'create'
  | 'subscribe'
  | 'examine'
  | 'select'
  | 'search'
  | 'fetch'
  | 'append'
  | 'store'
  | 'move'
  | 'noop'
  | 'logout'
  | 'bye';

/** How the session logged in: with a password, as an administrator acting for the user, or with a token. */
export type LoginKind = 'password' | 'acting' | 'xoauth2';

export interface ServerRefusal {
  readonly asked: Asked;
  /** Of the session, for the codes that name a side. */
  readonly side: Side;
  readonly login: LoginKind;
  /** Upper case, without arguments. */
  readonly responseCode?: string | undefined;
  readonly text: string;
}

export interface Classified {
  readonly code: RefusalCode;
  readonly waitMs?: number;
}

/** Meanings whose code depends on the side or the login. */
type Meaning = RefusalCode | 'credentials' | 'acting' | 'folder-gone' | 'folder-refused';

export interface ServerText {
  /** Absent: any command. */
  readonly asked?: readonly Asked[];
  /** Response codes (RFC 5530 and others); one of them, or the text, is enough. */
  readonly codes?: readonly string[];
  readonly text?: RegExp;
  readonly means: Meaning;
  /** Milliseconds to wait, where the text implies a time without naming it. */
  readonly waitMs?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FOLDER_COMMANDS = ['examine', 'select', 'status', 'search', 'fetch', 'append', 'store', 'move'] as const;
const LOGIN: readonly Asked[] = ['authenticate'];
/** A server may complain about who we are only when it is first asked for something, or with its last words. */
const LOGIN_AND_LATER: readonly Asked[] = ['authenticate', 'capability', 'namespace', 'list', 'bye'];

export const SERVER_TEXTS: readonly ServerText[] = [
  // Asked to wait, whatever the command was.
  { text: /command or bandwidth limits/i, means: 'server.daily-limit', waitMs: DAY_MS },
  { text: /request is throttled|backoff time|\bthrottl/i, means: 'server.throttled' },
  {
    text: /too many (?:simultaneous |concurrent )?connections|maximum number of connections/i,
    means: 'server.too-many-connections',
  },
  { text: /duplicate folders\b.*\bdetected/i, means: 'server.duplicate-folders' },
  { text: /access ?token ?(?:has |is )?expired/i, means: 'server.token-expired' },

  // Access.
  { text: /authenticated but not connected/i, means: 'access.refused' },
  { text: /basicauthblocked|basic auth\w* is (?:blocked|disabled)/i, means: 'access.basic-auth' },
  { asked: LOGIN, codes: ['UNAVAILABLE', 'INUSE', 'LIMIT', 'SERVERBUG'], means: 'access.unavailable' },
  {
    asked: LOGIN,
    codes: ['PRIVACYREQUIRED'],
    text: /plaintext authentication (?:is )?disallowed/i,
    means: 'access.method',
  },
  { asked: LOGIN, text: /application-specific password/i, means: 'access.app-password' },
  { asked: LOGIN, codes: ['AUTHORIZATIONFAILED'], means: 'acting' },
  { asked: LOGIN, codes: ['AUTHENTICATIONFAILED', 'EXPIRED'], means: 'credentials' },
  {
    asked: LOGIN,
    text: /server unavailable|temporar(?:y|ily)|internal (?:server )?error|try (?:again|later)/i,
    means: 'access.unavailable',
  },
  {
    asked: LOGIN,
    text: /(?:authenticat\w*|login|logon|sign.?in) (?:has )?(?:failed|failure|denied|rejected|error|incorrect)/i,
    means: 'credentials',
  },
  {
    asked: LOGIN,
    text: /(?:invalid|incorrect|wrong|bad|unknown) (?:\w+ )?(?:credentials|password|user\w*|login|account)/i,
    means: 'credentials',
  },
  { asked: LOGIN, text: /unsupported authentication|mechanism/i, means: 'access.method' },
  { asked: LOGIN, means: 'access.refused' },

  // The mailbox is away for a moment. RFC 5530: LIMIT may pass as well, except where a message is too large.
  { asked: ['append'], text: /server unavailable/i, means: 'destination.unavailable' },
  { codes: ['UNAVAILABLE', 'INUSE'], text: /server unavailable/i, means: 'access.unavailable' },
  { codes: ['EXPIRED'], asked: LOGIN_AND_LATER, means: 'credentials' },

  // Messages.
  { asked: ['append', 'create', 'move'], codes: ['OVERQUOTA'], means: 'destination.quota' },
  {
    asked: ['append'],
    codes: ['TOOBIG'],
    text: /maximum size of appendable|(?:message|mail)\b.*\b(?:too (?:big|large)|larger than|exceeds)|message size (?:is )?larg|mail size is larger/i,
    means: 'destination.message-too-large',
  },
  {
    asked: ['append', 'create', 'move'],
    text: /\b(?:over )?quota\b|mailbox (?:is )?full|storage limit|not enough (?:disk )?space/i,
    means: 'destination.quota',
  },
  { asked: ['append'], text: /command argument error\.? 11/i, means: 'destination.message-refused' },
  {
    asked: ['append'],
    codes: ['CANNOT'],
    text: /^message (?:contains|has|is)\b/i,
    means: 'destination.message-refused',
  },
  { text: /command (?:argument )?error\.? 12/i, means: 'us.bug' },
  { codes: ['CLIENTBUG'], means: 'us.bug' },

  // Folders.
  {
    asked: ['append', 'move'],
    codes: ['TRYCREATE', 'NONEXISTENT'],
    text: /folder is not found/i,
    means: 'destination.folder-refused',
  },
  {
    asked: FOLDER_COMMANDS,
    codes: ['NONEXISTENT', 'TRYCREATE'],
    text: /deleted or moved|(?:mailbox|folder) (?:doesn.t|does not) exist|no such (?:mailbox|folder)|(?:mailbox|folder) (?:is )?not found|unknown (?:mailbox|folder)/i,
    means: 'folder-gone',
  },
  {
    asked: FOLDER_COMMANDS,
    codes: ['NOPERM', 'ACL'],
    text: /access (?:is )?denied|permission denied/i,
    means: 'folder-refused',
  },
  {
    asked: ['create'],
    codes: ['CANNOT'],
    text: /\breserved\b|(?:invalid|illegal|bad) (?:mailbox|folder) ?name|name (?:is )?(?:not allowed|invalid|illegal)/i,
    means: 'destination.name-refused',
  },
  { asked: ['create', 'select'], means: 'destination.folder-refused' },
  { codes: ['LIMIT'], means: 'server.throttled' },
  { asked: ['examine'], means: 'folder-refused' },

  // A connection ended by the server, for whatever reason: idling too long, too many bad commands, a restart.
  { asked: ['bye'], means: 'server.connection-lost' },
];

function fits(row: ServerText, said: ServerRefusal): boolean {
  if (row.asked !== undefined && !row.asked.includes(said.asked)) return false;
  return (row.codes === undefined && row.text === undefined) || saidBy(row, said);
}

/** Whether the row names these words or this response code, whatever was asked. */
export function saidBy(row: ServerText, { responseCode, text }: Pick<ServerRefusal, 'responseCode' | 'text'>): boolean {
  const byCode = responseCode !== undefined && (row.codes?.includes(responseCode) ?? false);
  return byCode || (row.text?.test(text) ?? false);
}

/** The code of a row, which may depend on the side and on how the session logged in. */
export function codeOf({ means }: ServerText, { login, side }: Pick<ServerRefusal, 'login' | 'side'>): RefusalCode {
  if (means === 'credentials') return login === 'xoauth2' ? 'access.refused' : 'access.password';
  if (means === 'acting') return login === 'acting' ? 'access.administrator' : 'access.refused';
  if (means === 'folder-gone') return side === 'source' ? 'source.folder-gone' : 'destination.folder-refused';
  if (means === 'folder-refused') return side === 'source' ? 'source.folder-refused' : 'destination.folder-refused';
  return means;
}

/**
 * The server's own number of milliseconds to wait, at most an hour (Exchange Online: `Suggested Backoff Time: 299961
 * milliseconds`).
 */
function suggestedWait(text: string): number | undefined {
  const [, digits] = /backoff time[:=\s]+(\d+)\b/i.exec(text) ?? [];
  return digits === undefined ? undefined : Math.min(Number(digits), HOUR_MS);
}

/** What says more than this says nothing more, and the expressions would take long over it. */
const LONGEST_WORDS = 2_000;

/** What a NO, a BAD or a BYE means. Never fails: unknown words are `server.refused`. */
export function classify(refusal: ServerRefusal): Classified {
  const said = { ...refusal, text: refusal.text.slice(0, LONGEST_WORDS) };
  const row = SERVER_TEXTS.find((candidate) => fits(candidate, said));
  if (row === undefined) return { code: 'server.refused' };
  const waitMs = suggestedWait(said.text) ?? row.waitMs;
  return { code: codeOf(row, said), ...(waitMs === undefined ? {} : { waitMs }) };
}
