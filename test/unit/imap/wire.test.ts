import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../../imap/budget.ts';
import type { ImapSession } from '../../../imap/types.ts';
import type { Step } from '../../support/scripted-server.ts';
import { always, appendOne, collect, message, refusalOf, stage } from './harness.ts';

const NOOP: readonly Step[] = [{ expect: 'NOOP' }, { send: '$tag OK\r\n' }];

describe('commands', () => {
  it('run one after another, in the order of the calls', async () => {
    const { session, server } = await stage([
      { expect: 'NOOP' },
      { send: '$tag OK\r\n' },
      { expect: /^F2 STATUS "a" / },
      { send: '* STATUS "a" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n$tag OK\r\n' },
      { expect: 'NOOP' },
      { send: '$tag OK\r\n' },
    ]);
    const [, status] = await Promise.all([session.noop(), session.status('a'), session.noop()]);
    expect(status).toEqual({ messages: 1, uidNext: 2, uidValidity: 3 });
    await server.played;
  });

  it('are not disturbed by what the server says unasked', async () => {
    const { session } = await stage([
      { send: '* 5 EXISTS\r\n* OK Still here\r\n* 3 FETCH (FLAGS (\\Seen))\r\n' },
      { expect: 'NOOP' },
      {
        send: '* 4 EXPUNGE\r\n* 0 RECENT\r\n* NO Keywords are not supported!\r\n* VANISHED 1:3\r\n$tag OK done {5}\r\n',
      },
      ...NOOP,
    ]);
    await session.noop();
    await session.noop();
    expect(session.usable).toBe(true);
  });

  it('that are refused leave the connection in use', async () => {
    const { session } = await stage([
      { expect: 'NOOP' },
      { send: '$tag BAD [CLIENTBUG] what\x07 is this\r\n' },
      ...NOOP,
    ]);
    const refusal = await refusalOf(session.noop());
    expect(refusal).toMatchObject({ status: 'BAD', responseCode: 'CLIENTBUG', stored: 'refused' });
    expect(refusal.problem).toEqual({
      code: 'us.bug',
      text: 'imap.test:143 refused to answer',
      serverText: 'BAD [CLIENTBUG] what is this',
    });
    await session.noop();
  });

  it('that have to wait say for how long the server asks', async () => {
    const { session } = await stage([
      { expect: 'NOOP' },
      { send: '$tag BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds\r\n' },
    ]);
    expect((await refusalOf(session.noop())).problem).toMatchObject({ code: 'server.throttled', waitMs: 92_415 });
  });
});

const beat = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

/** The answer has left the server, which plays in this process, and cannot be read before the time-out is over. */
async function beBusy(): Promise<void> {
  const until = performance.now() + 200;
  while (performance.now() < until);
}

describe('a server that says nothing', () => {
  it('has lost the connection after the time-out', async () => {
    const { session, socket } = await stage([{ expect: 'NOOP' }], { commandTimeout: 50 });
    const [first, second] = await Promise.all([refusalOf(session.noop()), refusalOf(session.noop())]);
    expect(first.problem.code).toBe('server.timeout');
    expect(second.problem.code).toBe('server.timeout');
    expect(socket.destroyed).toBe(true);
  });

  it('has time as long as bytes keep coming', async () => {
    const drips = Array.from({ length: 8 }, (): readonly Step[] => [{ wait: beat }, { send: '* OK wait\r\n' }]).flat();
    const { session } = await stage([{ expect: 'NOOP' }, ...drips, { send: '$tag OK\r\n' }], { commandTimeout: 300 });
    await session.noop();
  });

  it('is heard first when it was this process that did nothing', async () => {
    const { session } = await stage([{ expect: 'NOOP' }, { send: '$tag OK\r\n' }, { wait: beBusy }], {
      commandTimeout: 100,
    });
    await session.noop();
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(session.usable).toBe(true);
  });

  it('is not waited for when nothing was asked', async () => {
    const { session } = await stage(NOOP, { commandTimeout: 40 });
    await session.noop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(session.usable).toBe(true);
  });
});

describe('a connection that ends', () => {
  it('with BYE tells the reason', async () => {
    const { session } = await stage([
      { expect: 'NOOP' },
      { send: '* BYE Session invalidated - AccessTokenExpired\r\n' },
    ]);
    const refusal = await refusalOf(session.noop());
    expect(refusal).toMatchObject({ status: 'BYE', problem: { code: 'server.token-expired' } });
    expect(refusal.problem.serverText).toBe('Session invalidated - AccessTokenExpired');
    expect(session.usable).toBe(false);
  });

  it.each([
    ['[UNAVAILABLE] Maximum number of connections from user+IP exceeded', 'server.too-many-connections'],
    ['Request is throttled. Suggested Backoff Time: 5 milliseconds', 'server.throttled'],
  ])('with BYE %s is classified', async (text, code) => {
    const { session } = await stage([{ expect: 'NOOP' }, { send: `* BYE ${text}\r\n` }]);
    expect((await refusalOf(session.noop())).problem.code).toBe(code);
  });

  it.each(['close', 'reset'] as const)('by a %s rejects what is pending and all that follows', async (end) => {
    const { session } = await stage([{ expect: 'NOOP' }, { send: '* OK half a li' }, { end }]);
    expect((await refusalOf(session.noop())).problem.code).toBe('server.connection-lost');
    expect((await refusalOf(session.noop())).problem.code).toBe('server.connection-lost');
  });

  it('when nobody is asking ends nothing else', async () => {
    const { session, socket } = await stage([...NOOP, { end: 'reset' }]);
    await session.noop();
    await once(socket, 'close');
    expect(session.usable).toBe(false);
  });

  it('because we destroy it does so in the same tick, and late errors are harmless', async () => {
    const { session, socket } = await stage([{ expect: 'NOOP' }]);
    const pending = refusalOf(session.noop());
    const reason = new Error('the lease is lost');
    session.destroy(reason);
    expect([socket.destroyed, session.usable]).toEqual([true, false]);
    socket.emit('error', new Error('late'));
    const refusal = await pending;
    expect(refusal.cause).toBe(reason);
    session.destroy(new Error('again'));
  });
});

describe('a server that does not keep to IMAP', () => {
  it.each([
    ['garbage', 'hello there\r\n'],
    ['an empty line', '\r\n'],
    ['a line feed alone', '* OK hello\n'],
    ['an answer to another command', 'F9 OK\r\n'],
    ['a continuation that nobody waits for', '+ go on\r\n'],
    ['a greeting', '* PREAUTH hello\r\n'],
    ['a status that does not exist', 'F1 MAYBE done\r\n'],
    ['a tagged BYE', 'F1 BYE done\r\n'],
    ['a literal of four gigabytes', '* LIST () "/" {4294967295}\r\n'],
    ['an answer in HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n'],
    ['a TLS alert and more', '\x15\x03\x03\0\x02\x02\x28\r\n'],
    ['compressed bytes', deflateRawSync('* OK done\r\n'.repeat(9)).toString('latin1').padEnd(40, '\n')],
  ])('loses the connection by %s', async (_, said) => {
    const { session, socket } = await stage([{ expect: 'NOOP' }, { send: said }]);
    const refusal = await refusalOf(session.noop());
    expect(refusal.problem.code).toBe('server.protocol');
    expect(socket.destroyed).toBe(true);
  });

  it('loses it by a line without an end', async () => {
    const limits = { maxLine: 10_000, maxLiteral: 10_000 };
    const { session } = await stage([{ expect: 'NOOP' }, { send: `* OK ${'x'.repeat(20_000)}` }], { limits });
    expect((await refusalOf(session.noop())).problem.code).toBe('server.protocol');
  });

  it('loses it by words that answer nothing and do not end', async () => {
    const talk = Buffer.from('* OK still here, and still at work\r\n'.repeat(60));
    const { session } = await stage([{ expect: 'NOOP' }, ...Array.from({ length: 40 }, () => ({ send: talk }))], {
      mostIdle: 50_000,
    });
    expect((await refusalOf(session.noop())).problem).toMatchObject({
      code: 'server.protocol',
      text: expect.stringContaining('answer nothing'),
    });
  });

  describe.each([
    ['EXISTS', '* 7 EXISTS\r\n'],
    ['words', '* OK still here\r\n'],
    ['flags', '* 1 FETCH (FLAGS (\\Seen))\r\n'],
    ['flags of one message', '* 1 FETCH (UID 1 FLAGS ())\r\n'],
    ['one folder', '* LIST () "/" INBOX\r\n'],
    ['one UID', '* SEARCH 1\r\n'],
    ['a STATUS', '* STATUS a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n'],
    ['capabilities', '* CAPABILITY IMAP4rev1\r\n'],
  ])('and that says %s for ever', (_, line) => {
    it.each<readonly [string, (session: ImapSession) => Promise<unknown>]>([
      ['list', (session) => session.list()],
      ['tell a status', (session) => session.status('a')],
      ['open a folder', (session) => session.examine('a')],
      ['search', (session) => session.search({ kind: 'all' })],
      ['fetch flags', (session) => collect(session.fetchFlags('all'))],
      ['fetch messages', (session) => collect(session.fetchMessages([1, 2]))],
      ['store flags', (session) => session.store([1], { add: ['\\Seen'] })],
      ['take a message', (session) => appendOne(session, 'a', message('x'), always)],
    ])('when asked to %s loses it', async (__, ask) => {
      const talk = Buffer.from(line.repeat(200));
      const endless = Array.from({ length: 100 }, (): Step => ({ send: talk }));
      const { session, socket } = await stage([{ expect: /./ }, ...endless], { mostIdle: 50_000 });
      const { problem } = await refusalOf(ask(session));
      expect(problem).toMatchObject({ code: 'server.protocol', text: expect.stringContaining('answer nothing') });
      expect(socket.destroyed).toBe(true);
    });
  });

  it('loses it by talk between the pauses of a reader that has no room', async () => {
    const bodies = Buffer.from('* 9 FETCH (UID 9 BODY[] {4}\r\nabcd)\r\n'.repeat(100));
    const endless = Array.from({ length: 100 }, (): Step => ({ send: bodies }));
    const { session } = await stage([{ expect: /FETCH/ }, ...endless], { mostIdle: 50_000 });
    const budget = new ByteBudget(16, 4);
    budget.take(13);
    budget.whenStalled(() => {
      budget.give(13);
      budget.take(13);
    });
    const { problem } = await refusalOf(collect(session.readMessages([1], budget)));
    expect(problem.text).toContain('answer nothing');
  });

  it('loses it by words now and then that never come to an answer', async () => {
    const drips = Array.from({ length: 200 }, (): readonly Step[] => [
      { wait: beat },
      { send: '* OK wait\r\n' },
    ]).flat();
    const { session } = await stage([{ expect: 'NOOP' }, ...drips], { commandTimeout: 100 });
    expect((await refusalOf(session.noop())).problem.text).toContain('did not answer');
  });

  it('loses it by a literal that no answer can have', async () => {
    const { session } = await stage([{ expect: 'NOOP' }, { send: '* METADATA "" (/x {100000000}\r\n' }]);
    expect((await refusalOf(session.noop())).problem.code).toBe('server.protocol');
  });

  it('does not lose it by much talk while rows come', async () => {
    const talk = Buffer.from('* 1 FETCH (FLAGS (\\Seen))\r\n'.repeat(900));
    const rows = [1, 2, 3, 4].flatMap((uid): readonly Step[] => [
      { send: talk },
      { send: `* ${uid} FETCH (UID ${uid} FLAGS ())\r\n` },
    ]);
    const script = [{ expect: /FETCH/ }, ...rows, { send: '$tag OK\r\n' }];
    const { session } = await stage(script, { mostIdle: 50_000 });
    expect(await collect(session.fetchFlags([1, 2, 3, 4]))).toHaveLength(4);
  });

  it('loses it by an answer to nothing', async () => {
    const { session, socket } = await stage([{ send: 'F1 OK\r\n' }]);
    await once(socket, 'close');
    expect(session.usable).toBe(false);
  });
});

describe('a name that is no ASCII', () => {
  it('goes out as a literal, once the server has accepted it', async () => {
    const { session, server } = await stage([
      { expect: 'STATUS {7}' },
      { send: '+ ok\r\n' },
      { take: 7 },
      { expect: '(MESSAGES UIDNEXT UIDVALIDITY)' },
    ]);
    const status = refusalOf(session.status('caf\xe9\r\nx'));
    await server.played;
    expect(server.received()).toBe('F1 STATUS {7}\r\ncaf\xe9\r\nx (MESSAGES UIDNEXT UIDVALIDITY)\r\n');
    session.destroy(new Error('enough'));
    await status;
  });
});

const announced = (bytes: number): Step => ({ expect: `APPEND "a" () "17-Jul-1996 02:44:25 -0700" {${bytes}}` });

const never = (): void => {
  throw new Error('asleep');
};

describe('appending', () => {
  it('sends exact bytes and reads the UID', async () => {
    const text = `A: b\r\n\r\n\0\xff\n.\r\nF2 DELETE "a"\r\n${'z'.repeat(200_000)}`;
    const { session, server } = await stage([
      announced(text.length),
      { send: '+ \r\n' },
      { take: text.length },
      { take: 2 },
      { send: 'F1 OK [APPENDUID 9 3955] Done\r\n' },
      ...NOOP,
    ]);
    expect(await appendOne(session, 'a', message(text), always)).toEqual({ uid: 3955, uidValidity: 9 });
    await session.noop();
    expect(server.received().split('\r\nF2 NOOP')[0]).toBe(
      `F1 APPEND "a" () "17-Jul-1996 02:44:25 -0700" {${text.length}}\r\n${text}`,
    );
  });

  it.each([
    '[APPENDUID 9 0]',
    '[APPENDUID 9 1:2]',
    '[APPENDUID 9]',
    '[APPENDUID x 5]',
    '[APPENDUID 9 5 6]',
    '[APPENDUID (9 5]',
    '[COPYUID 9 5 6]',
    'APPENDUID 9 5',
    '',
  ])('knows no UID from OK %s', async (code) => {
    const { session } = await stage([announced(1), { send: '+ \r\n' }, { take: 3 }, { send: `F1 OK ${code}\r\n` }]);
    expect(await appendOne(session, 'a', message('x'), always)).toEqual({});
  });

  describe('to a server that says + at its own will', () => {
    const plus = { expect: 'APPEND "a" () "17-Jul-1996 02:44:25 -0700" {5+}' };
    const proven: readonly Step[] = [announced(5), { send: '+ \r\n' }, { take: 7 }, { send: 'F1 OK\r\n' }];

    it.each(['+\r\n', '+ \r\n', '+ OK {5}\r\n', '+ [X] go on\r\n'])('understands %j', async (said) => {
      const { session } = await stage([announced(5), { send: said }, { take: 7 }, { send: 'F1 OK\r\n' }, ...NOOP]);
      await appendOne(session, 'a', message('hello'), always);
      await session.noop();
    });

    it.each<readonly [string, readonly Step[]]>([
      ['twice', [announced(5), { send: '+ \r\n+ \r\n' }]],
      ['once more after the literal', [announced(5), { send: '+ \r\n' }, { take: 7 }, { send: '+ \r\n' }]],
      ['too late, after it refused', [announced(5), { send: 'F1 NO not now\r\n+ \r\n' }]],
    ])('is refused when it says so %s', async (_, script) => {
      const { session, socket } = await stage(script);
      const appended = refusalOf(appendOne(session, 'a', message('hello'), always));
      const after = refusalOf(session.noop());
      expect((await after).problem.code).toBe('server.protocol');
      await appended;
      expect(socket.destroyed).toBe(true);
    });

    it('is refused when it asks for a literal that does not wait, and the message is in doubt', async () => {
      const script = [...proven, plus, { take: 7 }, { send: '+ go on\r\n' }];
      const { session } = await stage(script, { capabilities: ['LITERAL+'] });
      await appendOne(session, 'a', message('hello'), always);
      const refusal = await refusalOf(appendOne(session, 'a', message('hello'), always));
      expect(refusal).toMatchObject({ stored: 'in-doubt', problem: { code: 'server.protocol' } });
    });
  });

  it.each([
    ['in HTTP', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a TLS alert', '\x15\x03\x03\0\x02\x02\x28\r\n'],
    ['noise', '\xff\xfe\0\x07\x1b[2J\r\n'],
  ])('is in doubt after an answer that is %s', async (_, said) => {
    const { session } = await stage([announced(5), { send: '+ \r\n' }, { take: 7 }, { send: said }]);
    const refusal = await refusalOf(appendOne(session, 'a', message('hello'), always));
    expect(refusal).toMatchObject({ stored: 'in-doubt', problem: { code: 'server.protocol' } });
  });

  it.each([
    ['is ahead', { isAhead: true }],
    ['has a zone that does not exist', { internalDate: '17-Jul-1996 02:44:25 +1459' }],
    ['has a zone of odd minutes', { internalDate: '17-Jul-1996 02:44:25 +0059' }],
    ['has a zone west of the last one', { internalDate: '17-Jul-1996 02:44:25 -1330' }],
    ['is before 1970', { internalDate: '17-Jul-1966 02:44:25 +0000' }],
    ['is of an older year than any that was accepted', { internalDate: '17-Jul-1995 02:44:25 -0700' }],
    ['has a zone of which none was accepted', { internalDate: '17-Jul-1996 02:44:25 -1200' }],
  ])('waits with a message whose date %s, though its flags were accepted', async (_, odd) => {
    const script = [announced(5), { send: '+ \r\n' }, { take: 7 }, { send: 'F1 OK\r\n' }, { expect: /\{5\}$/ }];
    const { session, server } = await stage(script, { capabilities: ['LITERAL+'] });
    await appendOne(session, 'a', message('hello'), always);
    appendOne(session, 'a', { ...message('F2 OK'), ...odd }, always).catch(() => undefined);
    await server.played;
    expect(server.received()).not.toContain('F2 OK');
  });

  it('sends nothing of a message that the server does not want, and goes on', async () => {
    const { session, server } = await stage([
      announced(5),
      { send: '$tag NO [TRYCREATE] no such folder\r\n' },
      ...NOOP,
    ]);
    const refusal = await refusalOf(appendOne(session, 'a', message('hello'), always));
    expect(refusal).toMatchObject({ stored: 'refused', status: 'NO', responseCode: 'TRYCREATE' });
    await session.noop();
    expect(server.received()).not.toContain('hello');
  });

  it.each([
    ['before the literal', [announced(5), { send: '$tag BAD Command Argument Error. 11\r\n' }]],
    ['after it', [announced(5), { send: '+ \r\n' }, { take: 7 }, { send: 'F1 BAD Command Argument Error. 11\r\n' }]],
  ] as const)('never uses a connection again that said BAD %s', async (_, script) => {
    const { session, socket } = await stage(script);
    const refusal = await refusalOf(appendOne(session, 'a', message('hello'), always));
    expect(refusal).toMatchObject({
      stored: 'refused',
      status: 'BAD',
      problem: { code: 'destination.message-refused' },
    });
    expect([socket.destroyed, session.usable]).toEqual([true, false]);
  });

  it.each([
    ['lost before the answer', [{ expect: /APPEND/ }, { send: '+ \r\n' }, { take: 7 }, { end: 'close' }], true],
    ['lost before the message was sent', [{ expect: /APPEND/ }, { end: 'close' }], false],
    [
      'given up after the answer',
      [{ expect: /APPEND/ }, { send: '+ \r\n' }, { take: 7 }, { send: '$tag OK\r\n' }],
      false,
    ],
  ] as const)('says whether it may be stored yet when the connection was %s', async (_, script, mayStillStore) => {
    const { session } = await stage(script);
    await appendOne(session, 'a', message('hello'), always).catch(() => undefined);
    session.destroy(new Error('given up'));
    expect(session.mayStillStore).toBe(mayStillStore);
  });

  it('says so of those that were on their way when another was answered BAD', async () => {
    const { session } = await stage(
      [announced(5), { send: '+ \r\n' }, { take: 7 }, { expect: /APPEND/ }, { take: 7 }, { send: 'F1 BAD no\r\n' }],
      { capabilities: ['LITERAL+'] },
    );
    const second: Promise<unknown>[] = [];
    const onProven = (): void => {
      second.push(appendOne(session, 'a', message('hello'), always).catch(() => undefined));
    };
    await refusalOf(session.append('a', [message('first')], always, onProven));
    await Promise.all(second);
    expect(session.mayStillStore).toBe(true);
  });

  it('never says so of what only reads', async () => {
    const { session } = await stage([{ expect: 'NOOP' }, { end: 'close' }]);
    await refusalOf(session.noop());
    expect(session.mayStillStore).toBe(false);
  });

  it('lets others go without waiting once the server has asked for a literal behind the same flags', async () => {
    const announcedPlus: Step = { expect: 'APPEND "a" () "17-Jul-1996 02:44:25 -0700" {5+}' };
    const { session, server } = await stage(
      [
        announced(5),
        { send: '+ \r\n' },
        { take: 7 },
        announcedPlus,
        { take: 7 },
        { send: 'F1 OK Done\r\nF2 OK Done\r\n' },
      ],
      { capabilities: ['LITERAL+'] },
    );
    const proven: boolean[] = [];
    const second: Promise<unknown>[] = [];
    const onProven = (): void => {
      proven.push(session.isProven('a', []), session.isProven('b', []), session.isProven('a', ['\\Seen']));
      second.push(appendOne(session, 'a', message('hello'), always));
    };
    await session.append('a', [message('first')], always, onProven);
    await Promise.all(second);
    await server.played;
    expect(proven).toEqual([true, false, false]);
  });

  it('lets none go without waiting behind flags that the server refused unread', async () => {
    const { session, server } = await stage(
      [announced(5), { send: '$tag NO not now\r\n' }, announced(5), { send: '+ \r\n' }],
      { capabilities: ['LITERAL+'] },
    );
    await refusalOf(appendOne(session, 'a', message('hello'), always));
    expect(session.isProven('a', [])).toBe(false);
    appendOne(session, 'a', message('hello'), always).catch(() => undefined);
    await server.played;
  });

  it('gives up a message that is refused while it is being sent', async () => {
    const { session, socket } = await stage([
      announced(50_000_000),
      { send: '+ \r\n' },
      { take: 10 },
      { send: 'F1 NO [OVERQUOTA] full\r\n' },
    ]);
    const body = message('x'.repeat(50_000_000));
    const refusal = await refusalOf(appendOne(session, 'a', body, always));
    expect(refusal).toMatchObject({ stored: 'refused', problem: { code: 'destination.quota' } });
    expect(socket.destroyed).toBe(true);
  });

  it.each([
    ['a garbled answer', 'F1 OKAY\r\n'],
    ['an answer to another command', 'F2 OK\r\n'],
    ['a goodbye', '* BYE see you\r\n'],
  ])('is in doubt after %s', async (_, said) => {
    const { session } = await stage([announced(5), { send: '+ \r\n' }, { take: 7 }, { send: said }]);
    expect((await refusalOf(appendOne(session, 'a', message('hello'), always))).stored).toBe('in-doubt');
  });

  it('is in doubt when the answer is lost, and not before the last bytes were sent', async () => {
    const after = await stage([announced(5), { send: '+ \r\n' }, { take: 7 }, { end: 'close' }]);
    expect((await refusalOf(appendOne(after.session, 'a', message('hello'), always))).stored).toBe('in-doubt');
    const before = await stage([announced(5), { end: 'close' }]);
    expect((await refusalOf(appendOne(before.session, 'a', message('hello'), always))).stored).toBe('refused');
  });

  it('is in doubt when the server accepts what it has not seen', async () => {
    const { session } = await stage([announced(5), { send: '$tag OK done\r\n' }]);
    expect((await refusalOf(appendOne(session, 'a', message('hello'), always))).problem.code).toBe('server.protocol');
  });

  it('keeps the last byte back until it may commit', async () => {
    const { session, server, socket } = await stage([
      announced(200_001),
      { send: '+ \r\n' },
      { take: 200_000 },
      { take: 3 },
    ]);
    const lost = new Error('the lease is lost');
    let calls = 0;
    const mayCommit = (): void => {
      calls += 1;
      if (calls === 3) throw lost;
    };
    await expect(appendOne(session, 'a', message('x'.repeat(200_001)), mayCommit)).rejects.toBe(lost);
    expect(socket.destroyed).toBe(true);
    await expect(server.played).rejects.toThrow(/the script expects (?:200000|3) bytes/);
    expect(server.received()).toMatch(/\}\r\nx{0,200000}$/);
    expect((await refusalOf(session.noop())).cause).toBe(lost);
  });

  it('stops before the first slice when it may not even begin', async () => {
    const { session, server } = await stage([announced(3), { send: '+ \r\n' }, { take: 1 }]);
    await expect(appendOne(session, 'a', message('xyz'), never)).rejects.toThrow('asleep');
    await expect(server.played).rejects.toThrow();
    expect(server.received()).not.toContain('xyz');
  });

  it('waits for a server that takes its time, as long as it takes something', async () => {
    const { session, server } = await stage([announced(3), { send: '+ \r\n' }], { commandTimeout: 50 });
    const refusal = await refusalOf(appendOne(session, 'a', message('xyz'), always));
    expect(refusal).toMatchObject({ stored: 'in-doubt', problem: { code: 'server.timeout' } });
    await server.played;
  });

  it('refuses dates, flags and lengths that are wrong before anything is sent', async () => {
    const { session, server } = await stage([]);
    const good = message('x');
    expect((await refusalOf(appendOne(session, 'a', { ...good, internalDate: 'now' }, always))).stored).toBe('refused');
    expect((await refusalOf(appendOne(session, 'a', { ...good, flags: ['\\Recent'] }, always))).stored).toBe('refused');
    expect(server.received()).toBe('');
  });

  it('destroys the connection when a body is not as long as it was said to be', async () => {
    const { session } = await stage([announced(2), { send: '+ \r\n' }]);
    const refusal = await refusalOf(appendOne(session, 'a', { ...message('x'), bytes: 2 }, always));
    expect(refusal).toMatchObject({ stored: 'refused', problem: { code: 'us.bug' } });
    expect(session.usable).toBe(false);
  });
});
