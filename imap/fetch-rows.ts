/** FETCH data (RFC 3501 section 7.4.2) read into rows. */
import type { AskedUids } from './asked-uids.ts';
import { bytesOf, numberOf, positiveOf, ResponseError, textOf, wordsOf } from './response.ts';
import type { DataResponse, Value } from './response.ts';
import type { FetchedMessage, FlagsRow, IdentityRow } from './types.ts';

/** Items of one FETCH response by their names in upper case; `BODY[HEADER…]` under `HEADER`, `BODY[]` under `BODY`. */
export type Items = ReadonlyMap<string, Value>;

export interface RowKind<Row> {
  /** What is asked for, without brackets around it. */
  readonly items: string;
  /** What stands behind the items (RFC 4466 section 2.4), with brackets around it: `(CHANGEDSINCE 715)`. */
  readonly modifiers?: string;
  /** For people: `read flags`. */
  readonly about: string;
  /** Undefined while items are missing: a server may tell them in several responses, or say something unasked. */
  readonly read: (uid: number, items: Items) => Row | undefined;
}

/** Of one message: far more than any server keeps. */
const MOST_FLAG_BYTES = 64 << 10;

/** Flags as rows have them. Throws a ResponseError for more than any message has. */
export function readableFlags(words: readonly string[]): readonly string[] {
  const bytes = words.reduce((sum, word) => sum + word.length, 0);
  if (bytes > MOST_FLAG_BYTES) throw new ResponseError(`a message has flags of ${bytes} bytes`);
  return words.filter((flag) => flag.toLowerCase() !== '\\recent').toSorted();
}

function flagsOf(items: Items): readonly string[] | undefined {
  const words = wordsOf(items.get('FLAGS'));
  return words === undefined ? undefined : readableFlags(words);
}

export const FLAGS: RowKind<FlagsRow> = {
  items: 'UID FLAGS',
  about: 'read flags',
  read(uid, items) {
    const flags = flagsOf(items);
    return flags === undefined ? undefined : { uid, flags };
  },
};

/** Flags of what is new or was changed since a mod-sequence (RFC 7162 section 3.1.4.1); rows have a MODSEQ beside them. */
export function flagsChangedSince(modseq: number): RowKind<FlagsRow> {
  return { ...FLAGS, about: 'read changed flags', modifiers: `(CHANGEDSINCE ${modseq})` };
}

export const IDENTITIES: RowKind<IdentityRow> = {
  items: 'UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]',
  about: 'read headers',
  read(uid, items) {
    const [flags, date, header] = [flagsOf(items), items.get('INTERNALDATE'), items.get('HEADER')];
    const size = numberOf(items.get('RFC822.SIZE'));
    if (flags === undefined || date === undefined || size === undefined || header === undefined) return undefined;
    // Copied, so that a few lines do not hold on to the whole chunk in which they came.
    return { uid, flags, internalDate: textOf(date) ?? '', size, headers: bytesOf(header) ?? Buffer.alloc(0) };
  },
};

/** The same on Gmail, whose folders are labels: it names each message for the whole mailbox (X-GM-EXT-1). */
export const GMAIL_IDENTITIES: RowKind<IdentityRow> = {
  items: `${IDENTITIES.items} X-GM-MSGID`,
  about: IDENTITIES.about,
  read(uid, items) {
    const row = IDENTITIES.read(uid, items);
    const storedAs = textOf(items.get('X-GM-MSGID'));
    return row === undefined || storedAs === undefined ? undefined : { ...row, storedAs };
  },
};

function bodyOf(value: Value): Pick<FetchedMessage, 'body' | 'bytes'> {
  if (value.kind === 'literal') return { body: value.literal.pieces, bytes: value.literal.bytes };
  const bytes = bytesOf(value);
  return bytes === undefined ? { bytes: 0 } : { body: [bytes], bytes: bytes.length };
}

export const MESSAGES: RowKind<FetchedMessage> = {
  items: 'UID FLAGS INTERNALDATE BODY.PEEK[]',
  about: 'read messages',
  read(uid, items) {
    const [flags, date, body] = [flagsOf(items), items.get('INTERNALDATE'), items.get('BODY')];
    if (flags === undefined || date === undefined || body === undefined) return undefined;
    return { uid, flags, internalDate: textOf(date) ?? '', ...bodyOf(body) };
  },
};

function itemName(name: string): string {
  const upper = name.toUpperCase();
  if (upper === 'BODY[]') return 'BODY';
  return upper.startsWith('BODY[HEADER') ? 'HEADER' : upper;
}

/** Some servers name the UID twice. What is no word is never the same. */
function isSameWord(one: Value | undefined, other: Value): boolean {
  return one?.kind === 'atom' && other.kind === 'atom' && one.text === other.text;
}

/** Throws a ResponseError for what is no list of names and values, and for one that tells two values of one item. */
export function readItems(data: DataResponse): Items {
  const [list, ...more] = data.values();
  if (list?.kind !== 'list' || more.length > 0 || list.items.length % 2 !== 0) {
    throw new ResponseError('FETCH data is not a list of names and values');
  }
  const items = new Map<string, Value>();
  for (let index = 0; index < list.items.length; index += 2) {
    const name = list.items[index];
    const value = list.items[index + 1];
    if (name?.kind !== 'atom' || value === undefined) throw new ResponseError('FETCH data has an item without a name');
    const item = itemName(name.text);
    if (items.has(item) && !isSameWord(items.get(item), value)) {
      throw new ResponseError('FETCH data tells the same item twice');
    }
    items.set(item, value);
  }
  return items;
}

/**
 * Sequence numbers and UIDs grow together (RFC 3501 section 2.3.1.2), whatever the order in which a server tells them. Each pair
 * is held against the one before; a server that contradicts itself has put a message under the UID of another.
 */
export class SequenceCheck {
  #sequence = 0;
  #uid = 0;

  /** Throws a ResponseError. */
  see(sequence: number, uid: number): void {
    const isAfter = Math.sign(sequence - this.#sequence) === Math.sign(uid - this.#uid);
    if (this.#uid !== 0 && !isAfter) throw new ResponseError('sequence numbers and UIDs contradict each other');
    this.#sequence = sequence;
    this.#uid = uid;
  }

  /** Looks at data that is no row: where messages disappear, the numbers change (RFC 3501 section 7.4.1, RFC 7162). */
  renumbered({ name }: DataResponse): void {
    if (name === 'EXPUNGE' || name === 'VANISHED') this.#uid = 0;
  }
}

/** Far more than any server keeps in one folder. */
const MOST_ROWS = 5_000_000;

/**
 * Turns FETCH data into rows: those of messages that were asked for, each once, complete. Items of one message that come
 * in several responses, one after another, are put together; updates without a UID are not ours.
 */
export class Rows<Row> {
  readonly #kind: RowKind<Row>;
  readonly #asked: AskedUids | undefined;
  /** Where all were asked for. */
  readonly #seen = new Set<number>();
  readonly #order: SequenceCheck;
  /** Of the message that was told last, if not all was. No others are kept: they may hold bodies. */
  #incomplete: { readonly uid: number; readonly items: Items } | undefined;

  /** `asked`: undefined for all that there are. */
  constructor(kind: RowKind<Row>, asked: AskedUids | undefined, order = new SequenceCheck()) {
    this.#kind = kind;
    this.#asked = asked;
    this.#order = order;
  }

  take(data: DataResponse): Row | undefined {
    this.#order.renumbered(data);
    if (data.name !== 'FETCH') return undefined;
    const items = readItems(data);
    const uid = positiveOf(items.get('UID'));
    if (uid !== undefined) this.#order.see(data.number ?? 0, uid);
    if (uid === undefined || !this.#awaits(uid)) return undefined;
    const earlier = this.#incomplete?.uid === uid ? this.#incomplete.items : new Map<string, Value>();
    const known = new Map([...earlier, ...items]);
    const row = this.#kind.read(uid, known);
    this.#incomplete = row === undefined ? { uid, items: known } : undefined;
    if (row !== undefined) this.#came(uid);
    return row;
  }

  #awaits(uid: number): boolean {
    return this.#asked === undefined ? !this.#seen.has(uid) : this.#asked.awaits(uid);
  }

  #came(uid: number): void {
    if (this.#asked !== undefined) return void this.#asked.take(uid);
    if (this.#seen.size === MOST_ROWS) throw new ResponseError('more messages than any mailbox can have');
    this.#seen.add(uid);
  }
}
