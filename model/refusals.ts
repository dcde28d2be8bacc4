/**
 * The one table of refusals: every way in which a server, a file, a key or a person can say no. The engine's reactions,
 * the command line's exit codes, the report and the documentation are read from here.
 */
import { ACCESS_REFUSALS } from './refusals/access.ts';
import { COMMAND_REFUSALS } from './refusals/command.ts';
import { MAIL_REFUSALS } from './refusals/mail.ts';
import { PROJECT_REFUSALS } from './refusals/project.ts';
import type { Reaction, Refusal, Scope } from './refusals/row.ts';
import { SERVER_REFUSALS } from './refusals/servers.ts';
import { TOKEN_REFUSALS } from './refusals/tokens.ts';

export { EXIT } from './refusals/row.ts';
export type { ExitCode, Reaction, Refusal, Scope } from './refusals/row.ts';

export const REFUSALS = {
  ...ACCESS_REFUSALS,
  ...TOKEN_REFUSALS,
  ...SERVER_REFUSALS,
  ...MAIL_REFUSALS,
  ...PROJECT_REFUSALS,
  ...COMMAND_REFUSALS,
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** All codes, in the table's order. */
export const REFUSAL_CODES: readonly RefusalCode[] = Object.keys(REFUSALS).filter(isRefusalCode);

/** The table's row of a code. */
export function refusal(code: RefusalCode): Refusal {
  return REFUSALS[code];
}

export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(REFUSALS, text);
}

/** True where the same request may succeed later without anybody mending anything. */
export function passesByItself(code: RefusalCode): boolean {
  const { reaction } = refusal(code);
  return reaction === 'wait' || reaction === 'reconnect';
}

/** True where a token that is at hand may be what is refused: one from before the consent lacks the role until it expires. */
export function wantsFreshToken(code: RefusalCode): boolean {
  const { reaction } = refusal(code);
  return reaction === 'wait-for-access' || code === 'server.token-expired';
}

/** What happens by itself, for people. */
export const REACTION_WORDS: Readonly<Record<Reaction, string>> = {
  'wait-for-access':
    'It is tried again with growing waits, each time with a fresh token where one is used; after the grace time (`timing.accessGrace`) it needs attention. The others go on.',
  wait: 'It is tried again after the time that the server asks for (up to an hour, or a day for a daily limit), or with growing waits, as long as it takes. The others go on.',
  reconnect: 'A new connection is made at once, and the copy goes on where it was.',
  attention: 'This mailbox or folder waits for a person and is tried again with the next delta; the others go on.',
  'put-aside': 'The message is named by `mailferry aside`; all others are copied.',
  note: 'It is counted and shown; nothing else.',
  stop: 'The command ends; nothing was started or changed.',
};

/** Whose fault it is, for people. */
export const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  tenant: 'the tenant: every mailbox of the application',
  endpoint: 'the server or how the project file names it: every mailbox on this side',
  mailbox: 'one mailbox',
  folder: 'one folder',
  message: 'one message',
  connection: 'one connection',
  project: 'the project, its file or its list of mailboxes',
  command: 'the command',
  machine: 'this machine, or what runs on it',
  us: 'mailferry',
};
