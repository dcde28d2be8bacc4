import { expect, it } from 'vitest';
import { isStream } from '../../imap/body.ts';
import { formatDateTime, parseDateTime } from '../../imap/grammar.ts';
import { isImapRefusal } from '../../imap/refusal.ts';
import type { AppendMessage, FetchedMessage, ImapSession } from '../../imap/types.ts';
import { encodeUtf7 } from '../../model/utf7.ts';

async function collect<Row>(rows: AsyncIterable<Row>): Promise<readonly Row[]> {
  const collected: Row[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

function message(body: Buffer, flags: readonly string[], internalDate: string): AppendMessage {
  const half = Math.floor(body.length / 2);
  return { flags, internalDate, body: [body.subarray(0, half), body.subarray(half)], bytes: body.length };
}

const text = (lines: readonly string[]): Buffer => Buffer.from(lines.join('\r\n'), 'latin1');

/** Messages that every server keeps byte for byte, and that could be taken for something else. */
const BODIES: readonly Buffer[] = [
  text(['Message-ID: <1@test>', 'Subject: plain', '', 'hello', '']),
  text(['Message-ID: <2@test>', 'Subject: commands', '', 'F9 STORE 1:* +FLAGS (\\Deleted)', 'F9 EXPUNGE', '']),
  text([
    'Message-ID: <3@test>',
    'Subject: literals {3+}',
    '',
    '* 1 FETCH (UID 1 BODY[] {5}',
    'abcde)',
    'F1 OK done {9}',
    '',
  ]),
  text(['Message-ID: <4@test>', 'Subject: 8-bit', '', '\x80\xff\xfe caf\xe9 \x01\x7f', '']),
  text(['Message-ID: <5@test>', 'Subject: no end of line at the end', '', 'end']),
  text([
    'Message-ID: <6@test>',
    'Subject: large',
    '',
    ...Array.from({ length: 20_000 }, (_, line) => `line ${line}`),
    '',
  ]),
];

const FLAGS: readonly (readonly string[])[] = [
  [],
  ['\\Seen'],
  ['\\Answered', '\\Flagged'],
  ['\\Draft', '\\Deleted'],
  ['$Forwarded', 'NonJunk'],
  [],
];

const DATES = [
  '17-Jul-1996 02:44:25 -0700',
  '01-Jan-1990 00:00:00 +0000',
  '29-Feb-2024 23:59:59 +1400',
  '05-Mar-2001 12:00:00 +0530',
  formatDateTime(Date.parse('2020-12-31T23:59:59Z'), -210),
  '01-Jul-2015 00:00:00 +0000',
];

/** What must hold of a session with any sound server; `base` is where folders may be created, such as `INBOX.` */
export function itSpeaksWith(openSession: () => Promise<ImapSession>, base: string): void {
  async function withSession(use: (session: ImapSession) => Promise<void>): Promise<void> {
    const session = await openSession();
    try {
      await use(session);
    } finally {
      await session.logout();
    }
  }

  it('keeps bytes, flags and instants both ways', () =>
    withSession(async (session) => {
      const name = `${base}exact`;
      await session.create(name);
      const sent = BODIES.map((body, index) => message(body, FLAGS[index] ?? [], DATES[index] ?? ''));
      const uids: (number | undefined)[] = [];
      for (const each of sent) uids.push((await session.append(name, [each], () => undefined))[0]?.uid);
      const folder = await session.examine(name);
      expect(folder).toMatchObject({ messages: sent.length, readOnly: true });
      expect(await session.status(name)).toMatchObject({ messages: sent.length, uidNext: folder.uidNext });
      const found = [...(await session.search({ kind: 'all' }))];
      expect(uids).toEqual(found);
      const received = await collect(session.fetchMessages(found));
      expect(received.map(describeMessage)).toEqual(
        sent.map((each, index) => describeMessage({ uid: found[index] ?? 0, ...each })),
      );
      const identities = await collect(session.fetchIdentities('all'));
      expect(identities.map(({ uid, size }) => [uid, size])).toEqual(
        sent.map(({ bytes }, index) => [found[index], bytes]),
      );
      expect(identities[0]?.headers.toString('latin1')).toBe('Message-ID: <1@test>\r\nSubject: plain\r\n\r\n');
    }));

  it('finds messages by day and by Message-ID', () =>
    withSession(async (session) => {
      await session.examine(`${base}exact`);
      const all = await session.search({ kind: 'all' });
      const before = await session.search({ kind: 'before', date: { year: 1996, month: 7, day: 18 } });
      expect([...before]).toEqual([all[0], all[1]]);
      expect([...(await session.search({ kind: 'message-id', text: '<4@test>' }))]).toEqual([all[3]]);
      expect(await session.search({ kind: 'message-id', text: '<"\\@nowhere>' })).toHaveLength(0);
    }));

  it('changes flags where it is told to, and nowhere else', () =>
    withSession(async (session) => {
      await session.select(`${base}exact`);
      const [first = 0, second = 0, third = 0] = await session.search({ kind: 'all' });
      await session.store([first, third, 4_000_000_000], { add: ['\\Seen', 'NonJunk'], remove: ['\\Flagged'] });
      const rows = await collect(session.fetchFlags([first, second, third, 4_000_000_000]));
      expect(rows).toEqual([
        { uid: first, flags: ['NonJunk', '\\Seen'] },
        { uid: second, flags: ['\\Seen'] },
        { uid: third, flags: ['NonJunk', '\\Answered', '\\Seen'] },
      ]);
    }));

  it.each([
    'Entwürfe & mehr',
    'quote " and \\ backslash',
    'percent % star *',
    ' blank at both ends ',
    '台北 📬',
    '{5}',
    'NIL',
    '(a)',
  ])('creates, lists, fills and opens the folder %j', (level) =>
    withSession(async (session) => {
      const name = `${base}${encodeUtf7(level)}`;
      expect(await session.create(name)).toBe('created');
      expect(await session.create(name)).toBe('exists');
      const listed = (await session.list()).find((folder) => folder.name === name);
      expect(listed?.path.at(-1)).toBe(level);
      await session.append(
        name,
        [message(BODIES[0] ?? Buffer.alloc(0), [], '01-Jan-2020 00:00:00 +0000')],
        () => undefined,
      );
      expect(await session.select(name)).toMatchObject({ name, messages: 1, readOnly: false });
    }),
  );

  it('tells what has come into the folder that is open since it was opened', () =>
    withSession(async (session) => {
      const name = `${base}watched`;
      const one = message(BODIES[0] ?? Buffer.alloc(0), [], '01-Jan-2020 00:00:00 +0000');
      await session.create(name);
      await session.append(name, [one], () => undefined);
      const { uidNext } = await session.examine(name);
      await withSession(async (other) => void (await other.append(name, [one], () => undefined)));
      expect(await session.status(name)).toMatchObject({ messages: 2, uidNext: uidNext + 1 });
    }));

  it('asks nothing of an empty folder that it could not answer', () =>
    withSession(async (session) => {
      await session.create(`${base}empty`);
      expect(await session.examine(`${base}empty`)).toMatchObject({ messages: 0 });
      expect([...(await session.search({ kind: 'all' }))]).toEqual([]);
      expect(await collect(session.fetchFlags('all'))).toEqual([]);
      expect(await collect(session.fetchMessages([1, 2, 3]))).toEqual([]);
    }));

  it('goes on after a message for a folder that is not there', () =>
    withSession(async (session) => {
      const lost = message(BODIES[1] ?? Buffer.alloc(0), ['\\Seen'], '01-Jan-2020 00:00:00 +0000');
      const refused = await session.append(`${base}nowhere`, [lost], () => undefined).catch((error: unknown) => error);
      expect(isImapRefusal(refused) ? [refused.responseCode, refused.stored] : refused).toEqual([
        'TRYCREATE',
        'refused',
      ]);
      expect(await session.status(`${base}exact`)).toMatchObject({ messages: BODIES.length });
    }));

  it('stores nothing that it was not allowed to commit', async () => {
    const body = BODIES[5] ?? Buffer.alloc(0);
    const one = [message(body, [], '01-Jan-2020 00:00:00 +0000')];
    let checks = 0;
    await withSession(async (session) => {
      await session.create(`${base}counted`);
      await session.append(`${base}counted`, one, () => (checks += 1));
    });
    const refusing = await openSession();
    const append = refusing.append(`${base}exact`, one, () => {
      checks -= 1;
      if (checks === 0) throw new Error('the lease is lost');
    });
    await expect(append).rejects.toThrow('the lease is lost');
    expect(refusing.usable).toBe(false);
    await withSession(async (session) => {
      expect(await session.status(`${base}exact`)).toMatchObject({ messages: BODIES.length });
    });
  });
}

function describeMessage({ uid, flags, internalDate, body, bytes }: FetchedMessage): unknown {
  if (body !== undefined && isStream(body)) throw new Error('a small message came as a stream');
  const whole = Buffer.concat(body ?? []);
  expect(whole.length).toBe(bytes);
  return [uid, flags.toSorted(), parseDateTime(internalDate)?.instant, whole.toString('latin1')];
}
