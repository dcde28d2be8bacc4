import type { Session } from '../session.ts';
import type { TextName } from '../texts.ts';
import { anyStateCommands } from './any-state.ts';
import { appendCommands } from './append.ts';
import { authenticationCommands } from './authentication.ts';
import type { Command, CommandTable } from './command.ts';
import { expungeCommands } from './expunge.ts';
import { fetchCommands } from './fetch.ts';
import { folderCommands } from './folders.ts';
import { listingCommands } from './listing.ts';
import { searchCommands } from './search.ts';
import { selectionCommands } from './selection.ts';
import { storeCommands } from './store-flags.ts';
import { transferCommands } from './transfer.ts';

const COMMANDS: CommandTable = {
  ...anyStateCommands,
  ...authenticationCommands,
  ...listingCommands,
  ...folderCommands,
  ...selectionCommands,
  ...appendCommands,
  ...fetchCommands,
  ...searchCommands,
  ...storeCommands,
  ...transferCommands,
  ...expungeCommands,
};

/** Whether this is the name of a command at all, known at the moment or not. */
export function isCommandName(name: string): boolean {
  return Object.hasOwn(COMMANDS, name);
}

/** The command of that name, or the text that says why there is none in this state and with these capabilities. */
export function findCommand(session: Session, name: string): Command | TextName {
  const command = isCommandName(name) ? COMMANDS[name] : undefined;
  if (command === undefined) return 'unknownCommand';
  if (command.capability !== undefined && !session.able(command.capability)) return 'unknownCommand';
  if (session.unconnected && command.state !== 'any') {
    return command.state === 'not-authenticated' ? 'unknownCommand' : 'notConnected';
  }
  const authenticated = session.account !== undefined;
  switch (command.state) {
    case 'any':
      return command;
    case 'not-authenticated':
      return authenticated ? 'unknownCommand' : command;
    case 'authenticated':
      return authenticated ? command : 'unknownCommand';
    case 'selected':
      if (!authenticated) return 'unknownCommand';
      return session.view === undefined ? 'notSelected' : command;
    default:
      return command.state satisfies never;
  }
}
