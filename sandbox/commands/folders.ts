import { Refused, type Session } from '../session.ts';
import { isBelow } from '../store/hierarchy.ts';
import { decodeMailboxName } from '../utf7.ts';
import type { CommandTable } from './command.ts';
import { existingName, mailboxArgument } from './names.ts';

/** Commands that change what folders there are (RFC 3501 §§ 6.3.3-6.3.7). */
export const folderCommands: CommandTable = {
  CREATE: {
    state: 'authenticated',
    parse: async (session, args) => {
      args.space();
      const wire = withoutTrailingDelimiter(session, await mailboxArgument(session, args));
      args.end();
      return () => {
        requireNewName(session, wire);
        session.store.addFolder({ wire });
        return session.completed();
      };
    },
  },

  DELETE: {
    state: 'authenticated',
    parse: async (session, args) => {
      args.space();
      const wire = await mailboxArgument(session, args);
      args.end();
      return () => {
        requireChangeable(session, wire);
        session.store.removeFolder({ wire });
        return session.completed();
      };
    },
  },

  RENAME: {
    state: 'authenticated',
    parse: async (session, args) => {
      args.space();
      const from = await mailboxArgument(session, args);
      args.space();
      const to = withoutTrailingDelimiter(session, await args.astring());
      args.end();
      return () => {
        requireChangeable(session, from);
        requireNewName(session, to);
        rename(session, from, to);
        return session.completed();
      };
    },
  },

  SUBSCRIBE: {
    state: 'authenticated',
    parse: async (session, args) => {
      args.space();
      const wire = await mailboxArgument(session, args);
      args.end();
      return () => {
        if (existingName(session, wire) === undefined) throw new Refused(session.text('nonexistent'));
        session.store.subscribe({ wire });
        return session.completed();
      };
    },
  },

  UNSUBSCRIBE: {
    state: 'authenticated',
    parse: async (session, args) => {
      args.space();
      const wire = await mailboxArgument(session, args);
      args.end();
      return () => {
        session.store.unsubscribe({ wire });
        return session.completed();
      };
    },
  },
};

/** A name that ends with the delimiter only announces that names below it will follow (RFC 3501 §6.3.3). */
function withoutTrailingDelimiter(session: Session, wire: string): string {
  const { delimiter } = session.settings;
  return delimiter !== null && wire.endsWith(delimiter) ? wire.slice(0, -delimiter.length) : wire;
}

function requireNewName(session: Session, wire: string): void {
  if (existingName(session, wire) !== undefined) throw new Refused(session.text('alreadyExists'));
  const { prefix, delimiter, refuseName } = session.settings;
  const levels = delimiter === null ? [wire] : wire.split(delimiter);
  const wellFormed = decodeMailboxName(wire) !== undefined && levels.every((level) => level !== '');
  if (!wellFormed || !wire.startsWith(prefix)) throw new Refused(session.text('invalidName'));
  const refusal = refuseName(wire);
  if (refusal !== undefined) throw new Refused(refusal);
}

function requireChangeable(session: Session, wire: string): void {
  if (wire === 'INBOX') throw new Refused(session.text('invalidName'));
  if (existingName(session, wire) === undefined) throw new Refused(session.text('nonexistent'));
}

/** What lies below a folder moves along (RFC 3501 §6.3.5). */
function rename(session: Session, from: string, to: string): void {
  const { store, settings } = session;
  const below = [...store.folders.keys()].filter((wire) => isBelow(wire, from, settings.delimiter));
  for (const wire of [from, ...below]) store.renameFolder({ wire }, { wire: to + wire.slice(from.length) });
}
