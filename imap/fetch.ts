/** UID FETCH as a stream of rows that the consumer pulls (RFC 3501 sections 6.4.5 and 7.4.2). */
import { isImapRefusal, refuse } from './refusal.ts';
import { saysExpunged } from './refusals.ts';
import { bytesOf, numberOf, positiveOf, ResponseError, textOf, wordsOf } from './response.ts';
import type { DataResponse, Value } from './response.ts';
import type { FetchedMessage, FlagsRow, IdentityRow } from './types.ts';
import type { Wire } from './wire.ts';

/** Items of one FETCH response by their names in upper case; `BODY[HEADER…]` under `HEADER`, `BODY[]` under `BODY`. */
type Items = ReadonlyMap<string, Value>;

export interface RowKind<Row> {
  /** What is asked for, without brackets around it. */
  readonly items: string;
  /** For people: `read flags`. */
  readonly about: string;
  /** Undefined while items are missing: a server may tell them in several responses, or say something unasked. */
  readonly read: (uid: number, items: Items) => Row | undefined;
}

function flagsOf(items: Items): readonly string[] | undefined {
  const words = wordsOf(items.get('FLAGS'));
  return words?.filter((flag) => flag.toLowerCase() !== '\\recent').toSorted();
}

export const FLAGS: RowKind<FlagsRow> = {
  items: 'UID FLAGS',
  about: 'read flags',
  read(uid, items) {
    const flags = flagsOf(items);
    return flags === undefined ? undefined : { uid, flags };
  },
};

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

function readItems(data: DataResponse): Items {
  const [list, ...more] = data.values();
  if (list?.kind !== 'list' || more.length > 0 || list.items.length % 2 !== 0) {
    throw new ResponseError('FETCH data is not a list of names and values');
  }
  const items = new Map<string, Value>();
  for (let index = 0; index < list.items.length; index += 2) {
    const name = list.items[index];
    const value = list.items[index + 1];
    if (name?.kind !== 'atom' || value === undefined) throw new ResponseError('FETCH data has an item without a name');
    items.set(itemName(name.text), value);
  }
  return items;
}

/**
 * Turns FETCH data into rows: those of messages that were asked for, each once, complete. Items of one message that come
 * in several responses are put together; updates without a UID are not ours.
 */
class Rows<Row> {
  readonly #kind: RowKind<Row>;
  readonly #asked: ReadonlySet<number> | undefined;
  readonly #seen = new Set<number>();
  readonly #incomplete = new Map<number, Items>();

  constructor(kind: RowKind<Row>, asked: ReadonlySet<number> | undefined) {
    this.#kind = kind;
    this.#asked = asked;
  }

  take(data: DataResponse): Row | undefined {
    const items = readItems(data);
    const uid = positiveOf(items.get('UID'));
    if (uid === undefined || this.#seen.has(uid) || this.#asked?.has(uid) === false) return undefined;
    const earlier = this.#incomplete.get(uid);
    const known = earlier === undefined ? items : new Map([...earlier, ...items]);
    const row = this.#kind.read(uid, known);
    if (row === undefined) {
      this.#incomplete.set(uid, known);
      return undefined;
    }
    this.#incomplete.delete(uid);
    this.#seen.add(uid);
    return row;
  }
}

/** One FETCH under way: rows that have arrived and how it ended. */
class Stream<Row> {
  readonly arrived: Row[] = [];
  ended: 'ok' | Error | undefined;
  #wake: () => void = () => undefined;

  /** Resolves when a row is there or the command has ended. */
  async news(): Promise<void> {
    if (this.arrived.length > 0 || this.ended !== undefined) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  push(row: Row): void {
    this.arrived.push(row);
    this.#wake();
  }

  end(how: 'ok' | Error): void {
    this.ended = how;
    this.#wake();
  }
}

function start<Row>(wire: Wire, folder: string, set: string, kind: RowKind<Row>, rows: Rows<Row>): Stream<Row> {
  const stream = new Stream<Row>();
  const finished = wire.run({
    asked: 'fetch',
    about: `${kind.about} in ${folder}`,
    parts: [`UID FETCH ${set} (${kind.items})`],
    onData: (data) => {
      if (data.name !== 'FETCH') return;
      const row = rows.take(data);
      if (row === undefined) return;
      stream.push(row);
      wire.pause();
    },
  });
  finished.then(
    () => stream.end('ok'),
    (error: Error) => {
      const partial = isImapRefusal(error) && error.status === 'NO' && saysExpunged(error.responseCode, error.message);
      stream.end(partial ? 'ok' : error);
    },
  );
  return stream;
}

/**
 * Rows of the messages in these sets, in the order in which the server sends them. While the consumer is busy the socket
 * is not read beyond the chunk in hand. Leaving before the end destroys the connection, since the rest of the
 * answer is on its way.
 */
export async function* fetchRows<Row>(
  wire: Wire,
  folder: string,
  sets: readonly string[],
  asked: ReadonlySet<number> | undefined,
  kind: RowKind<Row>,
): AsyncGenerator<Row, void, undefined> {
  const rows = new Rows(kind, asked);
  for (const set of sets) {
    const stream = start(wire, folder, set, kind, rows);
    let complete = false;
    try {
      for (;;) {
        for (let row = stream.arrived.shift(); row !== undefined; row = stream.arrived.shift()) yield row;
        if (stream.ended !== undefined) break;
        wire.resume();
        await stream.news();
      }
      complete = true;
    } finally {
      if (!complete && stream.ended === undefined) {
        wire.destroy(refuse('server.connection-lost', 'Reading was given up before the server had sent everything'));
      } else {
        wire.resume();
      }
    }
    if (stream.ended !== 'ok') throw stream.ended;
  }
}
