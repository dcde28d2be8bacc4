import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../../imap/open.ts';
import type { ImapSession } from '../../imap/types.ts';
import { dovecotAvailable, startDovecot, type Dovecot } from '../support/dovecot.ts';
import { readMailbox, seedMailbox, type ImapAccess } from '../support/imap-client.ts';
import { MailboxPasses } from '../support/mailbox-passes.ts';
import { mail } from '../support/memory-server.ts';

const dovecot = dovecotAvailable();
const missing = dovecot.available ? '' : ` (not run: ${dovecot.reason}; ${dovecot.command})`;
const cannotRun = !dovecot.available && process.env['CI'] === undefined;

const PASSWORD = 'secret';
const USERS = Array.from({ length: 12 }, (_, at) => ({ name: `mover${at}@example.org`, password: PASSWORD }));
const DATE = '17-Jul-1996 02:44:25 -0700';

let servers: { readonly source: Dovecot; readonly moving: Dovecot; readonly still: Dovecot };
let begun = 0;

interface World {
  /** Called for what the destination is asked; may throw. */
  readonly onMove?: (move: () => ReturnType<ImapSession['move']>) => ReturnType<ImapSession['move']>;
}

/** A user on both servers, and passes from one to the other. */
class Road {
  readonly user: string;
  readonly to: Dovecot;
  readonly passes: MailboxPasses<ImapSession, World>;

  constructor(user: string, to: Dovecot) {
    this.user = user;
    this.to = to;
    this.passes = new MailboxPasses<ImapSession, World>(
      async (world) => ({
        source: await this.#open(servers.source),
        destination: withMove(await this.#open(to), world?.onMove),
      }),
      Date.now,
    );
  }

  static begin(to: Dovecot = servers.moving): Road {
    const user = USERS[begun];
    if (user === undefined) throw new Error('there are not enough users');
    begun += 1;
    return new Road(user.name, to);
  }

  /** The source as users leave it: two folders, and what each holds by subject. */
  async seed(folders: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await seedMailbox(this.access(servers.source), {
      folders: Object.entries(folders).map(([path, subjects]) => ({
        path,
        messages: subjects.map((subject) => ({ raw: Buffer.from(mail(subject)), date: DATE, flags: [] })),
      })),
    });
  }

  source(...args: readonly string[]): Promise<string> {
    const [command = '', ...rest] = args;
    return servers.source.doveadm([...command.split(' '), '-u', this.user, ...rest]);
  }

  destination(...args: readonly string[]): Promise<string> {
    const [command = '', ...rest] = args;
    return this.to.doveadm([...command.split(' '), '-u', this.user, ...rest]);
  }

  /** Subjects by folder; folders without messages are left out. */
  async there(): Promise<Readonly<Record<string, readonly string[]>>> {
    const told = await this.to.doveadm(['-f', 'tab', 'fetch', '-u', this.user, 'mailbox hdr.subject', 'all']);
    const held = new Map<string, string[]>();
    for (const line of told.trim().split('\n').slice(1)) {
      const [folder = '', subject = ''] = line.split('\t');
      held.set(folder, [...(held.get(folder) ?? []), subject].toSorted());
    }
    return Object.fromEntries(held);
  }

  async flags(folder: string): Promise<readonly (readonly string[])[]> {
    const { folders } = await readMailbox(this.access(this.to));
    return folders.find(({ path }) => path === folder)?.messages.map(({ flags }) => flags) ?? [];
  }

  access({ port }: Dovecot): ImapAccess {
    return { host: '127.0.0.1', port, user: this.user, password: PASSWORD };
  }

  #open(server: Dovecot): Promise<ImapSession> {
    return openSession({
      address: { host: '127.0.0.1', port: server.port, tls: 'none' },
      login: { kind: 'password', user: this.user, secret: () => PASSWORD },
      side: server === servers.source ? 'source' : 'destination',
      commandTimeout: 10_000,
      signal: new AbortController().signal,
    });
  }
}

function withMove(session: ImapSession, around: World['onMove']): ImapSession {
  if (around === undefined) return session;
  return new Proxy(session, {
    get(target, key) {
      if (key === 'move') return (...args: Parameters<ImapSession['move']>) => around(() => target.move(...args));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe.skipIf(cannotRun)(`what is moved on the source, between Dovecots${missing}`, () => {
  beforeAll(async () => {
    const [source, moving, still] = await Promise.all([
      startDovecot({ users: USERS, format: 'mdbox' }),
      startDovecot({ users: USERS, format: 'maildir' }),
      startDovecot({ users: USERS, format: 'maildir', withoutCapabilities: ['MOVE'] }),
    ]);
    servers = { source, moving, still };
  });
  afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

  it('after pre-stage, ends once at the destination, in the new folder', async () => {
    const road = Road.begin();
    await road.seed({ INBOX: ['one', 'two', 'twin', 'twin'], Work: ['three'] });
    await road.passes.pass();
    await road.source('move', 'Work', 'mailbox', 'INBOX', 'uid', '2:3');
    await road.source('flags add', '\\Flagged', 'mailbox', 'Work', 'subject', 'two');
    await road.passes.pass();
    expect(road.passes.counts).toMatchObject({ copied: 0, adopted: 0, moved: 2, flagsChanged: 1, goneFromSource: 0 });
    expect(await road.there()).toEqual({ INBOX: ['one', 'twin'], Work: ['three', 'twin', 'two'] });
    expect(await road.flags('Work')).toContainEqual(['\\Flagged']);
    await road.passes.pass();
    expect(road.passes.counts).toMatchObject({ copied: 0, adopted: 0, moved: 0, flagsChanged: 0 });
  });

  it('with a whole folder that was renamed', async () => {
    const road = Road.begin();
    await road.seed({ INBOX: ['one'], Work: ['a', 'b', 'b', 'c'] });
    await road.passes.pass();
    await road.source('mailbox rename', 'Work', 'Done');
    await road.source('expunge', 'mailbox', 'Done', 'subject', 'c');
    await road.passes.pass();
    expect(road.passes.counts).toMatchObject({ copied: 0, adopted: 0, moved: 3 });
    expect(await road.there()).toEqual({ INBOX: ['one'], Done: ['a', 'b', 'b'], Work: ['c'] });
  });

  it('is left where its user moved it at the destination first', async () => {
    const road = Road.begin();
    await road.seed({ INBOX: ['one', 'two'], Work: ['three'] });
    await road.passes.pass();
    await road.destination('mailbox create', 'Mine');
    await road.destination('move', 'Mine', 'mailbox', 'INBOX', 'uid', '2');
    await road.source('move', 'Work', 'mailbox', 'INBOX', 'uid', '2');
    await road.passes.pass();
    expect(road.passes.counts).toMatchObject({ copied: 0, adopted: 0, moved: 0 });
    expect(await road.there()).toEqual({ INBOX: ['one'], Work: ['three'], Mine: ['two'] });
  });

  it('stays in its old folder where the destination has no MOVE, and is reported', async () => {
    const road = Road.begin(servers.still);
    await road.seed({ INBOX: ['one', 'two'], Work: ['three'] });
    await road.passes.pass();
    await road.source('move', 'Work', 'mailbox', 'INBOX', 'uid', '2');
    await road.passes.pass();
    expect(road.passes.counts).toMatchObject({ copied: 0, adopted: 0, moved: 0 });
    expect(road.passes.notes).toEqual({ 'destination.move-unsupported': 1 });
    expect(await road.there()).toEqual({ INBOX: ['one', 'two'], Work: ['three'] });
  });

  it('is moved once when the worker dies before and after MOVE, or the server hangs up', async () => {
    for (const when of ['before', 'after', 'kicked'] as const) {
      const road = Road.begin();
      await road.seed({ INBOX: ['one', 'twin', 'twin', 'four'], Work: ['three'] });
      await road.passes.pass();
      await road.source('move', 'Work', 'mailbox', 'INBOX', 'uid', '2:4');
      await road.passes.survey();
      const attempt = await road.passes.pair({
        onMove: async (move) => {
          if (when === 'before') throw new Error('the worker died');
          if (when === 'kicked') await servers.moving.kick(road.user);
          const moved = await move();
          if (when === 'after') throw new Error('the worker died');
          return moved;
        },
      });
      if (attempt?.result !== undefined) road.passes.take(attempt.result);
      else road.passes.growth = attempt?.beats.at(-1)?.growth;
      await road.passes.pass();
      expect(road.passes.counts).toMatchObject({ copied: 0, adopted: 0 });
      expect(await road.there()).toEqual({ INBOX: ['one'], Work: ['four', 'three', 'twin', 'twin'] });
    }
  });

  it('and flags by mod-sequences equal those of a comparison', async () => {
    const subjects = Array.from({ length: 30 }, (_, at) => `message ${at}`);
    const road = Road.begin();
    await road.seed({ INBOX: subjects });
    await road.passes.pass();
    for (const [uids, change, flags] of [
      ['1:10', 'add', '\\Seen'],
      ['5', 'remove', '\\Seen'],
      ['7:8', 'add', '\\Answered $Forwarded'],
      ['20:30', 'replace', '\\Flagged'],
    ] as const) {
      await road.source(`flags ${change}`, flags, 'mailbox', 'INBOX', 'uid', uids);
      // A delta compares only where the source keeps mod-sequences.
      await road.passes.pass({}, { kind: 'delta' });
      expect(road.passes.counts.flagsChanged).toBeGreaterThan(0);
    }
    const { folders } = await readMailbox(road.access(servers.source));
    const here = folders.find(({ path }) => path === 'INBOX')?.messages.map(({ flags }) => flags);
    expect(await road.flags('INBOX')).toEqual(here);
    await road.passes.pass({}, { kind: 'delta' });
    expect(road.passes.counts.flagsChanged).toBe(0);
  });
});
