import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyFolder } from '../../copy/copy-folder.ts';
import type { CopyTask } from '../../copy/types.ts';
import { verifyFolder } from '../../copy/verify-folder.ts';
import { openSession } from '../../imap/open.ts';
import type { ImapSession } from '../../imap/types.ts';
import type { CopyFolderResult, CopyHeartbeat } from '../../model/activities.ts';
import type { FolderPair } from '../../model/folders.ts';
import { generateMailbox } from '../support/corpus.ts';
import { dovecotAvailable, startDovecot, type Dovecot } from '../support/dovecot.ts';
import {
  compareMailboxes,
  readMailbox,
  seedMailbox,
  type ImapAccess,
  type ReadMailbox,
} from '../support/imap-client.ts';
import { mail, MemoryMailbox } from '../support/memory-server.ts';
import { MemorySession } from '../support/memory-session.ts';

const dovecot = dovecotAvailable();
const missing = dovecot.available ? '' : ` (not run: ${dovecot.reason}; ${dovecot.command})`;
const cannotRun = !dovecot.available && process.env['CI'] === undefined;

const PASSWORD = 'secret';
/** All known from the start: Dovecot looks for new ones once a second. */
const USERS = Array.from({ length: 40 }, (_, at) => ({ name: `user${at}@example.org`, password: PASSWORD }));
const LIMITS = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 1 << 25,
};
const DATE = '17-Jul-1996 02:44:25 -0700';

let servers: { readonly source: Dovecot; readonly destination: Dovecot };
let begun = 0;

/** A user whom both servers know, with nothing in its mailboxes. */
class Move {
  readonly user: string;
  readonly source: ImapAccess;
  readonly destination: ImapAccess;

  constructor(user: string) {
    this.user = user;
    this.source = { host: '127.0.0.1', port: servers.source.port, user, password: PASSWORD };
    this.destination = { host: '127.0.0.1', port: servers.destination.port, user, password: PASSWORD };
  }

  static begin(): Move {
    const user = USERS[begun];
    if (user === undefined) throw new Error('there are not enough users');
    begun += 1;
    return new Move(user.name);
  }

  open(access: ImapAccess): Promise<ImapSession> {
    return openSession({
      address: { host: access.host, port: access.port, tls: 'none' },
      login: { kind: 'password', user: this.user, secret: () => PASSWORD },
      side: access === this.source ? 'source' : 'destination',
      commandTimeout: 10_000,
      signal: new AbortController().signal,
    });
  }

  /** One attempt. `onAppend` is called around each APPEND, `beats` gets what heartbeats carry. */
  async copy(
    task: Partial<CopyTask> = {},
    world: { readonly from?: ImapSession; readonly onAppend?: OnAppend; readonly beats?: CopyHeartbeat[] } = {},
  ): Promise<CopyFolderResult> {
    const source = world.from ?? (await this.open(this.source));
    const destination = await this.open(this.destination);
    let beat: (() => CopyHeartbeat) | undefined;
    const acknowledged = async (): Promise<void> => {
      if (beat !== undefined) world.beats?.push(beat());
    };
    const around: OnAppend = async (append) => {
      await acknowledged();
      return (world.onAppend ?? ((go) => go()))(append);
    };
    try {
      return await copyFolder(
        { pass: 'final', folder: pairOf('INBOX'), retryAside: false, limits: LIMITS, ...task },
        {
          source,
          destination: appending(destination, around),
          lease: { check: () => undefined, carry: (next) => (beat = next), acknowledged },
          interrupt: new AbortController().signal,
          now: Date.now,
        },
      );
    } finally {
      await Promise.all([source.logout(), destination.logout()]);
    }
  }

  async verify(ledger?: string): Promise<Awaited<ReturnType<typeof verifyFolder>>> {
    const [source, destination] = await Promise.all([this.open(this.source), this.open(this.destination)]);
    try {
      const task = { folder: pairOf('INBOX'), ...(ledger === undefined ? {} : { ledger }) };
      return await verifyFolder(task, { source, destination, interrupt: new AbortController().signal });
    } finally {
      await Promise.all([source.logout(), destination.logout()]);
    }
  }

  async seed(side: 'source' | 'destination', ...messages: readonly Seed[]): Promise<void> {
    const seeds = messages.map(({ text, date = DATE, flags = [] }) => ({
      raw: Buffer.from(text, 'latin1'),
      date,
      flags,
    }));
    await seedMailbox(this[side], { folders: [{ path: 'INBOX', messages: seeds }] });
  }

  async compare(): Promise<ReturnType<typeof compareMailboxes>> {
    return compareMailboxes(...(await Promise.all([readMailbox(this.source), readMailbox(this.destination)])));
  }
}

interface Seed {
  readonly text: string;
  readonly date?: string;
  readonly flags?: readonly string[];
}

type OnAppend = (append: () => ReturnType<ImapSession['append']>) => ReturnType<ImapSession['append']>;

function pairOf(name: string): FolderPair {
  return { source: name, sourcePath: name, destination: name, destinationPath: name };
}

/** The session with something around each APPEND. */
function appending(session: ImapSession, around: OnAppend): ImapSession {
  return new Proxy(session, {
    get(target, key) {
      if (key === 'append') return (...args: Parameters<ImapSession['append']>) => around(() => target.append(...args));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function inbox({ folders }: ReadMailbox): ReadMailbox['folders'][number]['messages'] {
  return folders.find(({ path }) => path === 'INBOX')?.messages ?? [];
}

describe.skipIf(cannotRun)(`a copy between two Dovecots${missing}`, () => {
  beforeAll(async () => {
    const [source, destination] = await Promise.all([
      startDovecot({ users: USERS, format: 'mdbox' }),
      startDovecot({ users: USERS, format: 'maildir', quotaBytes: 50_000_000 }),
    ]);
    servers = { source, destination };
  });
  afterAll(() => Promise.all([servers.source.stop(), servers.destination.stop()]));

  it('keeps bytes, dates with their zones, flags and keywords', async () => {
    const move = Move.begin();
    const { folders } = generateMailbox(11, { messages: 100, now: new Date('2025-06-01T00:00:00Z') });
    await seedMailbox(move.source, {
      folders: [{ path: 'INBOX', messages: folders.flatMap(({ messages }) => messages) }],
    });
    const { outcome, counts, aside } = await move.copy();
    expect(outcome).toEqual({ kind: 'complete' });
    expect(counts).toMatchObject({ listed: 100, copied: 100 });
    expect(aside).toEqual([]);
    expect(await move.compare()).toMatchObject({ messages: 100, identical: 100, missing: [], doubled: [], extra: [] });
    expect(await move.verify()).toMatchObject({ messages: 100, identical: 100, missing: 0, doubled: 0 });
  });

  it('recognises mail that is there already, and leaves its flags', async () => {
    const move = Move.begin();
    await move.seed('source', { text: mail('a'), flags: ['\\Seen'] }, { text: mail('b') }, { text: mail('b') });
    await move.seed('destination', { text: mail('b'), flags: ['\\Flagged'] }, { text: mail('alone') });
    const { counts } = await move.copy();
    expect(counts).toMatchObject({ adopted: 1, copied: 2 });
    const there = inbox(await readMailbox(move.destination));
    expect(there).toHaveLength(4);
    expect(there[0]?.flags).toEqual(['\\Flagged']);
    expect(await move.verify()).toMatchObject({ identical: 3, missing: 0, doubled: 0 });
  });

  it('never has a message read as a command, whatever its flags and body', async () => {
    const move = Move.begin();
    const commands = 'x STORE 1:* +FLAGS (\\Deleted)\r\ny EXPUNGE\r\nz DELETE INBOX\r\n';
    await move.seed('destination', { text: mail('untouched') });
    const source = new MemoryMailbox();
    for (const flags of [['\\Recent'], ['\\Odd'], ['NIL'], ['a)b'], ['{5+}'], ['a b'], ['(']]) {
      source.add('INBOX', { body: `${commands}${mail(`with ${flags.join(' ')}`)}`, flags });
    }
    source.add('INBOX', { body: commands, internalDate: '99-Foo-0000 {3}' });
    const { outcome, counts, notes } = await move.copy({}, { from: new MemorySession(source) });
    expect(outcome).toEqual({ kind: 'complete' });
    expect(counts.copied).toBe(8);
    expect(notes).toEqual({ 'destination.flag-dropped': 7, 'destination.date-refused': 1 });
    const there = inbox(await readMailbox(move.destination));
    expect(there).toHaveLength(9);
    expect(there.flatMap(({ flags }) => flags)).toEqual([]);
  });

  it('names what Dovecot alters in silence, and copies it once all the same', async () => {
    const move = Move.begin();
    const source = new MemoryMailbox();
    source.add('INBOX', { body: mail('plain') });
    source.add('INBOX', { body: mail('nul', { text: 'a\0b' }) });
    source.add('INBOX', { body: mail('line feeds', { text: 'a\nb\n\nc' }) });
    source.add('INBOX', { body: mail('early', { id: undefined }), internalDate: '01-Jan-1901 00:00:00 +0000' });
    source.add('INBOX', { body: mail('late', { id: undefined }), internalDate: '01-Jan-2099 00:00:00 +0000' });
    const from = (): MemorySession => new MemorySession(source);
    const { notes } = await move.copy({}, { from: from() });
    expect(notes['destination.message-altered']).toBeGreaterThanOrEqual(3);
    expect(inbox(await readMailbox(move.destination))).toHaveLength(5);
    // With the ledger lost, what was altered is recognised by its body.
    expect((await move.copy({}, { from: from() })).counts).toMatchObject({ copied: 0, adopted: 5 });
  });

  it('leaves alone what was moved, deleted or flagged at the destination', async () => {
    const move = Move.begin();
    await move.seed('source', ...['a', 'b', 'c', 'd'].map((subject) => ({ text: mail(subject), flags: ['\\Seen'] })));
    const { ledger } = await move.copy();
    await servers.destination.doveadm(['mailbox', 'create', '-u', move.user, 'Kept']);
    await servers.destination.doveadm(['move', '-u', move.user, 'Kept', 'mailbox', 'INBOX', 'uid', '1']);
    await servers.destination.doveadm(['expunge', '-u', move.user, 'mailbox', 'INBOX', 'uid', '2']);
    await servers.destination.doveadm([
      'flags',
      'add',
      '-u',
      move.user,
      '\\Flagged Mine',
      'mailbox',
      'INBOX',
      'uid',
      '3',
    ]);
    await servers.source.doveadm([
      'flags',
      'add',
      '-u',
      move.user,
      '\\Answered Theirs',
      'mailbox',
      'INBOX',
      'uid',
      '1:4',
    ]);
    await servers.source.doveadm(['flags', 'remove', '-u', move.user, '\\Seen', 'mailbox', 'INBOX', 'uid', '1:4']);
    const second = await move.copy({ ledger });
    expect(second.counts).toMatchObject({ copied: 0, flagsChanged: 2 });
    const there = inbox(await readMailbox(move.destination));
    expect(there.map(({ uid, flags }) => [uid, flags])).toEqual([
      [3, ['Mine', 'Theirs', '\\Answered', '\\Flagged']],
      [4, ['Theirs', '\\Answered']],
    ]);
    expect(await move.verify(second.ledger)).toMatchObject({ identical: 2, missing: 0, movedByUser: 2 });
  });

  it('copies everything once when attempts die before and after every APPEND, or the server hangs up', async () => {
    const texts = ['a', 'twin', 'twin', 'd', 'e', 'f'].map((subject) => ({
      text: mail(subject),
      flags: ['\\Seen', 'Kept'],
    }));
    for (let at = 0; at < texts.length; at++) {
      for (const when of ['before', 'after', 'kicked'] as const) {
        const move = Move.begin();
        await move.seed('source', ...texts);
        const beats: CopyHeartbeat[] = [];
        let appends = 0;
        const onAppend: OnAppend = async (append) => {
          const isIt = appends++ === at;
          if (isIt && when === 'kicked') await servers.destination.kick(move.user);
          if (isIt && when === 'before') throw new Error('the worker died');
          const appended = await append();
          if (isIt && when === 'after') throw new Error('the worker died');
          return appended;
        };
        const first = await move.copy({}, { onAppend, beats }).catch(() => undefined);
        const known = first?.ledger ?? undefined;
        const previousGrowth = first === undefined ? beats.at(-1)?.growth : undefined;
        const task = { ...(known && { ledger: known }), ...(previousGrowth && { previousGrowth }) };
        const { outcome, aside } = await move.copy(task);
        expect({ outcome, aside }).toEqual({ outcome: { kind: 'complete' }, aside: [] });
        expect(await move.compare()).toMatchObject({ messages: 6, identical: 6, missing: [], doubled: [], extra: [] });
      }
    }
  });

  it('ends with a full mailbox as an outcome, and goes on when there is room', async () => {
    const move = Move.begin();
    await servers.destination.addUser({ name: move.user, password: PASSWORD, quotaBytes: 20_000 });
    await move.seed(
      'source',
      ...['a', 'b', 'c', 'd'].map((subject) => ({ text: mail(subject, { text: 'x'.repeat(8_000) }) })),
    );
    const { outcome, ledger, aside } = await move.copy();
    expect(outcome).toMatchObject({ kind: 'refused', side: 'destination', problem: { code: 'destination.quota' } });
    expect(aside).toEqual([]);
    await servers.destination.addUser({ name: move.user, password: PASSWORD, quotaBytes: 200_000 });
    const second = await move.copy({ ledger });
    expect(second).toMatchObject({ outcome: { kind: 'complete' }, aside: [] });
    expect(await move.compare()).toMatchObject({ identical: 4, missing: [], doubled: [] });
  });
});
