/** UID FETCH of whole messages as a stream that is bounded in bytes (RFC 3501 sections 6.4.5 and 7.4.2). */
import { AskedUids } from './asked-uids.ts';
import type { LiteralSink } from './assembler.ts';
import { BodyStream } from './body-stream.ts';
import type { ByteBudget } from './budget.ts';
import { MESSAGES, readableFlags, readItems, Rows, SequenceCheck, type Items } from './fetch-rows.ts';
import { formatUidSet } from './grammar.ts';
import { readPlainHead } from './plain-head.ts';
import { isImapRefusal, refuse } from './refusal.ts';
import { saysExpunged } from './refusals.ts';
import { bytesOf, positiveOf, ResponseError } from './response.ts';
import type { DataResponse, RawResponse } from './response.ts';
import type { FetchedMessage } from './types.ts';
import type { Wire } from './wire.ts';

const ENDS_IN_BODY = /^\* \d{1,10} FETCH [^\r]*BODY\[\] ~?\{\d+\+?\}$/i;
const ANY_BODY = /BODY\[\] ~?\{\d+\+?\}$/i;

interface Head {
  readonly uid: number;
  readonly flags: readonly string[];
  readonly internalDate: string;
}

const DISCARD: LiteralSink = { take: () => undefined };

/** One command of a reading. */
interface Fetch {
  readonly command: string;
  /** Of the one message that it is about, where its flags and date have been told. */
  readonly known?: Head;
  /** Once it was sent. */
  end?: { how: 'ok' | Error | undefined };
}

/** One read of messages, over one command or several. */
class Reading {
  readonly #wire: Wire;
  readonly #folder: string;
  readonly #budget: ByteBudget;
  readonly #asked: AskedUids;
  readonly #rows: Rows<FetchedMessage>;
  readonly #order = new SequenceCheck();
  /** Of each message asked for that has come, by its position: one more than its bytes. */
  readonly #given: Uint32Array;
  readonly #flags = new Map<string, readonly string[]>();
  /** In the order in which they are sent. */
  readonly #fetches: Fetch[];
  /** Rows that have arrived; a stream ends its group. */
  #arrived: FetchedMessage[] = [];
  readonly #groups: (readonly FetchedMessage[])[] = [];
  #stream: BodyStream | undefined;
  /** The message that the open stream belongs to. */
  #streamed: Head | undefined;
  /** Bytes of the response in hand that were taken from the budget. */
  #own = 0;
  /** Why nothing is read now. */
  readonly #closed = new Set<'budget' | 'stream'>();
  #wake: () => void = () => undefined;
  #isWaking = false;
  /** Nothing has come yet; nobody waits longer than necessary for the first. */
  #isFirst = true;

  constructor(wire: Wire, folder: string, uids: readonly number[], budget: ByteBudget) {
    this.#wire = wire;
    this.#folder = folder;
    this.#budget = budget;
    this.#asked = new AskedUids(uids);
    this.#fetches = formatUidSet(uids).map((set) => ({ command: `UID FETCH ${set} (${MESSAGES.items})` }));
    this.#given = new Uint32Array(this.#asked.size);
    this.#rows = new Rows(MESSAGES, this.#asked, this.#order);
  }

  /** Groups of rows; each command is sent while its predecessor is being answered. */
  async *groups(): AsyncGenerator<readonly FetchedMessage[], void, undefined> {
    let isComplete = false;
    try {
      for (const [at, fetch] of this.#fetches.entries()) {
        const end = this.#begin(fetch);
        const next = this.#fetches[at + 1];
        if (next !== undefined) this.#begin(next);
        for (;;) {
          const group = this.#nextGroup();
          if (group !== undefined) {
            yield group;
            const last = group.at(-1)?.body;
            if (last instanceof BodyStream) last.discard();
          } else if (end.how !== undefined) {
            break;
          } else {
            await new Promise<void>((resolve) => (this.#wake = resolve));
          }
        }
        if (end.how !== 'ok') throw end.how;
      }
      isComplete = true;
    } finally {
      if (!isComplete) this.#giveUp();
    }
  }

  /** What is on its way would be read by nobody, and the next command wait for it. */
  #giveUp(): void {
    if (this.#fetches.every(({ end }) => end === undefined || end.how !== undefined)) return;
    this.#wire.destroy(refuse('server.connection-lost', 'Reading was given up before the server had sent everything'));
  }

  #nextGroup(): readonly FetchedMessage[] | undefined {
    const group = this.#groups.shift();
    if (group !== undefined || this.#arrived.length === 0) return group;
    const arrived = this.#arrived;
    this.#arrived = [];
    return arrived;
  }

  #begin(fetch: Fetch): NonNullable<Fetch['end']> {
    if (fetch.end !== undefined) return fetch.end;
    const { command, known } = fetch;
    const end: NonNullable<Fetch['end']> = { how: undefined };
    fetch.end = end;
    const ended = (how: 'ok' | Error): void => {
      if (how !== 'ok') this.#stream?.fail(how);
      end.how = how;
      this.#wake();
    };
    const finished = this.#wire.run({
      asked: 'fetch',
      about: `${MESSAGES.about} in ${this.#folder}`,
      parts: [command],
      pipelined: true,
      onLiteral: (lines, bytes) => this.#literal(lines, bytes, known),
      onRaw: (raw) => this.#whole(raw),
      onData: (data) => this.#data(data, known),
    });
    finished.then(
      () => ended('ok'),
      (error: Error) => {
        const partial =
          isImapRefusal(error) && error.status === 'NO' && saysExpunged(error.responseCode, error.message);
        ended(partial ? 'ok' : error);
      },
    );
    return end;
  }

  /** A literal is announced: held, passed through, or thrown away. */
  #literal(lines: readonly string[], bytes: number, known: Head | undefined): LiteralSink | undefined {
    const line = lines.at(-1) ?? '';
    if (bytes <= this.#budget.largest) {
      this.#take(bytes);
      return undefined;
    }
    const isBody = lines.length === 1 ? ENDS_IN_BODY.test(line) : ANY_BODY.test(line);
    const head = known ?? (lines.length === 1 ? this.#headOf(line) : undefined);
    if (!isBody || head === undefined || !this.#asked.take(head.uid)) return DISCARD;
    const tap = { close: () => this.#close('stream'), open: () => this.#open('stream') };
    const stream = new BodyStream(tap, this.#budget);
    this.#stream = stream;
    this.#streamed = head;
    this.#push({ ...head, body: stream, bytes });
    this.#groups.push(this.#arrived);
    this.#arrived = [];
    let idle = 0;
    return {
      take: (slice) => {
        idle += slice.length;
        if (idle >= LEAST_PROGRESS) {
          idle = 0;
          this.#wire.progressed();
        }
        stream.take(slice);
      },
    };
  }

  #take(bytes: number): void {
    this.#own += bytes;
    this.#budget.announce(bytes);
    const own = this.#own;
    if (this.#budget.admits(own)) return;
    this.#close('budget');
    this.#budget.onRoom(own, () => this.#open('budget'));
  }

  #close(why: 'budget' | 'stream'): void {
    this.#closed.add(why);
    this.#wire.pause();
  }

  #open(why: 'budget' | 'stream'): void {
    this.#closed.delete(why);
    if (this.#closed.size === 0) this.#wire.resume();
  }

  #headOf(line: string): Head | undefined {
    const plain = readPlainHead(line);
    if (plain === undefined) return undefined;
    const { sequence, uid, internalDate } = plain;
    const flags = this.#flagsOf(plain.flags);
    if (flags === undefined) return undefined;
    if (uid !== 0) this.#order.see(sequence, uid);
    return { uid, flags, internalDate };
  }

  /** Messages share few sets of flags; equal ones share one list. Undefined for what the grammar has to read. */
  #flagsOf(text: string): readonly string[] | undefined {
    const known = this.#flags.get(text);
    if (known !== undefined) return known;
    if (text.length > LONGEST_PLAIN_FLAGS || UNPLAIN_FLAGS.test(text)) return undefined;
    const flags = readableFlags(text.split(' ').filter((word) => word !== ''));
    if (this.#flags.size < MOST_FLAG_SETS) this.#flags.set(text, flags);
    return flags;
  }

  /** The usual response, read without the grammar. */
  #whole({ lines, literals }: RawResponse): boolean {
    if (this.#stream !== undefined || lines.length !== 2 || lines[1] !== ')') return false;
    const line = lines[0] ?? '';
    const literal = literals[0];
    if (literal === undefined || literal.bytes > this.#budget.largest) return false;
    const head = this.#headOf(line);
    if (head === undefined || head.uid === 0) return false;
    const { uid, flags, internalDate } = head;
    const { pieces, bytes } = literal;
    this.#compare(uid, bytes);
    this.#row(this.#asked.take(uid) ? { uid, flags, internalDate, body: pieces, bytes } : undefined);
    return true;
  }

  #data(data: DataResponse, known: Head | undefined): void {
    this.#order.renumbered(data);
    if (data.name !== 'FETCH') return this.#row(undefined);
    if (this.#stream !== undefined) return this.#endStream(data, this.#stream);
    const items = readItems(data);
    const body = items.get('BODY');
    if (body?.kind === 'literal' && body.literal.bytes > this.#budget.largest) {
      return this.#thrownAway(items, body.literal.bytes);
    }
    const row = this.#rows.take(data);
    const uid = positiveOf(items.get('UID'));
    if (row === undefined && uid !== undefined && body !== undefined) this.#compare(uid, bytesOf(body)?.length ?? 0);
    this.#row(known === undefined || row === undefined ? row : { ...row, ...known });
  }

  /** Some servers tell a message twice; two different ones under one UID are not to be believed. */
  #compare(uid: number, bytes: number): void {
    const given = this.#given[this.#asked.positionOf(uid)] ?? 0;
    if (given > 0 && given !== bytes + 1) throw new ResponseError('two messages came under one UID');
  }

  /** The response that a stream belongs to is closed: now the message is whole, if it was that message. */
  #endStream(data: DataResponse, stream: BodyStream): void {
    const uid = positiveOf(readItems(data).get('UID'));
    if (uid !== this.#streamed?.uid) throw new ResponseError('a message came under the UID of another');
    this.#stream = undefined;
    this.#wire.progressed();
    stream.end();
    this.#wake();
  }

  /** Too large to be held, and nobody knew whose it was before it was gone: asked for once more. */
  #thrownAway(items: Items, bytes: number): void {
    const uid = positiveOf(items.get('UID'));
    if (uid !== undefined) this.#compare(uid, bytes);
    const row = uid === undefined ? undefined : MESSAGES.read(uid, items);
    if (row !== undefined && this.#asked.awaits(row.uid)) {
      const { flags, internalDate } = row;
      this.#fetches.push({
        command: `UID FETCH ${row.uid} (UID BODY.PEEK[])`,
        known: { uid: row.uid, flags, internalDate },
      });
      this.#wire.progressed();
    }
    this.#row(undefined);
  }

  /** A response is over: `row` is what became of it. */
  #row(row: FetchedMessage | undefined): void {
    const surplus = this.#own - (row?.bytes ?? 0);
    this.#own = 0;
    if (surplus > 0) this.#budget.give(surplus);
    if (surplus < 0) this.#budget.take(-surplus);
    if (row !== undefined) this.#push(row);
  }

  #push(row: FetchedMessage): void {
    this.#given[this.#asked.positionOf(row.uid)] = row.bytes + 1;
    this.#wire.progressed();
    this.#arrived.push(row);
    if (this.#isFirst) this.#wake();
    else this.#wakeSoon();
    this.#isFirst = false;
  }

  /** When all has been read that was there: what one turn of the event loop brings is one group. */
  #wakeSoon(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      this.#wake();
    });
  }
}

/** Of a stream: a server that sends it byte by byte would never come to its end. */
const LEAST_PROGRESS = 64 << 10;
const MOST_FLAG_SETS = 1_000;
const LONGEST_PLAIN_FLAGS = 4_000;
/** Lists, literals and strings do not stand among flags. */
const UNPLAIN_FLAGS = /[([\]{}"]/;

/**
 * Messages of the open folder in the order in which the server sends them, in groups as they arrive. `folder` is its name
 * for people. Leaving before the end destroys the connection, since the rest of the answer is on its way.
 */
export function fetchMessages(
  wire: Wire,
  folder: string,
  uids: readonly number[],
  budget: ByteBudget,
): AsyncGenerator<readonly FetchedMessage[], void, undefined> {
  return new Reading(wire, folder, uids, budget).groups();
}
