import { hasFlag, SYSTEM_FLAGS, withFlags } from '../message/flags.ts';
import type { Session } from '../session.ts';
import { View } from '../store/view.ts';
import type { Arguments } from '../wire/arguments.ts';
import type { Action, CommandTable } from './command.ts';
import { mailboxArgument, requireFolder } from './names.ts';
import { expungeDeleted } from './expunge.ts';

/** Commands that open and close a folder (RFC 3501 §§ 6.3.1, 6.3.2, 6.4.1, 6.4.2, RFC 3691). */
export const selectionCommands: CommandTable = {
  SELECT: { state: 'authenticated', parse: (session, args) => selecting(session, args, false) },
  EXAMINE: { state: 'authenticated', parse: (session, args) => selecting(session, args, true) },

  /** Expunges without a word, unless the folder was opened read-only. */
  CLOSE: {
    state: 'selected',
    parse: (session, args) => {
      args.end();
      return () => {
        if (!session.selected.readOnly) expungeDeleted(session.selected);
        session.deselect();
        return session.completed();
      };
    },
  },

  UNSELECT: {
    state: 'selected',
    capability: 'UNSELECT',
    parse: (session, args) => {
      args.end();
      return () => {
        session.deselect();
        return session.completed();
      };
    },
  },

  CHECK: {
    state: 'selected',
    parse: (session, args) => {
      args.end();
      return () => session.completed();
    },
  },
};

async function selecting(session: Session, args: Arguments, readOnly: boolean): Promise<Action> {
  args.space();
  const wire = await mailboxArgument(session, args);
  args.end();
  return () => {
    // A failing SELECT leaves nothing selected (RFC 3501 §6.3.1).
    session.deselect();
    const view = new View(requireFolder(session, wire, 'nonexistent'), readOnly);
    session.select(wire, view);
    describe(session, view);
    return session.completed(readOnly ? 'READ-ONLY' : 'READ-WRITE');
  };
}

function describe(session: Session, view: View): void {
  const { folder, messages } = view;
  const keywords = messages.reduce<readonly string[]>(
    (known, message) => (message.flags.every((flag) => hasFlag(known, flag)) ? known : withFlags(known, message.flags)),
    SYSTEM_FLAGS,
  );
  const permanent = view.readOnly ? [] : withFlags(session.settings.permanentFlags, keptKeywords(session, keywords));
  session.respond(`* FLAGS (${keywords.join(' ')})`);
  session.respond(`* OK [PERMANENTFLAGS (${permanent.join(' ')})] Flags permitted.`);
  session.respond(`* ${messages.length} EXISTS`);
  session.respond(`* ${view.recent} RECENT`);
  const unseen = messages.findIndex((message) => !hasFlag(message.flags, '\\Seen'));
  if (unseen >= 0) session.respond(`* OK [UNSEEN ${unseen + 1}] First unseen.`);
  session.respond(`* OK [UIDVALIDITY ${folder.uidValidity}] UIDs valid`);
  session.respond(`* OK [UIDNEXT ${folder.uidNext}] Predicted next UID`);
}

function keptKeywords(session: Session, keywords: readonly string[]): readonly string[] {
  return hasFlag(session.settings.permanentFlags, '\\*') ? keywords.filter((flag) => !flag.startsWith('\\')) : [];
}
