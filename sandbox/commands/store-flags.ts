import { flagArgument, flagListArgument, withFlags, withoutFlags } from '../message/flags.ts';
import type { Session } from '../session.ts';
import { type Arguments, BadSyntax } from '../wire/arguments.ts';
import { sequenceSet } from '../wire/sequence-set.ts';
import type { Action, CommandTable } from './command.ts';
import { requireWritable } from './expunge.ts';
import { announceDropped, keptFlags } from './kept-flags.ts';

type Change = (before: readonly string[], named: readonly string[]) => readonly string[];

const CHANGES: Readonly<Record<string, Change>> = {
  FLAGS: (_, named) => named,
  '+FLAGS': withFlags,
  '-FLAGS': withoutFlags,
};

/** STORE and UID STORE (RFC 3501 §6.4.6). */
export const storeCommands: CommandTable = {
  STORE: { state: 'selected', keepsNumbers: true, parse: (session, args) => storing(session, args, false) },
  'UID STORE': { state: 'selected', parse: (session, args) => storing(session, args, true) },
};

function storing(session: Session, args: Arguments, byUid: boolean): Action {
  args.space();
  const set = sequenceSet(args);
  args.space();
  const [, name = '', silent] = /^([+-]?FLAGS)(\.SILENT)?$/i.exec(args.atom()) ?? [];
  const change = CHANGES[name.toUpperCase()];
  if (change === undefined) throw new BadSyntax('Unknown store item');
  args.space();
  const named = args.peek() === '(' ? flagListArgument(args) : bareFlags(args);
  args.end();
  return async () => {
    requireWritable(session);
    const view = session.selected;
    const { kept, announce } = keptFlags(session, named);
    if (announce) announceDropped(session);
    let complete = true;
    for (const { sequence, message } of view.select(set, byUid)) {
      if (message.expunged) {
        complete = false;
        continue;
      }
      view.folder.setFlags(message.uid, change(message.flags, kept), view);
      if (silent !== undefined) continue;
      const uid = byUid ? `UID ${message.uid} ` : '';
      session.respond(`* ${sequence} FETCH (${uid}FLAGS (${session.shownFlags(view, message)}))`);
      if (session.writer.full) await session.writer.flush();
    }
    return complete ? session.completed() : session.text('expungeIssued');
  };
}

/** Flags without parentheses, which RFC 3501 §9 (store-att-flags) allows. */
function bareFlags(args: Arguments): readonly string[] {
  const flags = [flagArgument(args)];
  while (args.accept(' ')) flags.push(flagArgument(args));
  return flags;
}
