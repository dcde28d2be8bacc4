import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyFolder } from '../../copy/copy-folder.ts';
import type { CopyTask } from '../../copy/types.ts';
import { isStream } from '../../imap/body.ts';
import { parseDateTime } from '../../imap/grammar.ts';
import { openSession } from '../../imap/open.ts';
import { isImapRefusal } from '../../imap/refusal.ts';
import type { ImapSession } from '../../imap/types.ts';
import type { CopyFolderResult, CopyHeartbeat } from '../../model/activities.ts';
import type { TlsMode } from '../../model/project.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { dovecotAvailable, startDovecot, type Dovecot } from '../support/dovecot.ts';
import { seedMailbox, type SeedMessage } from '../support/imap-seed.ts';
import { mail } from '../support/memory-server.ts';
import { startOctetProxy, type OctetProxy } from '../support/octet-proxy.ts';
import { until } from '../support/until.ts';

const dovecot = dovecotAvailable();
const missing = dovecot.available ? '' : ` (not run: ${dovecot.reason}; ${dovecot.command})`;
const cannotRun = !dovecot.available && process.env['CI'] === undefined;

const certificate = selfSignedCertificate(['localhost', '127.0.0.1']);
const USERS = Array.from({ length: 120 }, (_, index) => ({ name: `user${index}`, password: 'pw' }));
const AT = '17-Jul-2020 02:44:25 +0000';
/** Read as commands, these would empty the mailbox. */
const COMMANDS = [
  'x1 SELECT INBOX',
  'x2 STORE 1:* +FLAGS.SILENT (\\Deleted)',
  'x3 EXPUNGE',
  'x4 DELETE Precious',
  'x5 LOGOUT',
].join('\r\n');
const FLAGS = [[], ['\\Seen'], ['\\Seen', '\\Answered'], ['$Forwarded'], []];

function message(number: number, change: Partial<SeedMessage> = {}): SeedMessage {
  const text = `${COMMANDS}\r\n${'text of the message\r\n'.repeat(number * 20)}`;
  return { raw: Buffer.from(mail(`number ${number}.`, { text })), date: AT, flags: FLAGS[number % 5] ?? [], ...change };
}

const LIMITS = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 64 * 1024,
};

async function contents(session: ImapSession, folder: string): Promise<readonly string[]> {
  await session.examine(folder);
  const found: string[] = [];
  for await (const { flags, internalDate, body = [] } of session.fetchMessages([
    ...(await session.search({ kind: 'all' })),
  ])) {
    if (isStream(body)) throw new Error('a small message came as a stream');
    found.push(JSON.stringify([Buffer.concat(body).toString('latin1'), flags, parseDateTime(internalDate)?.instant]));
  }
  return found.toSorted();
}

function enter(port: number, user: string, tls: TlsMode = 'none'): Promise<ImapSession> {
  return openSession({
    address: { host: '127.0.0.1', port, tls, caPem: certificate.certPem },
    login: { kind: 'password', user, secret: () => 'pw' },
    side: 'destination',
    commandTimeout: 10_000,
    signal: new AbortController().signal,
  });
}

const SEEN = { flags: ['\\Seen'], internalDate: AT };

const keyword = (length: number): string => `$${'x'.repeat(length - 1)}`;

describe.skipIf(cannotRun)(`the lane to Dovecot${missing}`, () => {
  let source: Dovecot;
  beforeAll(async () => {
    source = await startDovecot({ users: USERS.slice(0, 3), format: 'mdbox' });
    const plain = Array.from({ length: 40 }, (_, index) => message(index + 1));
    await seed('user0', plain);
  });
  afterAll(() => source.stop());

  function seed(user: string, messages: readonly SeedMessage[]): Promise<number> {
    const access = { host: source.host, port: source.port, user, password: 'pw' };
    return seedMailbox(access, { folders: [{ path: 'Mail', messages }] });
  }

  describe.each([
    ['with MULTIAPPEND and LITERAL+', [], []],
    ['with LITERAL+ alone', ['MULTIAPPEND'], []],
    ['with MULTIAPPEND and LITERAL-', ['LITERAL+'], ['LITERAL-']],
    ['with LITERAL- alone', ['MULTIAPPEND', 'LITERAL+'], ['LITERAL-']],
    ['with neither', ['MULTIAPPEND', 'LITERAL+'], []],
  ])('%s', (_, withoutCapabilities, moreCapabilities) => {
    let server: Dovecot;
    let proxy: OctetProxy;
    let users = 0;
    beforeAll(async () => {
      const capabilities = { withoutCapabilities, moreCapabilities };
      const known = [...USERS, { name: 'full', password: 'pw', quotaBytes: 4_000 }];
      server = await startDovecot({ users: known, format: 'mdbox', ...capabilities, tls: certificate });
      proxy = await startOctetProxy(server.port);
    });
    afterAll(async () => {
      await proxy.close();
      await server.stop();
    });

    async function connectionsOf(user: string): Promise<number> {
      const table = await server.doveadm(['-f', 'tab', 'who', '-1']);
      return table.split('\n').filter((line) => line.startsWith(`${user}\t`)).length;
    }

    /** Copies until it is complete, with new connections whenever one is lost. */
    async function copyAll(
      user: string,
      from: string,
      open: (user: string) => Promise<ImapSession> = (name) => enter(proxy.port, name),
    ): Promise<CopyFolderResult> {
      let known: Partial<CopyTask> = {};
      const others = await connectionsOf(user);
      let opened = false;
      for (let attempts = 0; attempts < 10; attempts++) {
        let sessions: ImapSession[] = [];
        const both = async (): Promise<{ source: ImapSession; destination: ImapSession }> => {
          for (const session of sessions) session.destroy(new Error('replaced'));
          // A server stores what has reached it, also over a connection that was cut, before it lets go of it.
          if (opened) {
            await until(
              () => connectionsOf(user),
              (connections) => connections === others,
            );
          }
          opened = true;
          const opening = [enter(source.port, from), open(user)] as const;
          // Where one is refused the other is ended as well.
          const settled = await Promise.allSettled(opening);
          sessions = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
          const [a, b] = await Promise.all(opening);
          return { source: a, destination: b };
        };
        let carried: (() => CopyHeartbeat) | undefined;
        try {
          const result = await copyFolder(
            {
              pass: 'final',
              folder: { source: 'Mail', sourcePath: 'Mail', destination: 'Mail', destinationPath: 'Mail' },
              retryAside: false,
              limits: LIMITS,
              ...known,
            },
            {
              ...(await both()),
              reopen: both,
              lease: {
                check: () => undefined,
                carry: (next) => (carried = next),
                acknowledged: () => Promise.resolve(),
              },
              interrupt: new AbortController().signal,
              now: Date.now,
            },
          );
          if (result.outcome.kind === 'complete') return result;
          known = { ledger: result.ledger };
        } catch (error) {
          if (!isImapRefusal(error)) throw error;
          const growth = carried?.().growth;
          if (growth !== undefined) known = { ...known, previousGrowth: growth };
        } finally {
          for (const session of sessions) session.destroy(new Error('over'));
        }
      }
      throw new Error('ten attempts did not complete the copy');
    }

    async function expectEqual(user: string, from: string): Promise<void> {
      const [here, there] = [await enter(source.port, from), await enter(server.port, user)];
      expect(await contents(there, 'Mail')).toEqual(await contents(here, 'Mail'));
      await Promise.all([here.logout(), there.logout()]);
    }

    const nextUser = (): string => `user${(users += 1)}`;

    it.each([
      ['to-server', 400, 420_000],
      ['from-server', 600, 4_000],
    ] as const)('copies exactly once wherever the connection is cut, %s', async (direction, first, last) => {
      for (let after = first; after < last; after += Math.ceil((last - first) / 12)) {
        const user = nextUser();
        proxy.cutNext({ direction, after });
        await copyAll(user, 'user0');
        await expectEqual(user, 'user0');
      }
    });

    it('copies over TLS', async () => {
      const user = nextUser();
      await copyAll(user, 'user0', (name) => enter(server.tlsPort, name, 'implicit'));
      await expectEqual(user, 'user0');
    });

    it('never has a body read as commands, whatever flags and dates it comes with', async () => {
      const user = nextUser();
      const setUp = await enter(server.port, user);
      await setUp.create('Precious');
      const precious = { flags: [], internalDate: AT, body: [Buffer.from('a: b\r\n\r\n')], bytes: 8 };
      await setUp.append('INBOX', [precious], () => undefined);
      const odd: readonly Partial<SeedMessage>[] = [
        { flags: [keyword(50)] },
        { flags: ['\\Seen', 'a/b', '$c.d:e'] },
        { date: '01-Jan-1900 00:00:00 +0000' },
        { date: '01-Jan-2038 00:00:00 +1400' },
        { date: '31-Dec-1979 23:59:59 +0000' },
        { date: '17-Jul-2020 02:44:25 -1200' },
        { date: '17-Jul-2020 02:44:25 +0545' },
      ];
      await seed('user1', [...odd.map((change, index) => message(index + 50, change)), message(60)]).catch(() => 0);
      await copyAll(user, 'user1');
      expect(await contents(setUp, 'INBOX')).toHaveLength(1);
      expect((await setUp.list()).map(({ name }) => name)).toContain('Precious');
      await setUp.logout();
    });

    /** An INBOX with one message, a folder `Precious`, and a session to which the flags `\Seen` are proven for `Mail`. */
    async function prepared(user: string): Promise<{ readonly setUp: ImapSession; readonly session: ImapSession }> {
      const setUp = await enter(server.port, user);
      for (const folder of ['Precious', 'Mail']) await setUp.create(folder);
      const precious = { flags: [], internalDate: AT, body: [Buffer.from('a: b\r\n\r\n')], bytes: 8 };
      await setUp.append('INBOX', [precious], () => undefined);
      const session = await enter(server.port, user);
      await session.select('INBOX');
      const body = Buffer.from('a: first\r\n\r\n');
      await session.append('Mail', [{ ...SEEN, body: [body], bytes: body.length }], () => undefined);
      return { setUp, session };
    }

    it.each([
      ['a folder that was deleted meanwhile', 'gone', 'TRYCREATE'],
      ['messages beyond the quota', 'full', 'OVERQUOTA'],
    ] as const)('a server that refuses %s does not read bodies as commands', async (__, what, code) => {
      const user = what === 'full' ? 'full' : nextUser();
      const { setUp, session } = await prepared(user);
      if (what === 'gone') await server.doveadm(['mailbox', 'delete', '-u', user, 'Mail']);
      const body = Buffer.concat([message(1).raw, Buffer.alloc(3_000, `${COMMANDS}\r\n`)]);
      const appends = Array.from({ length: 4 }, () =>
        session.append('Mail', [{ ...SEEN, body: [body], bytes: body.length }], () => undefined).catch(String),
      );
      const answers = await Promise.all(appends);
      expect(answers.at(-1)).toContain(code);
      session.destroy(new Error('over'));
      const kept = await contents(setUp, 'INBOX');
      expect(kept).toHaveLength(1);
      expect(kept[0]).toContain('a: b');
      expect(kept[0]).not.toContain('Deleted');
      expect((await setUp.list()).map(({ name }) => name)).toContain('Precious');
      await setUp.logout();
    });

    it('a server that dislikes what it is sent does not read a body as commands', async () => {
      const user = nextUser();
      const setUp = await enter(server.port, user);
      await setUp.create('Precious');
      const precious = { flags: [], internalDate: AT, body: [Buffer.from('a: b\r\n\r\n')], bytes: 8 };
      await setUp.append('INBOX', [precious], () => undefined);
      const body = message(1).raw;
      const odd = [
        { flags: [`$${'x'.repeat(250)}`], internalDate: AT },
        { flags: ['\\Seen'], internalDate: '01-Jan-0001 00:00:00 +0000' },
        { flags: ['\\Seen'], internalDate: '31-Dec-9999 23:59:59 -2359' },
        { flags: ['\\Seen'], internalDate: '31-Dec-1979 23:59:59 +0000' },
        { flags: ['\\Seen'], internalDate: '17-Jul-2020 02:44:25 -1200' },
        { flags: ['\\Seen'], internalDate: '17-Jul-2020 02:44:25 +0545' },
        { flags: ['\\Seen', ...Array.from({ length: 90 }, (__, index) => `Keyword${index}`)], internalDate: AT },
      ];
      for (const each of odd) {
        for (const folder of ['INBOX', 'No such folder', 'a//b', '']) {
          const session = await enter(server.port, user);
          const seen = { flags: ['\\Seen'], internalDate: AT, body: [body], bytes: body.length };
          await session.append('INBOX', [seen], () => undefined);
          await session
            .append(folder, [{ ...each, body: [body], bytes: body.length }], () => undefined)
            .catch(() => []);
          session.destroy(new Error('over'));
        }
      }
      const all = await contents(setUp, 'INBOX');
      expect(all.filter((content) => content.includes('a: b'))).toHaveLength(1);
      expect(all.length).toBeGreaterThanOrEqual(17);
      expect(all.filter((content) => content.includes('\\\\Deleted"]'))).toEqual([]);
      expect((await setUp.list()).map(({ name }) => name)).toContain('Precious');
      await setUp.logout();
    });
  });
});
