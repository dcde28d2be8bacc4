import { Refused, type Session } from '../session.ts';
import type { Folder } from '../store/folder.ts';
import type { NumberedMessage, View } from '../store/view.ts';
import type { Arguments } from '../wire/arguments.ts';
import { formatNumbers, sequenceSet } from '../wire/sequence-set.ts';
import type { Action, CommandTable } from './command.ts';
import { requireWritable } from './expunge.ts';
import { mailboxArgument, requireFolder } from './names.ts';

/** COPY (RFC 3501 §6.4.7) and MOVE (RFC 6851), each by number and by UID, with COPYUID (RFC 4315 §3). */
export const transferCommands: CommandTable = {
  COPY: { state: 'selected', parse: (session, args) => copying(session, args, false) },
  'UID COPY': { state: 'selected', parse: (session, args) => copying(session, args, true) },
  MOVE: { state: 'selected', capability: 'MOVE', parse: (session, args) => moving(session, args, false) },
  'UID MOVE': { state: 'selected', capability: 'MOVE', parse: (session, args) => moving(session, args, true) },
};

/** What is to go where. */
interface Transfer {
  readonly view: View;
  readonly messages: readonly NumberedMessage[];
  readonly target: Folder;
}

async function copying(session: Session, args: Arguments, byUid: boolean): Promise<Action> {
  const prepare = await transferArguments(session, args, byUid);
  return () => {
    const transfer = prepare();
    const bytes = transfer.messages.reduce((sum, { message }) => sum + message.body.length, 0);
    if (!session.store.hasRoomFor(bytes, transfer.messages.length)) throw new Refused(session.text('overQuota'));
    return session.completed(copyUid(session, transfer, copyTo(transfer)));
  };
}

async function moving(session: Session, args: Arguments, byUid: boolean): Promise<Action> {
  const prepare = await transferArguments(session, args, byUid);
  return () => {
    requireWritable(session);
    const transfer = prepare();
    // The code comes untagged, before the expunges that it explains (RFC 6851 §4.3).
    const code = copyUid(session, transfer, copyTo(transfer));
    if (code !== undefined) session.respond(`* OK [${code}] Moved UIDs.`);
    transfer.view.folder.expunge(transfer.messages.map(({ message }) => message.uid));
    return session.completed();
  };
}

async function transferArguments(session: Session, args: Arguments, byUid: boolean): Promise<() => Transfer> {
  args.space();
  const set = sequenceSet(args);
  args.space();
  const wire = await mailboxArgument(session, args);
  args.end();
  return () => {
    const view = session.selected;
    const target = requireFolder(session, wire, 'tryCreate');
    return { view, target, messages: view.select(set, byUid).filter(({ message }) => !message.expunged) };
  };
}

/** The new UIDs, in the order of the messages. */
function copyTo({ messages, target }: Transfer): readonly number[] {
  return messages.map(
    ({ message: { body, flags, internalDate, gmailId } }) => target.add({ body, flags, internalDate, gmailId }).uid,
  );
}

function copyUid(session: Session, transfer: Transfer, uids: readonly number[]): string | undefined {
  if (uids.length === 0 || !session.able('UIDPLUS')) return undefined;
  const from = formatNumbers(transfer.messages.map(({ message }) => message.uid));
  return `COPYUID ${transfer.target.uidValidity} ${from} ${formatNumbers(uids)}`;
}
