import { createHash } from 'node:crypto';
import { ImapConnection } from './imap-connection.ts';
import type { ImapAccess, ImapResponse } from './imap-connection.ts';
import { itemsOf, parseValues, textOf } from './imap-values.ts';
import type { ImapValue } from './imap-values.ts';
import { decodeMailboxName, neutralPath } from './mailbox-names.ts';
import type { Naming } from './mailbox-names.ts';

/** A message as it is on a server. */
export interface ReadMessage {
  readonly uid: number;
  /** Flags and keywords as the server writes them, sorted, without `\Recent`. */
  readonly flags: readonly string[];
  /** INTERNALDATE, in the server's own zone. */
  readonly internalDate: string;
  /** The same as milliseconds since 1970. */
  readonly instant: number;
  readonly size: number;
  /** Of the exact bytes, in hexadecimal digits. */
  readonly sha256: string;
  /** The Message-ID field's text, to recognise a message whose bytes have changed. */
  readonly messageId: string | undefined;
}

/** A folder that can be selected. */
export interface ReadFolder {
  /** Segments joined by `/`, without the namespace's prefix: the same on every server. */
  readonly path: string;
  /** The name on this server, decoded. */
  readonly serverPath: string;
  /** Such as `\Sent`, if the server says so in LIST. */
  readonly specialUse: string | undefined;
  readonly uidValidity: number;
  readonly messages: readonly ReadMessage[];
}

export interface ReadMailbox {
  readonly folders: readonly ReadFolder[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const ROLES = /^\\(all|archive|drafts|flagged|junk|sent|trash)$/i;

/** The instant of an IMAP date-time such as `17-Jul-1996 02:44:25 -0700` (RFC 9051), in milliseconds since 1970. */
export function instantOf(dateTime: string): number {
  const match = /^([ \d]\d)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(dateTime);
  if (match === null) throw new Error(`not an IMAP date-time: ${dateTime}`);
  const [, day, month = '', year, hour, minute, second, sign, zoneHour, zoneMinute] = match;
  const index = MONTHS.indexOf(month.toLowerCase());
  if (index === -1) throw new Error(`not an IMAP month: ${dateTime}`);
  const local = Date.UTC(Number(year), index, Number(day), Number(hour), Number(minute), Number(second));
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return sign === '-' ? local + offset : local - offset;
}

function messageIdOf(raw: Buffer): string | undefined {
  const end = raw.indexOf('\r\n\r\n');
  const header = raw.subarray(0, end === -1 ? raw.length : end).toString('latin1');
  return /^message-id:[ \t]*(?:\r\n[ \t]+)?(.*)$/im.exec(header)?.[1]?.trim();
}

function readFetch({ text, literals }: ImapResponse): ReadMessage | undefined {
  const [, , list] = parseValues(text, literals);
  const fields = new Map<string, ImapValue>();
  const items = itemsOf(list);
  for (let at = 0; at + 1 < items.length; at += 2) {
    const value = items[at + 1];
    if (value !== undefined) fields.set((textOf(items[at]) ?? '').toUpperCase(), value);
  }
  const uid = textOf(fields.get('UID'));
  const body = fields.get('BODY[]');
  const internalDate = textOf(fields.get('INTERNALDATE'));
  if (uid === undefined || internalDate === undefined || body?.kind !== 'string') return undefined;
  const flags = itemsOf(fields.get('FLAGS')).map((flag) => textOf(flag) ?? '');
  return {
    uid: Number(uid),
    flags: flags.filter((flag) => flag.toLowerCase() !== '\\recent').toSorted(),
    internalDate,
    instant: instantOf(internalDate),
    size: body.bytes.length,
    sha256: createHash('sha256').update(body.bytes).digest('hex'),
    messageId: messageIdOf(body.bytes),
  };
}

interface ListedFolder {
  readonly encoded: string;
  readonly specialUse: string | undefined;
}

async function listFolders(connection: ImapConnection): Promise<readonly ListedFolder[]> {
  const responses = await connection.command('LIST "" "*"');
  return responses.flatMap(({ text, literals }) => {
    const [kind, attributes, , name] = parseValues(text, literals);
    if (textOf(kind)?.toUpperCase() !== 'LIST') return [];
    const flags = itemsOf(attributes).map((flag) => textOf(flag) ?? '');
    if (flags.some((flag) => /^\\(noselect|nonexistent)$/i.test(flag))) return [];
    return [{ encoded: textOf(name) ?? '', specialUse: flags.find((flag) => ROLES.test(flag)) }];
  });
}

/** A mailbox name as a quoted string. */
export function quoted(encodedName: string): string {
  return `"${encodedName.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function numberIn(responses: readonly ImapResponse[], pattern: RegExp): number {
  const found = responses.map(({ text }) => pattern.exec(text)?.[1]).find((text) => text !== undefined);
  return Number(found ?? 0);
}

async function readFolder(connection: ImapConnection, folder: ListedFolder, naming: Naming): Promise<ReadFolder> {
  const selected = await connection.command(`EXAMINE ${quoted(folder.encoded)}`);
  const exists = numberIn(selected, /^(\d+) EXISTS/i);
  const rows = exists === 0 ? [] : await connection.command('UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])');
  const messages = rows.filter(({ text }) => /^\d+ FETCH /i.test(text)).flatMap((row) => readFetch(row) ?? []);
  const serverPath = decodeMailboxName(folder.encoded);
  const uids = new Set(messages.map(({ uid }) => uid));
  if (uids.size !== messages.length || messages.length < exists) {
    throw new Error(`${serverPath} holds ${exists} messages, but ${uids.size} of ${messages.length} rows are complete`);
  }
  return {
    path: neutralPath(serverPath, naming),
    serverPath,
    specialUse: folder.specialUse,
    uidValidity: numberIn(selected, /UIDVALIDITY (\d+)/i),
    messages: messages.toSorted((a, b) => a.uid - b.uid),
  };
}

/** Reads every message of every folder of a mailbox, without changing anything there. */
export async function readMailbox(access: ImapAccess): Promise<ReadMailbox> {
  const connection = await ImapConnection.open(access);
  try {
    const naming = await connection.naming();
    const folders: ReadFolder[] = [];
    for (const folder of await listFolders(connection)) folders.push(await readFolder(connection, folder, naming));
    await connection.logout();
    return { folders };
  } finally {
    connection.close();
  }
}
