import { Refused, type Session } from '../session.ts';
import type { Folder } from '../store/folder.ts';
import type { Arguments } from '../wire/arguments.ts';

/** Reads a mailbox name: octets on the wire, INBOX in its one spelling (RFC 3501 §5.1). */
export async function mailboxArgument(session: Session, args: Arguments): Promise<string> {
  const name = await args.astring();
  const wire = existingName(session, name) ?? name;
  session.namedFolder = wire;
  return wire;
}

/** The name a folder has in the store, found as the server compares names; undefined if there is none. */
export function existingName(session: Session, name: string): string | undefined {
  const { folders } = session.store;
  const wire = name.toUpperCase() === 'INBOX' ? 'INBOX' : name;
  if (folders.has(wire)) return wire;
  if (session.settings.caseSensitiveNames) return wire === 'INBOX' ? wire : undefined;
  return [...folders.keys()].find((each) => each.toLowerCase() === wire.toLowerCase());
}

/** The folder of that name; a missing one, and one that only leads to others, is refused with the given text. */
export function requireFolder(session: Session, wire: string, otherwise: 'nonexistent' | 'tryCreate'): Folder {
  const folder = session.store.findFolder({ wire });
  if (folder === undefined || !folder.selectable) throw new Refused(session.text(otherwise));
  return folder;
}
