import type { Session } from '../session.ts';
import { type ListedName, listedNames, patternMatcher } from '../store/hierarchy.ts';
import { type Arguments, BadSyntax } from '../wire/arguments.ts';
import { imapNstring, imapString } from '../wire/quoting.ts';
import { type StatusItem, statusItem } from './status-items.ts';
import type { CommandTable } from './command.ts';
import { mailboxArgument, requireFolder } from './names.ts';

/** Commands that show what folders there are (RFC 3501 §§ 6.3.8-6.3.10, RFC 2342, RFC 6154). */
export const listingCommands: CommandTable = {
  LIST: {
    state: 'authenticated',
    parse: async (session, args) => {
      const { reference, pattern, onlySpecialUse } = await listArguments(session, args);
      return () => {
        if (pattern === '') session.respond(listLine(session, 'LIST', ['\\Noselect'], ''));
        for (const listed of pattern === ''
          ? []
          : matching(session, session.store.folders.keys(), reference + pattern)) {
          if (onlySpecialUse && specialUse(session, listed).length === 0) continue;
          session.respond(listLine(session, 'LIST', attributes(session, listed), listed.wire));
        }
        return session.completed();
      };
    },
  },

  LSUB: {
    state: 'authenticated',
    parse: async (session, args) => {
      const { reference, pattern } = await listArguments(session, args);
      return () => {
        const matches = patternMatcher(reference + pattern, session.settings.delimiter);
        for (const wire of session.store.subscriptions) {
          if (matches(wire)) session.respond(listLine(session, 'LSUB', [], wire));
        }
        return session.completed();
      };
    },
  },

  NAMESPACE: {
    state: 'authenticated',
    capability: 'NAMESPACE',
    parse: (session, args) => {
      args.end();
      return () => {
        const { prefix, delimiter } = session.settings;
        session.respond(`* NAMESPACE ((${imapString(prefix)} ${imapNstring(delimiter ?? undefined)})) NIL NIL`);
        return session.completed();
      };
    },
  },

  STATUS: {
    state: 'authenticated',
    parse: async (session, args) => {
      args.space();
      const wire = await mailboxArgument(session, args);
      args.space();
      const items = args.list(() => statusItemArgument(session, args));
      args.end();
      return () => {
        const folder = requireFolder(session, wire, 'nonexistent');
        const values = items.map((item) => `${item} ${statusItem(item, folder)}`);
        session.respond(`* STATUS ${imapString(wire, session.settings.namesAs)} (${values.join(' ')})`);
        return session.completed();
      };
    },
  },
};

interface ListArguments {
  readonly reference: string;
  readonly pattern: string;
  readonly onlySpecialUse: boolean;
}

async function listArguments(session: Session, args: Arguments): Promise<ListArguments> {
  args.space();
  const onlySpecialUse = session.able('SPECIAL-USE') && args.accept('(SPECIAL-USE) ');
  const reference = await args.astring();
  args.space();
  const pattern = await args.pattern();
  args.end();
  return { reference, pattern, onlySpecialUse };
}

function matching(session: Session, names: Iterable<string>, pattern: string): readonly ListedName[] {
  const { delimiter } = session.settings;
  const matches = patternMatcher(pattern, delimiter);
  return listedNames(names, delimiter).filter(({ wire }) => matches(wire));
}

function attributes(session: Session, listed: ListedName): readonly string[] {
  const folder = session.store.findFolder({ wire: listed.wire });
  const hidden = folder === undefined || !folder.selectable;
  const children = listed.hasChildren ? '\\HasChildren' : '\\HasNoChildren';
  return [
    ...(hidden ? ['\\Noselect'] : []),
    ...(session.able('CHILDREN') ? [children] : []),
    ...specialUse(session, listed),
  ];
}

function specialUse(session: Session, listed: ListedName): readonly string[] {
  const use = session.store.findFolder({ wire: listed.wire })?.specialUse;
  return use !== undefined && session.able('SPECIAL-USE') ? [use] : [];
}

function listLine(session: Session, command: 'LIST' | 'LSUB', flags: readonly string[], wire: string): string {
  const { delimiter, namesAs } = session.settings;
  const name = imapString(wire, wire === '' ? 'quoted' : namesAs);
  return `* ${command} (${flags.join(' ')}) ${imapNstring(delimiter ?? undefined)} ${name}`;
}

function statusItemArgument(session: Session, args: Arguments): StatusItem {
  const name = args.run((octet) => octet > 0x40 && octet < 0x7b, 'a status item').toUpperCase();
  for (const item of ['MESSAGES', 'RECENT', 'UIDNEXT', 'UIDVALIDITY', 'UNSEEN'] as const)
    if (item === name) return item;
  if (name === 'SIZE' && session.able('STATUS=SIZE')) return name;
  if (name === 'APPENDLIMIT' && session.able('APPENDLIMIT')) return name;
  throw new BadSyntax(`Unknown status item ${name}`);
}
