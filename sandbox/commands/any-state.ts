import { imapNstring } from '../wire/quoting.ts';
import type { Session } from '../session.ts';
import { type Arguments, BadSyntax } from '../wire/arguments.ts';
import type { CommandTable } from './command.ts';

/** Commands without arguments that need no mailbox, and those that only exchange politeness. */
export const anyStateCommands: CommandTable = {
  CAPABILITY: {
    state: 'any',
    parse: (session, args) => {
      args.end();
      return () => {
        session.respond(`* CAPABILITY ${session.capabilities()}`);
        return session.completed();
      };
    },
  },

  NOOP: {
    state: 'any',
    parse: (session, args) => {
      args.end();
      return () => session.completed();
    },
  },

  LOGOUT: {
    state: 'any',
    parse: (session, args) => {
      args.end();
      return () => {
        session.respond(`* BYE ${session.text('bye')}`);
        session.afterAnswer = async () => {
          session.hangUp(false);
          await session.ended;
        };
        return session.completed();
      };
    },
  },

  /** RFC 2971. */
  ID: {
    state: 'any',
    capability: 'ID',
    parse: async (session, args) => {
      args.space();
      await readIdFields(args);
      args.end();
      return () => {
        session.respond(`* ID ${idFields(session)}`);
        return session.completed();
      };
    },
  },

  /** RFC 5161: nothing the sandbox knows can be enabled, so nothing is. */
  ENABLE: {
    state: 'authenticated',
    capability: 'ENABLE',
    parse: (session, args) => {
      do {
        args.space();
        args.atom();
      } while (!args.atEnd());
      return () => {
        session.respond('* ENABLED');
        return session.completed();
      };
    },
  },

  /** RFC 2177. */
  IDLE: {
    state: 'authenticated',
    capability: 'IDLE',
    parse: (session, args) => {
      args.end();
      return () => idle(session);
    },
  },
};

async function idle(session: Session): Promise<string> {
  await session.goAhead('idling');
  const { view } = session;
  const report = (): void => {
    session.reportChanges(true);
    session.writer.flushNow();
  };
  if (view !== undefined) view.onChange = report;
  try {
    report();
    const line = (await session.reader.line()).toString('latin1');
    if (line.toUpperCase() !== 'DONE') throw new BadSyntax('Expected DONE');
  } finally {
    if (view !== undefined) view.onChange = () => {};
  }
  return session.completed();
}

async function readIdFields(args: Arguments): Promise<void> {
  if (args.accept('NIL')) return;
  args.expect('(');
  while (!args.accept(')')) {
    // Some clients send blanks at either end of the list.
    if (args.accept(' ') || args.accept('NIL')) continue;
    await args.astring();
  }
}

function idFields(session: Session): string {
  const { id } = session.settings;
  if (id === null) return 'NIL';
  const fields = Object.entries(id).map(([name, value]) => `${imapNstring(name)} ${imapNstring(value)}`);
  return `(${fields.join(' ')})`;
}
