import { describe, expect, it } from 'vitest';
import { isStream } from '../../../imap/body.ts';
import { ByteBudget } from '../../../imap/budget.ts';
import type { FetchedMessage } from '../../../imap/types.ts';
import type { Step } from '../../support/scripted-server.ts';
import { collect, refusalOf, rejectionOf, stage } from './harness.ts';

const DATE = '17-Jul-1996 02:44:25 -0700';
const FLAGS = (set: string): Step => ({ expect: `UID FETCH ${set} (UID FLAGS)` });
const BODIES = (set: string): Step => ({ expect: `UID FETCH ${set} (UID FLAGS INTERNALDATE BODY.PEEK[])` });
const OK: Step = { send: '$tag OK done\r\n' };

const row = (uid: number, body: string): string =>
  `* ${uid} FETCH (UID ${uid} FLAGS () INTERNALDATE "${DATE}" BODY[] {${body.length}}\r\n${body})\r\n`;
const text = (message: FetchedMessage | undefined): string | undefined =>
  message?.body === undefined || isStream(message.body) ? undefined : Buffer.concat(message.body).toString('latin1');

async function drain(groups: AsyncIterable<readonly FetchedMessage[]>): Promise<void> {
  for await (const group of groups) {
    for (const { body = [] } of group) for await (const _ of body);
  }
}

/** Everything that does not wait for the event loop has been done. */
async function ticks(): Promise<void> {
  for (let tick = 0; tick < 100; tick += 1) await Promise.resolve();
}

const step = (uid: number): readonly Step[] => [
  { expect: /^F\d UID FETCH [\d,]{1,7000} \(UID FLAGS\)$/ },
  { send: `${uid === 0 ? '' : `* ${uid % 10_000} FETCH (UID ${uid} FLAGS ())\r\n`}$tag OK\r\n` },
];

describe('fetching flags', () => {
  it('gives each message asked for once, sorted and without \\Recent, whatever else is said', async () => {
    const { session } = await stage([
      FLAGS('2:4'),
      {
        send:
          '* 1 FETCH (UID 2 FLAGS (\\Seen $b \\recent $a))\r\n* 9 FETCH (FLAGS (\\Deleted))\r\n* 12 EXISTS\r\n' +
          '* 3 FETCH (FLAGS () UID 4)\r\n* 1 FETCH (UID 2 FLAGS (\\Flagged))\r\n* 7 FETCH (UID 77 FLAGS ())\r\n',
      },
      OK,
      FLAGS('3'),
      OK,
    ]);
    expect(await collect(session.fetchFlags([3, 2, 4]))).toEqual([
      { uid: 2, flags: ['$a', '$b', '\\Seen'] },
      { uid: 4, flags: [] },
    ]);
  });

  it('of all messages gives whatever comes', async () => {
    const { session } = await stage([FLAGS('1:*'), { send: '* 1 FETCH (UID 9 FLAGS ())\r\n' }, OK]);
    expect(await collect(session.fetchFlags('all'))).toEqual([{ uid: 9, flags: [] }]);
  });

  it('of none asks nothing', async () => {
    const { session, server } = await stage([]);
    expect(await collect(session.fetchFlags([]))).toEqual([]);
    expect(server.received()).toBe('');
  });

  it('of many asks in several commands', async () => {
    const uids = Array.from({ length: 2_000 }, (_, index) => 1_000_000_001 + 2 * index);
    const told = [uids[0], uids[800], uids[1_999], uids[5], 0, 0, 0, 0];
    const { session } = await stage(told.flatMap((uid) => step(uid ?? 0)));
    expect((await collect(session.fetchFlags(uids))).map(({ uid }) => uid)).toEqual([
      uids[0],
      uids[800],
      uids[1_999],
      uids[5],
    ]);
  });

  it('takes messages expunged meanwhile for absent', async () => {
    const { session } = await stage([
      FLAGS('1:2'),
      { send: '* 1 FETCH (UID 1 FLAGS ())\r\n$tag NO Some of the requested messages no longer exist\r\n' },
      FLAGS('2'),
      OK,
    ]);
    expect(await collect(session.fetchFlags([1, 2]))).toHaveLength(1);
  });

  it('asks once more for what did not come', async () => {
    const { session } = await stage([
      FLAGS('1:3'),
      { send: '* 2 FETCH (UID 2 FLAGS ())\r\n' },
      OK,
      FLAGS('1,3'),
      { send: '* 3 FETCH (UID 3 FLAGS ())\r\n* 1 FETCH (UID 1 FLAGS ())\r\n' },
      OK,
    ]);
    expect((await collect(session.fetchFlags([1, 2, 3]))).map(({ uid }) => uid)).toEqual([2, 3, 1]);
  });

  it.each([
    ['a later message with an earlier UID', '* 2 FETCH (UID 5 FLAGS ())\r\n* 3 FETCH (UID 4 FLAGS ())\r\n'],
    ['two messages with one UID', '* 2 FETCH (UID 4 FLAGS ())\r\n* 3 FETCH (UID 4 FLAGS ())\r\n'],
    ['one message with two UIDs', '* 2 FETCH (UID 4 FLAGS ())\r\n* 2 FETCH (UID 5 FLAGS ())\r\n'],
    ['one message with two lists of flags', '* 2 FETCH (UID 4 FLAGS () FLAGS (\\Seen))\r\n'],
  ])('does not believe a server that tells %s', async (_, send) => {
    const { session } = await stage([FLAGS('4:5'), { send }, OK]);
    expect((await refusalOf(collect(session.fetchFlags([4, 5])))).problem.code).toBe('server.protocol');
  });

  it('believes a server that numbers anew since a message was expunged, and one that names UIDs twice', async () => {
    const { session } = await stage([
      FLAGS('4:5'),
      { send: '* 2 FETCH (UID 4 FLAGS () UID 4)\r\n* 1 EXPUNGE\r\n* 2 FETCH (UID 5 FLAGS ())\r\n' },
      OK,
    ]);
    expect(await collect(session.fetchFlags([4, 5]))).toHaveLength(2);
  });

  it('gives what came before a refusal, then the refusal', async () => {
    const { session } = await stage([
      FLAGS('1:2'),
      { send: '* 1 FETCH (UID 1 FLAGS ())\r\n$tag NO [SERVERBUG] disk\r\n' },
    ]);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { uid } of session.fetchFlags([1, 2])) seen.push(uid);
    })();
    expect((await refusalOf(reading)).responseCode).toBe('SERVERBUG');
    expect(seen).toEqual([1]);
  });

  it.each([
    '* 1 FETCH UID 1\r\n',
    '* 1 FETCH (UID)\r\n',
    '* 1 FETCH ((UID) 1)\r\n',
    '* 1 FETCH (UID 1 FLAGS (\\Seen)\r\n',
    '* 1 FETCH (UID 1 FLAGS (\\Seen)) junk\r\n',
  ])('ends the connection at %j', async (line) => {
    const { session } = await stage([FLAGS('1'), { send: line }, OK]);
    expect((await refusalOf(collect(session.fetchFlags([1])))).problem.code).toBe('server.protocol');
  });
});

describe('fetching identities', () => {
  it('gives date, size and headers, however they are sent', async () => {
    const { session } = await stage([
      {
        expect:
          'UID FETCH 1:2 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)])',
      },
      {
        send:
          `* 1 FETCH (BODY[HEADER.FIELDS ("MESSAGE-ID" "DATE" "FROM" "SUBJECT")] {8}\r\nA: \xff\r\n\r\n UID 1 FLAGS ()` +
          ` RFC822.SIZE 9 INTERNALDATE "${DATE}")\r\n` +
          `* 2 FETCH (UID 2 FLAGS () RFC822.SIZE 0 INTERNALDATE NIL BODY[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)] "")\r\n`,
      },
      OK,
    ]);
    const rows = await collect(session.fetchIdentities([1, 2]));
    expect(rows).toEqual([
      { uid: 1, flags: [], internalDate: DATE, size: 9, headers: Buffer.from('A: \xff\r\n\r\n', 'latin1') },
      { uid: 2, flags: [], internalDate: '', size: 0, headers: Buffer.alloc(0) },
    ]);
  });
});

describe('fetching messages', () => {
  it('gives the first at once, and then together what one turn of the event loop brings', async () => {
    const { session, socket } = await stage([BODIES('1:4')]);
    const groups: (readonly number[])[] = [];
    const reading = (async () => {
      for await (const group of session.readMessages([1, 2, 3, 4], new ByteBudget(1 << 20)))
        groups.push(group.map(({ uid }) => uid));
    })();
    await ticks();
    for (const uid of [1, 2, 3, 4]) {
      socket.emit('data', Buffer.from(row(uid, 'body')));
      await ticks();
    }
    socket.emit('data', Buffer.from('F1 OK done\r\n'));
    await reading;
    expect(groups).toEqual([[1], [2, 3, 4]]);
  });

  it('that is left when one command is answered and the next is under way ends the connection', async () => {
    const uids = Array.from({ length: 1_000 }, (_, index) => 1_000_000_001 + 2 * index);
    const { session } = await stage([
      { expect: /^F\d UID FETCH [\d,]{1,7000} / },
      { expect: /^F\d UID FETCH [\d,]{1,7000} / },
      { send: `${row(uids[0] ?? 0, 'body').replace(/^\* \d+/, '* 1')}F1 OK done\r\n` },
    ]);
    for await (const _ of session.readMessages(uids, new ByteBudget(1 << 20))) break;
    expect(session.usable).toBe(false);
  });

  it('gives exact bytes, quoted strings and NIL', async () => {
    const body = 'A: b\r\n\r\n\0\xff\n.\r\n)\r\nF1 OK done\r\n{5}\r\n';
    const { session } = await stage([
      BODIES('1:3'),
      {
        send:
          row(1, body) +
          `* 2 FETCH (UID 2 FLAGS () INTERNALDATE "${DATE}" BODY[] "q\\"\xe9")\r\n` +
          `* 3 FETCH (UID 3 FLAGS () INTERNALDATE "${DATE}" BODY[] NIL)\r\n`,
      },
      OK,
    ]);
    const [first, second, third] = await collect(session.fetchMessages([1, 2, 3]));
    expect(text(first)).toBe(body);
    expect(first?.bytes).toBe(body.length);
    expect(text(second)).toBe('q"\xe9');
    expect(third).toEqual({ uid: 3, flags: [], internalDate: DATE, bytes: 0 });
  });

  it('puts together what comes in several responses', async () => {
    const { session } = await stage([
      BODIES('1'),
      { send: `* 1 FETCH (UID 1 FLAGS ())\r\n* 1 FETCH (UID 1 INTERNALDATE "${DATE}" BODY[] {2}\r\nhi)\r\n` },
      OK,
    ]);
    expect((await collect(session.fetchMessages([1]))).map(text)).toEqual(['hi']);
  });

  it('leaves out messages that come without a body', async () => {
    const { session } = await stage([
      BODIES('1'),
      { send: `* 1 FETCH (UID 1 FLAGS () INTERNALDATE "${DATE}")\r\n` },
      OK,
    ]);
    expect(await collect(session.fetchMessages([1]))).toEqual([]);
  });

  it('of which two different ones come under one UID gives no reason to believe any, be they ever so large', async () => {
    const [small, large] = [row(1, 'made up'), row(1, 'x'.repeat(300))];
    for (const told of [small + large, large + small]) {
      const { session } = await stage([BODIES('1'), { send: told }, OK]);
      const error = await refusalOf(drain(session.readMessages([1], new ByteBudget(1_024, 100))));
      expect(error.problem.code).toBe('server.protocol');
    }
  });

  it('never gives half a message when the connection ends within it', async () => {
    const { session } = await stage([
      BODIES('1:2'),
      { send: row(1, 'whole') + row(2, 'x'.repeat(50)).slice(0, -20) },
      { end: 'close' },
    ]);
    const bodies: (string | undefined)[] = [];
    const reading = (async () => {
      for await (const message of session.fetchMessages([1, 2])) bodies.push(text(message));
    })();
    expect((await refusalOf(reading)).problem.code).toBe('server.connection-lost');
    expect(bodies).toEqual(['whole']);
  });

  it('does not read on while the consumer is busy, and does not call that a time-out', async () => {
    const size = 1_000_000;
    const count = 12;
    const rows = Array.from({ length: count }, (_, index): Step => ({ send: row(index + 1, 'x'.repeat(size)) }));
    const { session, socket } = await stage([BODIES(`1:${count}`), ...rows, OK], { commandTimeout: 400 });
    let seen = 0;
    for await (const message of session.fetchMessages(Array.from({ length: count }, (_, index) => index + 1))) {
      seen += 1;
      if (seen === 1) {
        await new Promise((resolve) => setTimeout(resolve, 900));
        expect(socket.bytesRead).toBeLessThan(2 * size + 200_000);
      }
      expect(message.bytes).toBe(size);
    }
    expect(seen).toBe(count);
  });

  it('times out when the server stops in the middle', async () => {
    const { session } = await stage([BODIES('1:2'), { send: row(1, 'hello') }], { commandTimeout: 50 });
    expect((await refusalOf(collect(session.fetchMessages([1, 2])))).problem.code).toBe('server.timeout');
  });

  it('destroys the connection when the consumer leaves early', async () => {
    const { session, socket } = await stage([BODIES('1:2'), { send: row(1, 'hello') }, { send: row(2, 'x') }]);
    for await (const { uid } of session.fetchMessages([1, 2])) {
      expect(uid).toBe(1);
      break;
    }
    expect([socket.destroyed, session.usable]).toEqual([true, false]);
  });

  it('keeps the connection when the consumer leaves after everything has come', async () => {
    const { session } = await stage([BODIES('1'), { send: `${row(1, 'hello')}F1 OK\r\n` }, { expect: 'NOOP' }, OK]);
    for await (const message of session.fetchMessages([1])) {
      expect(text(message)).toBe('hello');
      await new Promise((resolve) => setImmediate(resolve));
      break;
    }
    await session.noop();
  });

  it('rejects other commands until it is read to its end', async () => {
    const { session } = await stage([BODIES('1'), { send: row(1, 'hello') }, OK, { expect: 'NOOP' }, OK]);
    for await (const message of session.fetchMessages([1])) {
      expect((await refusalOf(session.noop())).problem.code).toBe('us.bug');
      expect((await refusalOf(session.status('a'))).problem.code).toBe('us.bug');
      expect(text(message)).toBe('hello');
    }
    await session.noop();
  });

  it('ends with the reason when the session is destroyed in between', async () => {
    const { session } = await stage([BODIES('1:2'), { send: row(1, 'hello') }]);
    const reason = new Error('cancelled');
    const reading = (async () => {
      for await (const message of session.fetchMessages([1, 2])) if (text(message) === 'hello') session.destroy(reason);
    })();
    expect(await rejectionOf(reading)).toMatchObject({ name: 'ImapRefusal', cause: reason });
  });
});

const beat = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a server that loses its way amid messages', () => {
  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a TLS alert', '\x15\x03\x03\0\x02\x02\x28\r\n'],
    ['noise', '\xff\xfe\0\x07\r\n'],
    ['a line feed alone', '* OK hello\n'],
    ['brackets that nothing closes', `* 2 FETCH (${'['.repeat(100_000)}\r\n`],
    [
      'flags without an end',
      `* 2 FETCH (UID 2 FLAGS (${'$x '.repeat(50_000)}) INTERNALDATE "${DATE}" BODY[] {1}\r\nx)\r\n`,
    ],
  ])('with %s is refused, and what came before is whole', async (_, said) => {
    const { session } = await stage([BODIES('1:2'), { send: `${row(1, 'hello')}${said}` }]);
    const rows: FetchedMessage[] = [];
    const reading = async (): Promise<void> => {
      for await (const group of session.readMessages([1, 2], new ByteBudget(1 << 20))) rows.push(...group);
    };
    expect((await refusalOf(reading())).problem.code).toBe('server.protocol');
    expect(rows.map(text)).toEqual(rows.length === 0 ? [] : ['hello']);
    expect(session.usable).toBe(false);
  });

  it('within a message gives nothing of it', async () => {
    const cut = row(1, 'hello').slice(0, -5);
    const { session } = await stage([BODIES('1'), { send: `${cut}HTTP/1.1 400 Bad Request\r\n` }]);
    expect((await refusalOf(collect(session.fetchMessages([1])))).problem.code).toBe('server.protocol');
  });

  it('within a message that is too large to be held, and goes on byte by byte, is not waited for', async () => {
    const drips = Array.from({ length: 400 }, (): readonly Step[] => [{ wait: beat }, { send: 'x' }]).flat();
    const begin = { send: `* 1 FETCH (UID 1 FLAGS () INTERNALDATE "${DATE}" BODY[] {1000000}\r\n` };
    const { session } = await stage([BODIES('1'), begin, ...drips], { commandTimeout: 100 });
    const { problem } = await refusalOf(drain(session.readMessages([1], new ByteBudget(100_000))));
    expect(problem).toMatchObject({ code: 'server.protocol', text: expect.stringContaining('did not answer') });
  });
});
