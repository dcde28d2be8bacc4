import { expect, test } from 'vitest';
import { Care } from '../../../copy/care.ts';
import { Lane } from '../../../copy/lane.ts';
import { Ledger } from '../../../copy/ledger.ts';
import type { Prepared } from '../../../copy/message.ts';
import { newSending } from '../../../copy/sending.ts';
import { newTally } from '../../../copy/tally.ts';
import { beginWork } from '../../../copy/work.ts';
import { isStream } from '../../../imap/body.ts';
import { ByteBudget } from '../../../imap/budget.ts';
import { formatDateTime, parseDateTime } from '../../../imap/grammar.ts';
import { Proofs } from '../../../imap/proofs.ts';
import type { AppendMessage, Appended, Dated } from '../../../imap/types.ts';
import { MemoryMailbox } from '../../support/memory-server.ts';
import { MemorySession } from '../../support/memory-session.ts';
import { Random } from '../../support/random.ts';

/** A command as the server has it: the bodies name the messages. */
interface Arrival {
  readonly names: string;
  /** Something of it has to wait until the server asks for it. */
  readonly isQuestion: boolean;
  /** The server asks for the literal that waits. */
  readonly ask: () => Promise<void>;
  readonly store: () => Promise<void>;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A destination that asks and answers when it is told to. */
class SlowSession extends MemorySession {
  readonly arrivals: Arrival[] = [];
  readonly #taken = new Proofs();
  #uid = 0;

  constructor(abilities: readonly string[]) {
    super(new MemoryMailbox(), { capabilities: ['IMAP4REV1', 'UIDPLUS', 'LITERAL+', ...abilities] });
  }

  override isProven(name: string, flags: readonly string[]): boolean {
    return this.#taken.has(name, flags);
  }

  override isDateProven(dated: Dated): boolean {
    return this.#taken.dates.isSettled(dated);
  }

  override append(
    name: string,
    messages: readonly AppendMessage[],
    mayCommit: () => void,
    onProven = (): void => undefined,
  ): Promise<readonly Appended[]> {
    return new Promise((resolve) => {
      const uids = messages.map(() => ({ uid: (this.#uid += 1), uidValidity: 1 }));
      this.arrivals.push({
        isQuestion: !messages.every((each) => this.isProven(name, each.flags) && this.isDateProven(each)),
        names: messages.map(({ body }) => (isStream(body) ? '' : Buffer.concat(body).toString())).join(' '),
        ask: () => {
          for (const each of messages) this.#taken.add(name, each);
          onProven();
          return settled();
        },
        store: () => {
          mayCommit();
          resolve(uids);
          return settled();
        },
      });
    });
  }

  /** What has come so far, a text for each command. */
  get came(): readonly string[] {
    return this.arrivals.map(({ names }) => names);
  }

  get last(): Arrival {
    const last = this.arrivals.at(-1);
    if (last === undefined) throw new Error('nothing came');
    return last;
  }
}

const AT = '01-Jan-2020 00:00:00 +0000';

function message(uid: number, flags: readonly string[], bytes = 1_000, internalDate = AT): Prepared {
  const body = [Buffer.from(`m${uid}`)];
  return {
    uid,
    flags,
    message: { flags, internalDate, body, bytes },
    instant: parseDateTime(internalDate)?.instant ?? 0,
    flagDropped: false,
    dateMended: false,
    isSuspect: false,
  };
}

/** `now` in milliseconds. */
function begin(
  abilities: readonly string[] = ['MULTIAPPEND'],
  now: () => number = () => 0,
): { readonly lane: Lane; readonly server: SlowSession } {
  const server = new SlowSession(abilities);
  const work = beginWork(
    {
      pass: 'final',
      folder: { source: 'Mail', sourcePath: 'Mail', destination: 'Mail', destinationPath: 'Mail' },
      retryAside: false,
      limits: {
        connectionsPerMailbox: 1,
        connectionsPerEndpoint: 1,
        messagesPerShare: 1_000,
        millisecondsPerShare: 1_000,
        memoryBytes: 32 << 20,
      },
    },
    {
      source: server,
      destination: server,
      lease: { check: () => undefined, carry: () => undefined, acknowledged: () => Promise.resolve() },
      interrupt: new AbortController().signal,
      now,
    },
    { ledger: new Ledger(), beside: [] },
    newTally(),
  );
  work.folder = { ...work.folder, uidValidity: 1, uidNext: 1 };
  return {
    lane: new Lane(newSending(work, new Uint32Array(), undefined), new ByteBudget(32 << 20), new Care()),
    server,
  };
}

const NONE: readonly string[] = [];
const SEEN = ['\\Seen'];
const ANSWERED = ['\\Seen', '\\Answered'];
const FLAGGED = ['\\Flagged'];

test('what follows the first message leaves when the server has asked for it, not when it has stored it', async () => {
  const { lane, server } = begin();
  for (const uid of [1, 2, 3]) lane.add(message(uid, SEEN, 80_000));
  lane.nudge();
  expect(server.came).toEqual(['m1']);
  await server.last.ask();
  expect(server.came).toEqual(['m1', 'm2', 'm3']);
});

test('the message with the most new flags asks, the others wait for it and keep their order', async () => {
  const { lane, server } = begin();
  const lists = [NONE, SEEN, ANSWERED, SEEN, NONE];
  lists.forEach((flags, index) => lane.add(message(index + 1, flags)));
  lane.nudge();
  const all = lane.drained();
  expect(server.came).toEqual(['m3']);
  await server.last.ask();
  expect(server.came).toEqual(['m3', 'm1 m2 m4 m5']);
  for (const { store } of server.arrivals) await store();
  await all;
});

test('nothing is sent behind a message that waits for the server to ask', async () => {
  const { lane, server } = begin();
  lane.add(message(1, SEEN));
  lane.nudge();
  await server.last.ask();
  lane.add(message(2, FLAGGED));
  lane.nudge();
  expect(server.came).toEqual(['m1', 'm2']);
  for (const uid of [3, 4]) lane.add(message(uid, SEEN, 80_000));
  lane.nudge();
  expect(server.came).toEqual(['m1', 'm2']);
  await server.last.ask();
  expect(server.came).toEqual(['m1', 'm2', 'm3', 'm4']);
});

test('messages with other flags ask when nothing else may leave, and are sent where their UIDs belong', async () => {
  const { lane, server } = begin();
  lane.add(message(1, SEEN));
  lane.nudge();
  lane.add(message(2, FLAGGED));
  lane.add(message(3, FLAGGED, 80_000));
  for (const uid of [4, 5, 6, 7]) lane.add(message(uid, SEEN, 80_000));
  await server.last.ask();
  expect(server.came).toEqual(['m1', 'm4', 'm5', 'm6', 'm2']);
  await server.last.ask();
  const all = lane.drained();
  for (const arrival of server.arrivals.slice()) await arrival.store();
  expect(server.came.slice(5).join(' ')).toBe('m3 m7');
  for (const arrival of server.arrivals.slice(5)) await arrival.store();
  await all;
});

test('a window that was full is filled again when an eighth of it is free, not at each answer', async () => {
  let now = 0;
  const { lane, server } = begin([], () => now);
  for (let uid = 1; uid <= 40; uid += 1) lane.add(message(uid, SEEN, 8_000));
  lane.nudge();
  await server.last.ask();
  expect(server.arrivals).toHaveLength(32);
  // So slow that the window does not grow.
  now = 500;
  const left: number[] = [];
  for (const { store } of server.arrivals.slice(0, 10)) {
    await store();
    left.push(server.arrivals.length);
  }
  expect(left).toEqual([32, 32, 32, 32, 37, 37, 37, 37, 37, 40]);
});

test('flags, zone and year are asked about together, by one that shows that the oldest is taken', async () => {
  const { lane, server } = begin();
  lane.add(message(1, SEEN, 1_000, '17-Jul-2006 02:44:25 -0700'));
  lane.add(message(2, SEEN, 1_000, '17-Jul-1996 02:44:25 -0700'));
  lane.add(message(3, ANSWERED, 1_000, '17-Jul-2006 02:44:25 -0700'));
  lane.add(message(4, SEEN, 1_000, '17-Nov-2001 02:44:25 +0100'));
  lane.add(message(5, FLAGGED, 1_000, '17-Nov-1996 02:44:25 -0700'));
  lane.add(message(6, ['\\Flagged', '\\Seen'], 1_000, '17-Oct-1996 02:44:25 -0700'));
  lane.nudge();
  expect(server.came).toEqual(['m6']);
  await server.last.ask();
  expect(server.came).toEqual(['m6', 'm4']);
  const all = lane.drained();
  await server.last.ask();
  expect(server.came).toEqual(['m6', 'm4', 'm1 m2 m5', 'm3']);
  await server.last.ask();
  for (const { store } of server.arrivals.slice()) await store();
  await all;
});

test('messages whose dates always wait are not kept waiting for one another', async () => {
  const { lane, server } = begin();
  lane.add(message(1, SEEN));
  lane.nudge();
  await server.last.ask();
  for (const uid of [2, 3]) lane.add(message(uid, SEEN, 1_000, '17-Jul-1966 02:44:25 +0000'));
  const all = lane.drained();
  await server.arrivals[0]?.store();
  expect(server.came).toEqual(['m1', 'm2 m3']);
  await server.last.store();
  await all;
});

const ZONES = [0, 60, -420, 345] as const;
const LISTS = [NONE, SEEN, ANSWERED, FLAGGED] as const;

const DAY_MS = 86_400_000;
const FIRST = Date.UTC(2001, 0, 1);
const DAYS = 7_300;

test.each<readonly [string, number, (uid: number, random: Random) => number]>([
  ['of twenty years in any order, that come one by one', 1, (_, random) => random.integer(0, DAYS)],
  ['of twenty years in any order, that come by the dozen', 12, (_, random) => random.integer(0, DAYS)],
  ['of more than five years, the newest first', 1, (uid) => 2_001 - uid],
])('few questions are asked about 2,000 messages with zones of four kinds %s', async (_, atOnce, dayOf) => {
  const { lane, server } = begin();
  const random = new Random(atOnce);
  const answer = async (from: number): Promise<void> => {
    for (let at = from; at < server.arrivals.length; at += 1) {
      const arrival = server.arrivals[at];
      if (arrival?.isQuestion === true) await arrival.ask();
      await arrival?.store();
    }
  };
  for (let uid = 1; uid <= 2_000; uid += atOnce) {
    const before = server.arrivals.length;
    for (let more = uid; more < uid + atOnce; more += 1) {
      const date = formatDateTime(FIRST + dayOf(more, random) * DAY_MS, random.pick(ZONES));
      lane.add(message(more, random.pick(LISTS), 1_000, date));
    }
    lane.nudge();
    await answer(before);
  }
  await Promise.all([lane.drained(), answer(server.arrivals.length)]);
  expect(server.arrivals.filter(({ isQuestion }) => isQuestion).length).toBeLessThanOrEqual(12);
});
