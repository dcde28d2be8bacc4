/** Promise 1 for mail as it comes: copied exactly, or named as altered, or put aside; never lost, never doubled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyFolder } from '../../copy/copy-folder.ts';
import { decodeLedger } from '../../copy/ledger-codec.ts';
import { NOWHERE, SOUGHT } from '../../copy/ledger.ts';
import { verifyFolder } from '../../copy/verify-folder.ts';
import { parseDateTime } from '../../imap/grammar.ts';
import { openSession } from '../../imap/open.ts';
import type { ImapSession } from '../../imap/types.ts';
import type { CopyFolderResult } from '../../model/activities.ts';
import type { FolderPair } from '../../model/folders.ts';
import { DOVECOT_CAPABILITIES, EXCHANGE_CAPABILITIES } from '../../sandbox/capabilities.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';
import { dovecotAvailable, startDovecot } from '../support/dovecot.ts';
import { LIMITS } from '../support/sandbox-move.ts';

const USER = 'ann@example.org';
const PASSWORD = 'secret';
const DATE = '17-Jul-2020 02:44:25 +0200';
const INBOX: FolderPair = { source: 'INBOX', sourcePath: 'INBOX', destination: 'INBOX', destinationPath: 'INBOX' };
const dovecot = dovecotAvailable();
const cannotRun = !dovecot.available && process.env['CI'] === undefined;

interface Odd {
  readonly name: string;
  readonly body: Buffer;
  readonly date?: string;
  readonly flags?: readonly string[];
}

function text(subject: string, ...rest: readonly (string | Buffer)[]): Buffer {
  const id = subject.replaceAll(/\W+/g, '.');
  const head = `Message-ID: <${id}@example.org>\r\nFrom: Ann <ann@example.org>\r\nSubject: ${subject}\r\n`;
  return Buffer.concat([head, ...rest].map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

const BODIES: readonly Odd[] = [
  { name: '8-bit', body: text('8-bit', 'X-Raw: \xe4\xff\r\n\r\n\x80\x81\xfe\xff gr\xfc\xdfe\r\n') },
  { name: 'UTF-8 headers', body: text('utf-8', Buffer.from('X-Note: Überprüfung 検査\r\n\r\n検査\r\n')) },
  { name: 'NUL', body: text('NUL', '\r\nbefore\0after\r\n') },
  { name: 'NUL in headers', body: text('NUL in headers', 'X-Nul: a\0b\r\n\r\nbody\r\n') },
  { name: 'NUL alone', body: Buffer.from([0]) },
  { name: 'bare LF', body: text('bare LF', '\r\nfirst\nsecond\n') },
  { name: 'bare LF throughout', body: Buffer.from('Message-ID: <lf@example.org>\nSubject: lf\n\nfirst\nsecond\n') },
  { name: 'bare CR', body: text('bare CR', '\r\nfirst\rsecond\r') },
  { name: 'CR CR LF', body: text('CR CR LF', '\r\nfirst\r\r\nsecond\r\r\n') },
  { name: 'no headers', body: Buffer.from('\r\nonly a body\r\n') },
  { name: 'no headers and no empty line', body: Buffer.from('this is no header at all\r\n') },
  { name: 'empty', body: Buffer.alloc(0) },
  { name: 'one line break', body: Buffer.from('\r\n') },
  { name: 'headers only', body: text('headers only') },
  { name: 'headers and the empty line', body: text('headers and the empty line', '\r\n') },
  { name: 'no line break at the end', body: text('no end', '\r\nno line break') },
  { name: 'a line of 100,000 characters', body: text('long line', `\r\n${'x'.repeat(100_000)}\r\n`) },
  {
    name: 'a header of 100,000 characters',
    body: text('long header', `X-Long: ${'y'.repeat(100_000)}\r\n\r\nbody\r\n`),
  },
  { name: 'no Message-ID', body: Buffer.from('From: a@example.org\r\nSubject: no id\r\n\r\nbody\r\n') },
  { name: 'no Message-ID, once more', body: Buffer.from('From: a@example.org\r\nSubject: no id\r\n\r\nbody\r\n') },
  { name: 'one Message-ID', body: text('same id', '\r\nthe first\r\n') },
  { name: 'the same Message-ID', body: text('same id', '\r\nanother\r\n') },
  { name: 'the same message', body: text('same id', '\r\nthe first\r\n') },
  { name: 'an empty Message-ID', body: Buffer.from('Message-ID:\r\nSubject: empty id\r\n\r\nbody\r\n') },
  { name: 'two Message-IDs', body: text('two ids', 'Message-ID: <second@example.org>\r\n\r\nbody\r\n') },
  {
    name: 'IMAP commands',
    body: text('commands', '\r\n)\r\na1 STORE 1:* +FLAGS (\\Deleted)\r\na2 EXPUNGE\r\n* BYE\r\n'),
  },
  { name: 'a literal', body: text('literal', '\r\na1 APPEND INBOX {5+}\r\nhello\r\n') },
];

const DATES: readonly Odd[] = [
  '01-Jan-0001 00:00:00 +0000',
  '17-Jul-0099 12:00:00 +0000',
  '14-Sep-1752 00:00:00 +0000',
  '31-Dec-1969 23:59:59 +0000',
  '01-Jan-1970 00:00:00 +0000',
  '29-Feb-2000 23:59:60 +0000',
  '17-Jul-2020 02:44:25 -1200',
  '17-Jul-2020 02:44:25 +1400',
  '18-Jan-2038 03:14:07 +0000',
  '20-Jan-2038 03:14:08 +0000',
  '07-Feb-2106 06:28:16 +0000',
  '31-Dec-2099 23:59:59 +0000',
].map((date, at) => ({ name: `the date ${date}`, date, body: text(`date ${at}`, '\r\ndated\r\n') }));

const FLAGS: readonly Odd[] = [
  ['\\Seen', '\\Answered', '\\Flagged', '\\Draft', '\\Deleted'],
  ['$Forwarded', '$MDNSent', 'NonJunk', '$label1'],
  ['Ünïcode'],
  ['k'.repeat(300)],
  ['NIL'],
].map((flags, at) => ({
  name: `the flags ${flags.join(' ').slice(0, 40)}`,
  flags,
  body: text(`flags ${at}`, '\r\nflagged\r\n'),
}));

const ALL: readonly Odd[] = [...BODIES, ...DATES, ...FLAGS];

interface Destination {
  readonly open: () => Promise<ImapSession>;
  readonly stop: () => Promise<void>;
}

function sessionOf(port: number, side: 'source' | 'destination'): Promise<ImapSession> {
  return openSession({
    address: { host: '127.0.0.1', port, tls: 'none' },
    login: { kind: 'password', user: USER, secret: () => PASSWORD },
    side,
    commandTimeout: 20_000,
    signal: new AbortController().signal,
  });
}

function sandbox(options: SandboxOptions): () => Promise<Destination> {
  return async () => {
    const server = await startSandbox({ users: [{ name: USER, password: PASSWORD }], ...options });
    return { open: () => sessionOf(server.port, 'destination'), stop: () => server.close() };
  };
}

function realDovecot(format: 'mdbox' | 'maildir'): () => Promise<Destination> {
  return async () => {
    const server = await startDovecot({ users: [{ name: USER, password: PASSWORD }], format });
    return { open: () => sessionOf(server.port, 'destination'), stop: () => server.stop() };
  };
}

const CYRUS = (body: Buffer): string | undefined => {
  if (body.includes(0)) return 'NO Message contains NUL characters';
  if (/(?<!\r)\n/.test(body.toString('latin1'))) return 'NO Message contains bare newlines';
  return undefined;
};

const DESTINATIONS: readonly (readonly [string, boolean, () => Promise<Destination>])[] = [
  ['Dovecot (mdbox)', true, realDovecot('mdbox')],
  ['Dovecot (Maildir)', true, realDovecot('maildir')],
  ['the sandbox, which keeps everything', false, sandbox({})],
  ['a server that refuses NUL and bare newlines', false, sandbox({ refuseMessage: CYRUS })],
  [
    'a server that refuses keywords it does not know',
    false,
    sandbox({ permanentFlags: ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'], otherFlags: 'refuse' }),
  ],
  [
    'a server that leaves keywords out without a word, and takes one message at a time',
    false,
    sandbox({ capabilities: EXCHANGE_CAPABILITIES, permanentFlags: ['\\Seen', '\\*'], otherFlags: 'drop' }),
  ],
  ['a server with an APPENDLIMIT', false, sandbox({ capabilities: [...DOVECOT_CAPABILITIES, 'APPENDLIMIT=50000'] })],
];

/** What became of one message. */
type Fate = 'exact' | 'altered' | 'aside' | 'lost';

interface Outcome {
  readonly fates: ReadonlyMap<string, Fate>;
  readonly first: CopyFolderResult;
  readonly messages: number;
}

async function copyOnce(source: Sandbox, destination: Destination, ledger?: string): Promise<CopyFolderResult> {
  const sessions = [await sessionOf(source.port, 'source'), await destination.open()] as const;
  const reopened: ImapSession[] = [...sessions];
  const reopen = async (): Promise<{ readonly source: ImapSession; readonly destination: ImapSession }> => {
    for (const session of reopened.splice(0)) session.destroy(new Error('opened anew'));
    const [from, to] = [await sessionOf(source.port, 'source'), await destination.open()];
    reopened.push(from, to);
    return { source: from, destination: to };
  };
  try {
    return await copyFolder(
      { pass: 'final', folder: INBOX, retryAside: false, limits: LIMITS, ...(ledger !== undefined && { ledger }) },
      {
        source: sessions[0],
        destination: sessions[1],
        reopen,
        lease: { check: () => undefined, carry: () => undefined, acknowledged: async () => undefined },
        interrupt: new AbortController().signal,
        now: Date.now,
      },
    );
  } finally {
    for (const session of reopened) await session.logout();
  }
}

/** Shares until the folder is through. */
async function copyAll(source: Sandbox, destination: Destination): Promise<readonly CopyFolderResult[]> {
  const results: CopyFolderResult[] = [];
  while (results.at(-1)?.outcome.kind !== 'complete') {
    if (results.length > 30) throw new Error(`it comes to no end: ${JSON.stringify(results.at(-1)?.outcome)}`);
    results.push(await copyOnce(source, destination, results.at(-1)?.ledger));
  }
  return results;
}

async function verified(source: Sandbox, destination: Destination, ledger: string | undefined): Promise<unknown> {
  const [from, to] = [await sessionOf(source.port, 'source'), await destination.open()];
  try {
    const interrupt = new AbortController().signal;
    return await verifyFolder({ folder: INBOX, ledger }, { source: from, destination: to, interrupt });
  } finally {
    await Promise.all([from.logout(), to.logout()]);
  }
}

interface There {
  readonly body: Buffer;
  readonly instant: number | undefined;
}

async function whatIsThere(destination: Destination): Promise<ReadonlyMap<number, There>> {
  const session = await destination.open();
  try {
    await session.examine('INBOX');
    const found = new Map<number, There>();
    for await (const { uid, body, internalDate } of session.fetchMessages([
      ...(await session.search({ kind: 'all' })),
    ])) {
      const pieces: Buffer[] = [];
      for await (const piece of body ?? []) pieces.push(Buffer.from(piece));
      found.set(uid, { body: Buffer.concat(pieces), instant: parseDateTime(internalDate)?.instant });
    }
    return found;
  } finally {
    await session.logout();
  }
}

async function fatesOf(
  destination: Destination,
  { ledger: text_ }: CopyFolderResult,
): Promise<ReadonlyMap<string, Fate>> {
  const ledger = decodeLedger(text_ ?? '');
  const there = await whatIsThere(destination);
  const fates = new Map<string, Fate>();
  for (const [index, { name, body, date = DATE }] of ALL.entries()) {
    const uid = index + 1;
    const counterpart = ledger.get(uid)?.counterpart;
    const found = counterpart === undefined ? undefined : there.get(counterpart);
    const isKnown = counterpart !== undefined && counterpart !== NOWHERE && counterpart !== SOUGHT;
    if (ledger.isAside(uid)) fates.set(name, 'aside');
    else if (!isKnown || found === undefined) fates.set(name, 'lost');
    else {
      const isExact = found.body.equals(body) && found.instant === parseDateTime(date)?.instant;
      fates.set(name, isExact ? 'exact' : 'altered');
    }
  }
  const counterparts = ALL.flatMap((_, index) => ledger.get(index + 1)?.counterpart ?? []);
  expect(new Set(counterparts).size).toBe(counterparts.length);
  return fates;
}

let source: Sandbox;
beforeAll(async () => {
  source = await startSandbox({ users: [{ name: USER, password: PASSWORD }] });
  const user = source.store.user(USER);
  for (const { body, date = DATE, flags = [] } of ALL) {
    user.addMessage('INBOX', {
      body,
      internalDate: date,
      flags: flags.map((flag) => Buffer.from(flag).toString('latin1')),
    });
  }
});
afterAll(() => source.close());

describe.each(DESTINATIONS)('mail as it comes, copied to %s,', (_, needsDovecot, start) => {
  const skips = needsDovecot && cannotRun;
  let destination: Destination;
  let outcome: Outcome;

  beforeAll(async () => {
    if (skips) return;
    destination = await start();
    const results = await copyAll(source, destination);
    const last = results.at(-1);
    const first = results.at(0);
    if (last === undefined || first === undefined) throw new Error('nothing was copied');
    const fates = await fatesOf(destination, last);
    outcome = { fates, first: sumOf(results), messages: (await whatIsThere(destination)).size };
  });
  afterAll(() => destination?.stop());

  it.skipIf(skips)('is copied, or put aside, each message once', () => {
    const counted = (fate: Fate): readonly string[] =>
      [...outcome.fates].flatMap(([name, one]) => (one === fate ? [name] : []));
    expect(counted('lost')).toEqual([]);
    expect(outcome.messages + counted('aside').length).toBe(ALL.length);
    expect(outcome.first.counts.aside).toBe(counted('aside').length);
  });

  it.skipIf(skips)('is named where the server altered it', () => {
    const altered = [...outcome.fates].flatMap(([name, fate]) => (fate === 'altered' ? [name] : []));
    expect({ altered, named: outcome.first.notes['destination.message-altered'] ?? 0 }).toEqual({
      altered,
      named: altered.length,
    });
  });

  it.skipIf(skips)('compares as whole, and is recognised when the ledger is lost', async () => {
    const aside = outcome.first.counts.aside;
    expect(await verified(source, destination, outcome.first.ledger)).toMatchObject({
      ok: true,
      missing: 0,
      doubled: 0,
      identical: ALL.length - aside,
    });
    const again = sumOf(await copyAll(source, destination));
    expect(again.counts).toMatchObject({ copied: 0, adopted: ALL.length - aside });
    expect((await whatIsThere(destination)).size).toBe(outcome.messages);
  });
});

function sumOf(results: readonly CopyFolderResult[]): CopyFolderResult {
  return results.reduce((sum, result) => ({
    ...result,
    counts: {
      ...result.counts,
      copied: sum.counts.copied + result.counts.copied,
      adopted: sum.counts.adopted + result.counts.adopted,
      aside: sum.counts.aside + result.counts.aside,
    },
    notes: {
      'destination.message-altered':
        (sum.notes['destination.message-altered'] ?? 0) + (result.notes['destination.message-altered'] ?? 0),
    },
  }));
}
