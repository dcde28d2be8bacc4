import { hasFlag } from '../message/flags.ts';
import { Refused, type Session } from '../session.ts';
import type { StoredMessage } from '../store/message.ts';
import type { View } from '../store/view.ts';
import { sequenceSet } from '../wire/sequence-set.ts';
import type { CommandTable } from './command.ts';

/** EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1). */
export const expungeCommands: CommandTable = {
  EXPUNGE: {
    state: 'selected',
    parse: (session, args) => {
      args.end();
      return () => {
        requireWritable(session);
        expungeDeleted(session.selected);
        return session.completed();
      };
    },
  },

  'UID EXPUNGE': {
    state: 'selected',
    capability: 'UIDPLUS',
    parse: (session, args) => {
      args.space();
      const set = sequenceSet(args);
      args.end();
      return () => {
        requireWritable(session);
        const view = session.selected;
        expungeDeleted(
          view,
          view.select(set, true).map(({ message }) => message),
        );
        return session.completed();
      };
    },
  },
};

/** Removes what is marked \Deleted, of all messages or of those given. */
export function expungeDeleted(view: View, among: readonly StoredMessage[] = view.messages): void {
  const doomed = among.filter((message) => hasFlag(message.flags, '\\Deleted'));
  view.folder.expunge(doomed.map((message) => message.uid));
}

/** A folder opened with EXAMINE takes no changes (RFC 3501 §6.3.2). */
export function requireWritable(session: Session): void {
  if (session.selected.readOnly) throw new Refused(session.text('readOnly'));
}
