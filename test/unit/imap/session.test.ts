import { describe, expect, it } from 'vitest';
import type { Step } from '../../support/scripted-server.ts';
import type { ImapRefusal } from '../../../imap/types.ts';
import { refusalOf, stage } from './harness.ts';

const OK: Step = { send: '$tag OK done\r\n' };
/** So often has the event loop gone round: what was to be sent has been. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

const LIST: Step = { expect: 'LIST "" "*" RETURN (SPECIAL-USE)' };

describe('listing folders', () => {
  it('reads names in every form, their levels and their roles', async () => {
    const { session } = await stage([
      LIST,
      {
        send: [
          '* LIST (\\HasChildren) "." inbox',
          '* LIST (\\NoSelect \\HasChildren) "." "INBOX.a \\"b\\" \\\\ %*"',
          '* LIST (\\sent) "." {14}',
          'INBOX.Gesendet',
          '* LIST () "." INBOX.&AMk-t&AOk-.&-x',
          '* LIST (\\NonExistent \\Junk) NIL NIL',
          '* LIST () "." "Gr\xc3\xbc\xc3\x9fe"',
          '* LIST () "." "INBOX.x&y"',
          '* LIST () "." "INBOX.x&y"',
          '',
        ].join('\r\n'),
      },
      OK,
    ]);
    expect(await session.list()).toEqual([
      { name: 'inbox', path: ['inbox'], delimiter: '.', role: 'inbox', selectable: true },
      { name: 'INBOX.a "b" \\ %*', path: ['INBOX', 'a "b" \\ %*'], delimiter: '.', selectable: false },
      { name: 'INBOX.Gesendet', path: ['INBOX', 'Gesendet'], delimiter: '.', role: 'sent', selectable: true },
      { name: 'INBOX.&AMk-t&AOk-.&-x', path: ['INBOX', 'Été', '&x'], delimiter: '.', selectable: true },
      { name: 'NIL', path: ['NIL'], delimiter: null, role: 'junk', selectable: false },
      { name: 'Gr\xc3\xbc\xc3\x9fe', path: ['Grüße'], delimiter: '.', selectable: true },
      { name: 'INBOX.x&y', path: ['INBOX', 'x&y'], delimiter: '.', selectable: true },
    ]);
  });

  it('leaves out what belongs to others', async () => {
    const { session } = await stage(
      [
        LIST,
        {
          send: '* LIST () "/" user\r\n* LIST () "/" user/bob\r\n* LIST () "/" username\r\n* LIST () "/" "#news/a"\r\n',
        },
        OK,
      ],
      { foreign: ['user/', '#news/'] },
    );
    expect((await session.list()).map(({ name }) => name)).toEqual(['username']);
  });

  it('shows what is below a root of another namespace, however the server writes it', async () => {
    const { session } = await stage(
      [
        LIST,
        { send: '* LIST () "/" INBOX\r\n' },
        OK,
        { expect: 'LIST "" "#shared.anna/J&APw-rgen*"' },
        OK,
        { expect: 'LIST "" "#shared.anna.J&APw-rgen*"' },
        { send: '* LIST () "." "#shared.anna.J&APw-rgen"\r\n* LIST () "." "#shared.anna.J&APw-rgen.Sent"\r\n' },
        OK,
        { expect: 'LIST "" "/#shared.anna/J&APw-rgen*"' },
        { send: '$tag NO Invalid name\r\n' },
      ],
      { foreign: ['#shared.'], root: '#shared.anna/Jürgen' },
    );
    expect((await session.list()).map(({ path }) => path)).toEqual([
      ['INBOX'],
      ['#shared', 'anna', 'Jürgen'],
      ['#shared', 'anna', 'Jürgen', 'Sent'],
    ]);
  });

  it.each([
    ['more folders than any mailbox has', 100_001, (number: number) => `* LIST () "/" f${number}\r\n`],
    ['a name that no command can hold', 1, () => `* LIST () "/" "${'x'.repeat(9_000)}"\r\n`],
  ])('gives nothing of a list with %s', async (_, length, line) => {
    const lines = Array.from({ length }, (__, index) => line(index)).join('');
    const { session } = await stage([LIST, { send: lines }]);
    expect((await refusalOf(session.list())).problem.code).toBe('server.protocol');
  });

  it('gives nothing of a list that makes no sense', async () => {
    const { session } = await stage([LIST, { send: '* LIST () "//" a\r\n' }, OK]);
    expect((await refusalOf(session.list())).problem.code).toBe('server.protocol');
  });
});

/** What a server says of a folder that it opens. */
const stateOf = (messages: number): Step => ({
  send: `* ${messages} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT ${messages + 1}] ok\r\n$tag OK done\r\n`,
});

const ask = (name: string): Step => ({ expect: `STATUS "${name}" (MESSAGES UIDNEXT UIDVALIDITY)` });
const status = (name: string, messages: number): string =>
  `* STATUS ${name} (MESSAGES ${messages} UIDNEXT 99 UIDVALIDITY 7)\r\n`;

async function messagesOf(names: readonly string[], script: readonly Step[]): Promise<readonly unknown[]> {
  const { session } = await stage(script);
  const asked = names.map(async (name) => {
    return session.status(name).then(
      ({ messages }) => messages,
      ({ problem }: ImapRefusal) => problem.code,
    );
  });
  return Promise.all(asked);
}

describe('the status of a folder', () => {
  it('that is open is that of the folder, and not what this session knows of it: it is opened once more', async () => {
    const { session } = await stage([
      { expect: 'EXAMINE "a"' },
      stateOf(1),
      { expect: 'STATUS "b" (MESSAGES UIDNEXT UIDVALIDITY)' },
      { send: '* STATUS b (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 8)\r\n$tag OK done\r\n' },
      { expect: 'EXAMINE "a"' },
      stateOf(2),
    ]);
    await session.examine('a');
    expect(await session.status('b')).toEqual({ messages: 4, uidNext: 5, uidValidity: 8 });
    expect(await session.status('a')).toMatchObject({ messages: 2, uidNext: 3 });
  });

  it('that is open for writing leaves it so', async () => {
    const { session } = await stage([
      { expect: 'SELECT "a"' },
      stateOf(1),
      { expect: 'STATUS "a" (MESSAGES UIDNEXT UIDVALIDITY)' },
      { send: '* STATUS a (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7)\r\n$tag OK done\r\n' },
    ]);
    await session.select('a');
    expect(await session.status('a')).toMatchObject({ messages: 2 });
  });

  it.each(['MESSAGES 1 UIDNEXT 2', 'MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0', 'MESSAGES x UIDNEXT 2 UIDVALIDITY 1'])(
    'is no status with %s',
    async (items) => {
      const { session } = await stage([{ expect: /STATUS/ }, { send: `* STATUS a (${items})\r\n` }, OK]);
      expect((await refusalOf(session.status('a'))).problem.code).toBe('server.protocol');
    },
  );

  it.each([
    'MESSAGES 1 UIDNEXT 2 UIDVALIDITY 4294967296',
    'MESSAGES 1 UIDNEXT 4294967296 UIDVALIDITY 1',
    'MESSAGES 1 UIDNEXT 0 UIDVALIDITY 1',
    'MESSAGES 1 UIDVALIDITY 1',
    'MESSAGES -1 UIDNEXT 2 UIDVALIDITY 1',
    'MESSAGES 9 UIDNEXT 2 UIDVALIDITY 1',
  ])('that cannot be is refused: %s', async (items) => {
    const { session } = await stage([{ expect: /STATUS/ }, { send: `* STATUS a (${items})\r\n` }, OK]);
    expect((await refusalOf(session.status('a'))).problem.code).toBe('server.protocol');
  });

  describe('among many that are asked for at once', () => {
    const ABC = [ask('a'), ask('b'), ask('c')];

    it.each<readonly [string, string]>([
      ['in another order', `${status('c', 3)}F3 OK\r\n${status('b', 2)}F2 OK\r\n${status('a', 1)}F1 OK\r\n`],
      ['all before the first answer', `${status('b', 2)}${status('c', 3)}${status('a', 1)}F1 OK\r\nF3 OK\r\nF2 OK\r\n`],
      [
        'with others among them',
        `${status('x', 9)}${status('a', 1)}${status('b', 2)}F1 OK\r\nF2 OK\r\n${status('c', 3)}F3 OK\r\n`,
      ],
    ])('%s is that of the folder that it names', async (_, send) => {
      expect(await messagesOf(['a', 'b', 'c'], [...ABC, { send }])).toEqual([1, 2, 3]);
    });

    it('that is missing or refused is no other’s', async () => {
      const send = `${status('a', 1)}F1 OK\r\nF2 OK nothing to tell\r\n${status('c', 3)}F3 OK\r\n`;
      expect(await messagesOf(['a', 'b', 'c'], [...ABC, { send }])).toEqual([1, 'server.protocol', 3]);
      const refused = `F1 NO [NOPERM] no\r\n${status('b', 2)}F2 OK\r\n${status('c', 3)}F3 OK\r\n`;
      expect(await messagesOf(['a', 'b', 'c'], [...ABC, { send: refused }])).toEqual([
        'destination.folder-refused',
        2,
        3,
      ]);
    });

    it('is refused where the server names others', async () => {
      const send = `${status('x', 1)}F1 OK\r\n${status('a', 2)}F2 OK\r\n${status('b', 3)}F3 OK\r\n`;
      expect(await messagesOf(['a', 'b', 'c'], [...ABC, { send }])).toEqual(Array(3).fill('server.protocol'));
    });

    it('is understood however the server spells the name', async () => {
      const names = ['INBOX', 'Gr&APw-n', 'a "b"', 'NIL', '&Jjo-', 'Gr\xc3\xbcn'];
      const script: readonly Step[] = [
        ask('INBOX'),
        ask('Gr&APw-n'),
        ask('a \\"b\\"'),
        ask('NIL'),
        ask('&Jjo-'),
        { expect: 'STATUS {5}' },
        { send: '+ \r\n' },
        { take: 5 },
        { expect: /UIDVALIDITY\)$/ },
        {
          send: [
            status('"Gr\xc3\xbcn"', 6),
            status('NIL', 4),
            status('"\xe2\x98\xba"', 5),
            status('{5}\r\na "b"', 3),
            status('"Gr&APw-n"', 2),
            status('inbox', 1),
          ].join(''),
        },
        { send: [1, 2, 3, 4, 5, 6].map((tag) => `F${tag} OK\r\n`).join('') },
      ];
      expect(await messagesOf(names, script)).toEqual([1, 2, 3, 4, 5, 6]);
    });
  });

  it('of a folder that is not there says so', async () => {
    const { session } = await stage([{ expect: /STATUS/ }, { send: "$tag NO Mailbox doesn't exist: a\r\n" }]);
    expect((await refusalOf(session.status('a'))).problem).toEqual({
      code: 'destination.folder-refused',
      text: 'imap.test:143 refused to tell the status of a',
      serverText: "NO Mailbox doesn't exist: a",
    });
  });
});

describe('opening a folder', () => {
  const STATE =
    '* FLAGS (\\Seen x)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n';

  it('reads its state', async () => {
    const { session } = await stage([
      { expect: 'EXAMINE "a"' },
      { send: `${STATE}* OK [UIDNEXT 9] ok\r\n$tag OK [READ-ONLY] done\r\n` },
      { expect: 'SELECT "a"' },
      { send: `${STATE}* OK [UIDNEXT 9] ok\r\n$tag OK [READ-WRITE] done\r\n` },
    ]);
    const state = {
      name: 'a',
      messages: 3,
      uidNext: 9,
      uidValidity: 7,
      flags: ['\\Seen', 'x'],
      permanentFlags: ['\\Seen', '\\*'],
    };
    expect(await session.examine('a')).toEqual({ ...state, readOnly: true });
    expect(await session.select('a')).toEqual({ ...state, readOnly: false });
  });

  it('asks for UIDNEXT where the server leaves it out', async () => {
    const { session } = await stage([
      { expect: 'EXAMINE "a"' },
      { send: `${STATE}$tag OK done\r\n` },
      { expect: 'STATUS "a" (MESSAGES UIDNEXT UIDVALIDITY)' },
      { send: '* STATUS a (UIDNEXT 12 MESSAGES 4 UIDVALIDITY 8)\r\n' },
      OK,
    ]);
    expect(await session.examine('a')).toMatchObject({ messages: 3, uidNext: 12, uidValidity: 7 });
  });

  it.each(['0', '4294967296', '-7', 'x', ''])('asks again where UIDVALIDITY is %s, and gives up', async (told) => {
    const { session } = await stage([
      { expect: 'EXAMINE "a"' },
      { send: `* 3 EXISTS\r\n* OK [UIDVALIDITY ${told}] ok\r\n* OK [UIDNEXT 4] ok\r\n$tag OK done\r\n` },
      { expect: /STATUS/ },
      { send: `* STATUS a (MESSAGES 3 UIDNEXT 4 UIDVALIDITY ${told === '' ? 'NIL' : told})\r\n` },
      OK,
    ]);
    expect((await refusalOf(session.examine('a'))).problem).toMatchObject({
      code: 'server.protocol',
      text: 'imap.test:143 does not tell UIDVALIDITY of a',
    });
  });

  it('gives up where there are more messages than UIDs', async () => {
    const { session } = await stage([
      { expect: 'EXAMINE "a"' },
      { send: '* 9 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4] ok\r\n$tag OK done\r\n' },
    ]);
    expect((await refusalOf(session.examine('a'))).problem).toMatchObject({
      code: 'server.protocol',
      text: 'imap.test:143 tells 9 messages in a, and 4 as UIDNEXT',
    });
  });

  it.each<readonly [string, string, number | undefined]>([
    ['as the server tells it', '* OK [HIGHESTMODSEQ 715] ok\r\n', 715],
    ['not where the server keeps none (NOMODSEQ)', '* OK [NOMODSEQ] none\r\n', undefined],
    ['not where it says both', '* OK [HIGHESTMODSEQ 715] ok\r\n* OK [NOMODSEQ] none\r\n', undefined],
    ['not where it says both the other way round', '* OK [NOMODSEQ]\r\n* OK [HIGHESTMODSEQ 715]\r\n', undefined],
    ['not where it is none', '* OK [HIGHESTMODSEQ 0] ok\r\n', undefined],
    ['not beyond what a number can hold', '* OK [HIGHESTMODSEQ 9223372036854775807] ok\r\n', undefined],
  ])('knows its mod-sequence %s', async (_, said, expected) => {
    const script = [
      { expect: 'EXAMINE "a" (CONDSTORE)' },
      { send: `${STATE}* OK [UIDNEXT 9] ok\r\n${said}$tag OK done\r\n` },
    ];
    const { session } = await stage(script, { capabilities: ['CONDSTORE'] });
    expect((await session.examine('a')).highestModseq).toBe(expected);
  });

  it('is done without mod-sequences where the server announces them and does not take that', async () => {
    const { session } = await stage(
      [
        { expect: 'EXAMINE "a" (CONDSTORE)' },
        { expect: 'UID SEARCH ALL' },
        { send: 'F1 BAD what?\r\n* SEARCH 98 99\r\nF2 OK of the folder before\r\n' },
        { expect: 'EXAMINE "a"' },
        { send: `${STATE}* OK [UIDNEXT 9] ok\r\n* OK [HIGHESTMODSEQ 715] ok\r\n$tag OK done\r\n` },
        { expect: 'UID SEARCH ALL' },
        { send: '* SEARCH 4 6 8\r\n' },
        OK,
        { expect: 'EXAMINE "b"' },
        { send: `${STATE}* OK [UIDNEXT 9] ok\r\n$tag OK done\r\n` },
      ],
      { capabilities: ['CONDSTORE'] },
    );
    const [folder, found] = await Promise.all([session.examine('a'), session.search({ kind: 'all' })]);
    expect([folder.highestModseq, found]).toEqual([undefined, Uint32Array.of(4, 6, 8)]);
    expect((await session.examine('b')).name).toBe('b');
  });

  it('gives up where no UIDVALIDITY is to be had', async () => {
    const { session } = await stage([
      { expect: 'EXAMINE "a"' },
      { send: '* 3 EXISTS\r\n* OK [UIDNEXT 4] ok\r\n$tag OK done\r\n' },
      { expect: /STATUS/ },
      { send: '* STATUS a (UIDNEXT 12)\r\n' },
      OK,
    ]);
    const refusal = await refusalOf(session.examine('a'));
    expect(refusal.problem).toMatchObject({
      code: 'server.protocol',
      text: 'imap.test:143 does not tell UIDVALIDITY of a',
    });
  });
});

describe('creating a folder', () => {
  it('subscribes to it, whether or not the server likes that', async () => {
    const { session, server } = await stage([
      { expect: 'CREATE "a/b"' },
      OK,
      { expect: 'SUBSCRIBE "a/b"' },
      { send: '$tag NO no subscriptions here\r\n' },
    ]);
    expect(await session.create('a/b')).toBe('created');
    await server.played;
  });

  it.each(['[ALREADYEXISTS] no', 'Mailbox already exists.'])('finds it there after NO %s', async (text) => {
    const { session } = await stage([
      { expect: 'CREATE "a"' },
      { send: `$tag NO ${text}\r\n` },
      { expect: 'SUBSCRIBE "a"' },
      OK,
    ]);
    expect(await session.create('a')).toBe('exists');
  });

  it('is refused otherwise', async () => {
    const { session } = await stage([{ expect: 'CREATE "a"' }, { send: '$tag NO Folder name is reserved\r\n' }]);
    expect((await refusalOf(session.create('a'))).problem.code).toBe('destination.name-refused');
  });

  it('is not done when the connection is lost while subscribing', async () => {
    const { session } = await stage([{ expect: 'CREATE "a"' }, OK, { expect: 'SUBSCRIBE "a"' }, { end: 'close' }]);
    expect((await refusalOf(session.create('a'))).problem.code).toBe('server.connection-lost');
  });
});

describe('searching', () => {
  it('gives UIDs in ascending order, each once', async () => {
    const { session } = await stage([
      { expect: 'UID SEARCH ALL' },
      { send: '* SEARCH 5 3\r\n* SEARCH 3 4\r\n' },
      OK,
      { expect: 'UID SEARCH BEFORE 1-Feb-1994' },
      { send: '* SEARCH\r\n' },
      OK,
      { expect: 'UID SEARCH HEADER Message-ID "<a\\"@b>"' },
      OK,
    ]);
    expect([...(await session.search({ kind: 'all' }))]).toEqual([3, 4, 5]);
    expect([...(await session.search({ kind: 'before', date: { year: 1994, month: 2, day: 1 } }))]).toEqual([]);
    expect([...(await session.search({ kind: 'message-id', text: '<a"@b>' }))]).toEqual([]);
  });

  it('asks for one thing at a time, since nothing tells what is found for which', async () => {
    const asked: string[] = [];
    const { session, server } = await stage([
      { expect: 'UID SEARCH ALL' },
      { wait: () => turns(20) },
      { wait: async () => asked.push(server.received()) },
      { send: '* SEARCH 3 4\r\n' },
      OK,
      { expect: 'UID SEARCH BEFORE 1-Feb-1994' },
      { send: '* SEARCH 3\r\n' },
      OK,
    ]);
    const before = { kind: 'before', date: { year: 1994, month: 2, day: 1 } } as const;
    const found = await Promise.all([session.search({ kind: 'all' }), session.search(before)]);
    expect(found).toEqual([Uint32Array.of(3, 4), Uint32Array.of(3)]);
    expect(asked).toEqual([expect.not.stringContaining('BEFORE')]);
  });

  it.each(['0', 'x', '-1', '4294967296', '1:4'])('never takes %s for a UID', async (found) => {
    const { session } = await stage([{ expect: 'UID SEARCH ALL' }, { send: `* SEARCH 1 ${found}\r\n` }, OK]);
    expect((await refusalOf(session.search({ kind: 'all' }))).problem.code).toBe('server.protocol');
  });

  it('finds a million messages in a moment', async () => {
    const uids = Array.from({ length: 1_000_000 }, (_, index) => index + 1);
    const { session } = await stage([{ expect: 'UID SEARCH ALL' }, { send: `* SEARCH ${uids.join(' ')}\r\n` }, OK]);
    expect((await session.search({ kind: 'all' })).length).toBe(1_000_000);
  });

  describe('of a server that tells ranges', () => {
    const RANGES = 'UID SEARCH RETURN (ALL) ALL';
    const EXAMINED: readonly Step[] = [
      { expect: 'EXAMINE "a"' },
      { send: '* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 9]\r\n$tag OK\r\n' },
      { expect: RANGES },
    ];
    const ESEARCH = { capabilities: ['ESEARCH'] };

    it.each(['* ESEARCH (TAG "F2") UID ALL 4,6:7\r\n', '* ESEARCH (TAG "F2") UID ALL 6:7,4\r\n', '* SEARCH 4 6 7\r\n'])(
      'has what %j finds',
      async (said) => {
        const { session } = await stage([...EXAMINED, { send: said }, OK], ESEARCH);
        await session.examine('a');
        expect([...(await session.search({ kind: 'all' }))]).toEqual([4, 6, 7]);
      },
    );

    it('has what is left where some have left meanwhile', async () => {
      const said = { send: '* ESEARCH (TAG "F2") UID ALL 4,7\r\n* 2 EXPUNGE\r\n' };
      const { session } = await stage([...EXAMINED, said, OK], ESEARCH);
      await session.examine('a');
      expect([...(await session.search({ kind: 'all' }))]).toEqual([4, 7]);
    });

    it('has nothing of a folder without messages', async () => {
      const empty = { send: '* 0 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 9]\r\n$tag OK\r\n' };
      const asked = { expect: RANGES };
      const said = { send: '* ESEARCH (TAG "F2") UID\r\n' };
      const { session } = await stage([{ expect: 'EXAMINE "a"' }, empty, asked, said, OK], ESEARCH);
      await session.examine('a');
      expect(await session.search({ kind: 'all' })).toHaveLength(0);
    });

    it.each([
      ['that cover more than there are', '* ESEARCH (TAG "F2") UID ALL 4:8\r\n$tag OK\r\n'],
      ['that cover fewer than there are', '* ESEARCH (TAG "F2") UID ALL 4,6\r\n$tag OK\r\n'],
      ['that are none', '* ESEARCH (TAG "F2") UID ALL 4:*\r\n$tag OK\r\n'],
      ['that run backwards', '* ESEARCH (TAG "F2") UID ALL 7:5\r\n$tag OK\r\n'],
      ['that are not told', '$tag OK\r\n'],
      ['that it does not know after all', '$tag BAD RETURN what?\r\n'],
    ])('asks for each message after ranges %s', async (_, said) => {
      const asked: readonly Step[] = [{ expect: 'UID SEARCH ALL' }, { send: '* SEARCH 4 6 7\r\n' }, OK];
      const { session } = await stage([...EXAMINED, { send: said }, ...asked], ESEARCH);
      await session.examine('a');
      expect([...(await session.search({ kind: 'all' }))]).toEqual([4, 6, 7]);
    });

    it('refuses more than any mailbox can have', async () => {
      const said = { send: '* ESEARCH (TAG "F2") UID ALL 1:4294967295\r\n$tag OK\r\n' };
      const { session } = await stage([...EXAMINED, said], ESEARCH);
      await session.examine('a');
      expect((await refusalOf(session.search({ kind: 'all' }))).problem.code).toBe('server.protocol');
    });
  });

  describe('where fewer are found than there are', () => {
    const EXAMINED: readonly Step[] = [
      { expect: 'EXAMINE "a"' },
      { send: '* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 9]\r\n$tag OK\r\n' },
      { expect: 'UID SEARCH ALL' },
    ];
    const ROWS: Step = { expect: 'UID FETCH 1:* (UID FLAGS)' };

    it.each(['* SEARCH 4 8\r\n', '* SEARCH\r\n', '', '* ESEARCH (TAG "F2") UID ALL 4,6,8\r\n'])(
      'fetches them as well after %j',
      async (said) => {
        const rows = [4, 6, 8].map((uid, index) => `* ${index + 1} FETCH (UID ${uid} FLAGS ())\r\n`);
        const { session } = await stage([...EXAMINED, { send: said }, OK, ROWS, { send: rows.join('') }, OK]);
        await session.examine('a');
        expect([...(await session.search({ kind: 'all' }))]).toEqual([4, 6, 8]);
      },
    );

    it('has those that are found where no more can be fetched', async () => {
      const { session } = await stage([...EXAMINED, { send: '* SEARCH 4 8\r\n' }, OK, ROWS, OK]);
      await session.examine('a');
      expect([...(await session.search({ kind: 'all' }))]).toEqual([4, 8]);
    });

    it('has those that are found where fetching is refused', async () => {
      const script = [...EXAMINED, { send: '* SEARCH 4 8\r\n' }, OK, ROWS, { send: '$tag BAD what?\r\n' }];
      const { session } = await stage(script);
      await session.examine('a');
      expect([...(await session.search({ kind: 'all' }))]).toEqual([4, 8]);
    });

    it('gives up where none can be had', async () => {
      const { session } = await stage([...EXAMINED, { send: '* SEARCH\r\n' }, OK, ROWS, OK]);
      await session.examine('a');
      expect((await refusalOf(session.search({ kind: 'all' }))).problem).toMatchObject({
        code: 'server.protocol',
        text: 'imap.test:143 has 3 messages in a, and does not tell which',
      });
    });

    it('finds none where all have left meanwhile', async () => {
      const gone = '* SEARCH\r\n* 3 EXPUNGE\r\n* 2 EXPUNGE\r\n* 1 EXPUNGE\r\n';
      const { session } = await stage([...EXAMINED, { send: gone }, OK]);
      await session.examine('a');
      expect([...(await session.search({ kind: 'all' }))]).toEqual([]);
    });
  });

  it('finds more than there were when the folder was opened', async () => {
    const { session } = await stage([
      { expect: 'EXAMINE "a"' },
      { send: '* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 9]\r\n$tag OK\r\n' },
      { expect: 'UID SEARCH ALL' },
      { send: '* 2 EXISTS\r\n* SEARCH 4 9\r\n' },
      OK,
    ]);
    await session.examine('a');
    expect([...(await session.search({ kind: 'all' }))]).toEqual([4, 9]);
  });

  it('that is answered in a form that nobody asked for is no empty result', async () => {
    const { session } = await stage([{ expect: /HEADER/ }, { send: '* ESEARCH (TAG "F1") UID ALL 7\r\n' }, OK]);
    const refusal = await refusalOf(session.search({ kind: 'message-id', text: 'a@b' }));
    expect(refusal.problem.code).toBe('server.protocol');
  });

  it('that is refused is no empty result', async () => {
    const { session } = await stage([{ expect: 'UID SEARCH ALL' }, { send: '$tag NO search is out of order\r\n' }]);
    expect((await refusalOf(session.search({ kind: 'all' }))).problem.code).toBe('server.refused');
  });
});

describe('storing flags', () => {
  it('adds and removes in silence', async () => {
    const { session, server } = await stage([
      { expect: 'UID STORE 1:2 +FLAGS.SILENT (\\Seen $x)' },
      OK,
      { expect: 'UID STORE 1:2 -FLAGS.SILENT (\\Flagged)' },
      OK,
    ]);
    await session.store([1, 2], { add: ['\\Seen', '$x'], remove: ['\\Flagged'] });
    await session.store([], { add: ['\\Seen'] });
    await session.store([1], {});
    await server.played;
  });
});

describe('logging out', () => {
  it('says goodbye and ends', async () => {
    const { session, server, socket } = await stage([{ expect: 'LOGOUT' }, { send: '* BYE bye\r\n$tag OK\r\n' }]);
    await session.logout();
    await server.played;
    expect([socket.destroyed, session.usable]).toEqual([true, false]);
    await session.logout();
  });

  it('does not wait for a server that does not answer, or for rows that nobody reads', async () => {
    const { session, socket } = await stage([
      { expect: /FETCH/ },
      { send: '* 1 FETCH (UID 1 FLAGS ())\r\n' },
      { expect: 'LOGOUT' },
    ]);
    const rows = session.fetchFlags([1, 2])[Symbol.asyncIterator]();
    await rows.next();
    await session.logout();
    expect(socket.destroyed).toBe(true);
    await refusalOf(rows.next());
  });
});

describe('the largest message that a folder takes', () => {
  const ASK: Step = { expect: 'STATUS "Sent" (APPENDLIMIT)' };

  it.each<readonly [string, readonly string[], readonly Step[], number | undefined]>([
    ['is known where one holds for all', ['APPENDLIMIT=35000000'], [], 35_000_000],
    ['is not known where the server does not announce any', [], [], undefined],
    [
      'is asked for where each has its own',
      ['APPENDLIMIT'],
      [ASK, { send: '* STATUS Sent (APPENDLIMIT 2000)\r\n' }, OK],
      2_000,
    ],
    [
      'is none where the folder has none',
      ['APPENDLIMIT'],
      [ASK, { send: '* STATUS Sent (APPENDLIMIT NIL)\r\n' }, OK],
      undefined,
    ],
    [
      'is none where the server does not say after all',
      ['APPENDLIMIT'],
      [ASK, { send: '$tag NO not now\r\n' }],
      undefined,
    ],
  ])('%s', async (_, capabilities, script, limit) => {
    const { session } = await stage(script, { capabilities });
    expect(await session.appendLimit('Sent')).toBe(limit);
  });
});
