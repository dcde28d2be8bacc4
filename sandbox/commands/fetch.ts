import { envelope } from '../message/envelope.ts';
import { hasFlag, withFlags } from '../message/flags.ts';
import { bodyOffset, selectHeaderFields } from '../message/header.ts';
import type { Session } from '../session.ts';
import type { StoredMessage } from '../store/message.ts';
import type { NumberedMessage, View } from '../store/view.ts';
import { type Arguments, BadSyntax } from '../wire/arguments.ts';
import { sequenceSet } from '../wire/sequence-set.ts';
import type { Action, CommandTable } from './command.ts';
import { type Damage, fail } from './damage.ts';
import { type FetchItem, fetchItems, type Section } from './fetch-items.ts';

/** FETCH and UID FETCH (RFC 3501 §§ 6.4.5, 6.4.8, 7.4.2). */
export const fetchCommands: CommandTable = {
  FETCH: { state: 'selected', keepsNumbers: true, parse: (session, args) => fetching(session, args, false) },
  'UID FETCH': { state: 'selected', parse: (session, args) => fetching(session, args, true) },
};

async function fetching(session: Session, args: Arguments, byUid: boolean): Promise<Action> {
  args.space();
  const set = sequenceSet(args);
  args.space();
  const asked = await fetchItems(args);
  if (asked.some(({ kind }) => kind === 'X-GM-MSGID') && !session.able('X-GM-EXT-1'))
    throw new BadSyntax('Unknown item');
  args.end();
  // UID FETCH always answers the UID (RFC 3501 §6.4.8).
  const items: readonly FetchItem[] =
    byUid && !asked.some((item) => item.kind === 'UID') ? [{ kind: 'UID' }, ...asked] : asked;
  return async () => {
    const view = session.selected;
    let complete = true;
    const { damagesHeaders } = session.settings;
    const readsDamaged = items.some((item) => item.kind === 'body' && (damagesHeaders || readsBody(item.section)));
    const selected = view.select(set, byUid);
    const damages = readsDamaged ? damagesOf(session, selected) : new Map<NumberedMessage, Damage>();
    for (const [numbered, damage] of damages) {
      if (damage.do === 'answer' && damage.first === true) await fail(session, numbered, damage);
    }
    for (const numbered of selected) {
      const damage = damages.get(numbered);
      if (numbered.message.expunged) complete = false;
      else if (damage !== undefined) await fail(session, numbered, damage);
      else session.respond(...fetchResponse(session, view, numbered, items));
      if (session.writer.full) await session.writer.flush();
    }
    return complete ? session.completed() : session.text('expungeIssued');
  };
}

function damagesOf(session: Session, selected: readonly NumberedMessage[]): ReadonlyMap<NumberedMessage, Damage> {
  const place = { user: session.store.name, folder: session.selectedFolder ?? '' };
  const damages = new Map<NumberedMessage, Damage>();
  for (const numbered of selected) {
    const damage = session.settings.damage(numbered.message, place);
    if (damage !== undefined) damages.set(numbered, damage);
  }
  return damages;
}

function readsBody({ part }: Section): boolean {
  return part === 'whole' || part === 'text';
}

function fetchResponse(
  session: Session,
  view: View,
  { sequence, message }: NumberedMessage,
  asked: readonly FetchItem[],
): (string | Buffer)[] {
  const items = markSeen(view, message, asked) ? withItem(asked, 'FLAGS') : asked;
  const parts: (string | Buffer)[] = [`* ${sequence} FETCH (`];
  for (const item of items) {
    const part = itemParts(session, view, message, item);
    if (part.length > 0) parts.push(...(parts.length > 1 ? [' '] : []), ...part);
  }
  parts.push(')');
  return parts;
}

function itemParts(session: Session, view: View, message: StoredMessage, item: FetchItem): (string | Buffer)[] {
  switch (item.kind) {
    case 'UID':
      return [`UID ${message.uid}`];
    case 'FLAGS':
      return [`FLAGS (${session.shownFlags(view, message)})`];
    case 'INTERNALDATE':
      return [`INTERNALDATE "${message.internalDate}"`];
    case 'RFC822.SIZE':
      return [`RFC822.SIZE ${session.settings.reportedSize(message.body)}`];
    case 'ENVELOPE':
      return [`ENVELOPE ${envelope(message.body)}`];
    case 'X-GM-MSGID':
      return [`X-GM-MSGID ${message.gmailId}`];
    case 'body': {
      const body = bodyOf(session, message, item.section);
      if (body === undefined) return [];
      const whole = sectionOf(body, item.section);
      const { offset = 0, size = whole.length } = item.partial ?? {};
      const octets = whole.subarray(offset, offset + size);
      return [`${item.label} {${octets.length}}\r\n`, octets];
    }
    default:
      return item satisfies never;
  }
}

/** What is read of a message; a server that cannot read one still knows its header. */
function bodyOf(session: Session, message: StoredMessage, section: Section): Buffer | undefined {
  if (!readsBody(section)) return message.body;
  return session.settings.read(message, { user: session.store.name, folder: session.selectedFolder ?? '' });
}

function sectionOf(body: Buffer, section: Section): Buffer {
  switch (section.part) {
    case 'whole':
      return body;
    case 'header':
      return body.subarray(0, bodyOffset(body));
    case 'text':
      return body.subarray(bodyOffset(body));
    case 'fields':
      return selectHeaderFields(body, section.names, section.chosen);
    default:
      return section satisfies never;
  }
}

/** Reading a body without PEEK sets \Seen, unless the folder is read-only. True if it was not set before. */
function markSeen(view: View, message: StoredMessage, items: readonly FetchItem[]): boolean {
  if (view.readOnly || !items.some((item) => item.kind === 'body' && item.marksSeen)) return false;
  if (hasFlag(message.flags, '\\Seen')) return false;
  view.folder.setFlags(message.uid, withFlags(message.flags, ['\\Seen']), view);
  return true;
}

function withItem(items: readonly FetchItem[], kind: 'FLAGS'): readonly FetchItem[] {
  return items.some((item) => item.kind === kind) ? items : [...items, { kind }];
}
