import type { CommandFault, FaultScope } from '../faults/fault.ts';

/**
 * What else goes wrong at Exchange, as faults to be switched on (`tenant.imap.faults.add`). The words were seen by users of
 * migration tools, some of them on Exchange 2013. The endings of a connection are for `connection.bye`.
 */

/** A session that nobody has used for too long ends so. */
export const IDLE_TOO_LONG = 'Connection is closed. 13';
/** A session with too many bad commands ends so. */
export const TOO_MANY_BAD = 'Connection closed. 14';

/** The store is away, or full: the two are not told apart. */
export function serverUnavailable(
  scope: FaultScope & { readonly command?: string | readonly string[]; readonly nth?: number } = {},
): CommandFault {
  return { command: MAILBOX_COMMANDS, ...scope, ...answering('NO Server Unavailable. 15') };
}

/** APPEND is refused for a reason that is not told: the size, the date, a flag, a long line, the quota. */
export function argumentError(scope: FaultScope & { readonly nth?: number } = {}): CommandFault {
  return { command: 'APPEND', ...scope, ...answering('BAD Command Argument Error. 11') };
}

/** Two folders have one name: the mailbox cannot be listed until somebody renames one. */
export function duplicateFolders(folder: string, scope: FaultScope = {}): CommandFault {
  const text = `NO Duplicate folders "${folder}" were detected in the mailbox. Therefore the user's connection was disconnected.`;
  return { times: 'always', ...scope, command: ['LIST', 'LSUB', 'SELECT', 'EXAMINE', 'STATUS'], ...answering(text) };
}

/** Somebody has taken a folder away while it was in use. */
export function folderGone(folder: string, scope: FaultScope = {}): CommandFault {
  return { ...scope, folder, ...answering('NO Mailbox has been deleted or moved.') };
}

/** A folder that the application may not open. */
export function folderDenied(folder: string, scope: FaultScope = {}): CommandFault {
  return {
    times: 'always',
    ...scope,
    folder,
    command: ['SELECT', 'EXAMINE'],
    ...answering(`NO ${folder} access denied.`),
  };
}

/** Commands that need the mailbox's store. */
const MAILBOX_COMMANDS: readonly string[] = [
  'LIST',
  'SELECT',
  'EXAMINE',
  'STATUS',
  'CREATE',
  'APPEND',
  'UID FETCH',
  'UID STORE',
  'UID SEARCH',
];

function answering(text: string): Pick<CommandFault, 'kind' | 'at' | 'effect'> {
  return { kind: 'command', at: 'received', effect: { do: 'answer', text } };
}
