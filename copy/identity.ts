import { hash } from 'node:crypto';
import { parseDateTime } from '../imap/grammar.ts';

/** 96 bits of SHA-256; two of 500,000 messages fall together once in 10^17 folders. */
export interface Digest {
  readonly high: number;
  readonly middle: number;
  readonly low: number;
}

/** A digest as the key of a map. */
export function digestKey({ high, middle, low }: Digest): string {
  return `${high}.${middle}.${low}`;
}

/** By what a message is recognised when there is no UID to go by. */
export interface Identity {
  /** Of everything that two copies of one message have in common. */
  readonly exact: Digest;
  /** Of the headers alone: equal ones may be one message that a server altered, which the bodies then tell. */
  readonly loose: number;
  /** As sent, for searching. */
  readonly messageId?: string;
}

/** What an identity is made of; an IdentityRow of a session has it all. */
export interface Recognisable {
  /** Message-ID, Date, From and Subject as sent; other fields are disregarded. */
  readonly headers: Buffer;
  readonly internalDate: string;
  readonly size: number;
}

/**
 * The identity of a message. `bytesKept`: both servers keep bytes and give exact sizes, so that the size belongs to it
 * (revisions of a draft share all headers).
 *
 * With a Message-ID: that, Date, From and Subject. Without: Date, From and Subject with INTERNALDATE. Without any of
 * them: INTERNALDATE. Fields are unfolded, trimmed, and blanks collapsed (RFC 5322 section 2.2.3); case is kept.
 */
export function identify(message: Recognisable, bytesKept: boolean): Identity {
  const fields = readFields(message.headers);
  const [messageId = '', ...others] = ['message-id', 'date', 'from', 'subject'].map((name) => fields.get(name) ?? '');
  const size = bytesKept ? String(message.size) : '';
  const kind = messageId !== '' ? 'message-id' : others.some((field) => field !== '') ? 'headers' : 'headerless';
  const arrival = kind === 'message-id' ? '' : arrivalOf(message.internalDate);
  const headers = [kind, messageId, ...others];
  return {
    exact: digestOf([...headers, arrival, size].join('\n')),
    loose: digestOf(headers.join('\n')).low,
    ...(messageId === '' ? {} : { messageId }),
  };
}

/** The identity of a message that its server names itself, for comparing within that server's mailbox. */
export function identifyStored(name: string): Identity {
  const exact = digestOf(`stored\n${name}`);
  return { exact, loose: exact.low };
}

/** The same instant is the same arrival, whatever zone a server writes it in. */
function arrivalOf(internalDate: string): string {
  const parsed = parseDateTime(internalDate);
  return parsed === undefined ? internalDate : String(parsed.instant);
}

/** By lower-case name; a field that is there twice has both values, in their order. */
function readFields(headers: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const unfolded = headers.toString('latin1').replaceAll(/\r?\n(?=[ \t])/g, '');
  for (const line of unfolded.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line
      .slice(colon + 1)
      .replaceAll(/[ \t\0\r]+/g, ' ')
      .trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  return fields;
}

/** Texts are taken as bytes (latin1), as they came. */
function digestOf(text: string): Digest {
  const bytes = hash('sha256', Buffer.from(text, 'latin1'), 'buffer');
  return { high: bytes.readUInt32BE(0), middle: bytes.readUInt32BE(4), low: bytes.readUInt32BE(8) };
}

export const LONGEST_HEADER = 1 << 20;

/** The header of a message's body, with the empty line that ends it; all of a body that has none, within a limit. */
export function headerOf(body: readonly Buffer[]): Buffer {
  let header: Buffer = Buffer.alloc(0);
  for (const piece of body) {
    header = header.length === 0 ? piece : Buffer.concat([header, piece]);
    const end = endOfHeader(header);
    if (end >= 0) return header.subarray(0, end);
    if (header.length > LONGEST_HEADER) break;
  }
  return header.subarray(0, LONGEST_HEADER);
}

/** Where the empty line that ends a header is over; -1 when there is none. */
export function endOfHeader(bytes: Buffer): number {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  if (crlf < 0) return lf < 0 ? -1 : lf + 2;
  return lf < 0 || crlf < lf ? crlf + 4 : lf + 2;
}
