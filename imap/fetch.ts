/** UID FETCH as a stream of rows that the consumer pulls (RFC 3501 sections 6.4.5 and 7.4.2). */
import { AskedUids } from './asked-uids.ts';
import { formatUidSet } from './grammar.ts';
import { isImapRefusal, refuse } from './refusal.ts';
import { saysExpunged } from './refusals.ts';
import { Rows } from './fetch-rows.ts';
import type { RowKind } from './fetch-rows.ts';
import type { Wire } from './wire.ts';

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
    parts: [`UID FETCH ${set} (${kind.items})${kind.modifiers === undefined ? '' : ` ${kind.modifiers}`}`],
    onData: (data) => {
      const row = rows.take(data);
      if (row === undefined) return;
      wire.progressed();
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
 * Rows of these messages, in the order in which the server sends them. Messages whose rows do not come are asked for once
 * more: then they are gone, or the server does not hand them out. While the consumer is busy the socket is not read
 * beyond the chunk in hand. Leaving before the end destroys the connection, since the rest of the answer is on its way.
 */
export async function* fetchRows<Row>(
  wire: Wire,
  folder: string,
  uids: readonly number[] | 'all',
  kind: RowKind<Row>,
): AsyncGenerator<Row, void, undefined> {
  if (uids === 'all') return yield* fetchSets(wire, folder, ['1:*'], kind, new Rows(kind, undefined));
  const asked = new AskedUids(uids);
  const rows = new Rows(kind, asked);
  yield* fetchSets(wire, folder, formatUidSet(uids), kind, rows);
  yield* fetchSets(wire, folder, formatUidSet(asked.missing()), kind, rows);
}

async function* fetchSets<Row>(
  wire: Wire,
  folder: string,
  sets: readonly string[],
  kind: RowKind<Row>,
  rows: Rows<Row>,
): AsyncGenerator<Row, void, undefined> {
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
