import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../../imap/open.ts';
import { isImapRefusal } from '../../imap/refusal.ts';
import type { ImapRefusal, ImapSession, Login } from '../../imap/types.ts';
import type { TlsMode } from '../../model/project.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { dovecotAvailable, startDovecot } from '../support/dovecot.ts';
import type { Dovecot, DovecotOptions } from '../support/dovecot.ts';
import { itSpeaksWith } from '../support/session-journey.ts';
import { until } from '../support/until.ts';

const dovecot = dovecotAvailable();
const missing = dovecot.available ? '' : ` (not run: ${dovecot.reason}; ${dovecot.command})`;
const cannotRun = !dovecot.available && process.env['CI'] === undefined;

const PASSWORD = 'a "word" \\ é';
const ANNA: Login = { kind: 'password', user: 'anna@example.org', secret: () => PASSWORD };
const ACTING: Login = { kind: 'acting', user: 'master', actsFor: 'anna@example.org', secret: () => 'master secret' };
const certificate = selfSignedCertificate(['localhost', '127.0.0.1']);

const OPTIONS = {
  users: [{ name: 'anna@example.org', password: PASSWORD }],
  masterUsers: [{ name: 'master', password: 'master secret' }],
  tls: certificate,
} satisfies Partial<DovecotOptions>;

function enter(server: Dovecot, login: Login, tls: TlsMode = 'none'): Promise<ImapSession> {
  const port = tls === 'implicit' ? server.tlsPort : server.port;
  return openSession({
    address: { host: server.host, port, tls, caPem: certificate.certPem },
    login,
    side: 'destination',
    commandTimeout: 10_000,
    signal: new AbortController().signal,
  });
}

/** What a server counts connections by is told of each a moment after its client is. */
async function untilCounted(server: Dovecot, connections: number): Promise<void> {
  await until(
    () => server.doveadm(['-f', 'tab', 'who', '-1']),
    (table) => table.split('\n').filter((line) => line.startsWith('anna@')).length === connections,
  );
}

async function refusalOf(promise: Promise<unknown>): Promise<ImapRefusal> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isImapRefusal(error)) throw new Error(`not refused, but: ${String(error)}`, { cause: error });
  return error;
}

describe.skipIf(cannotRun)(`a session with Dovecot${missing}`, () => {
  describe.each<readonly [string, Pick<DovecotOptions, 'format' | 'prefix' | 'delimiter'>, string]>([
    ['on mdbox', { format: 'mdbox' }, ''],
    ['on Maildir under INBOX.', { format: 'maildir', prefix: 'INBOX.', delimiter: '.' }, 'INBOX.'],
  ])('%s', (_, layout, base) => {
    let server: Dovecot;
    beforeAll(async () => {
      server = await startDovecot({ ...OPTIONS, ...layout });
    });
    afterAll(() => server.stop());

    itSpeaksWith(() => enter(server, ANNA), base);

    it('tells its prefix and delimiter', async () => {
      const session = await enter(server, ANNA);
      expect([session.prefix, session.delimiter]).toEqual([base, layout.delimiter ?? '/']);
      await session.logout();
    });

    it('knows the roles of folders', async () => {
      const session = await enter(server, ANNA);
      await session.create(`${base}Sent`);
      const roles = (await session.list()).flatMap(({ name, role }) => (role === undefined ? [] : [[name, role]]));
      expect(roles).toEqual(
        expect.arrayContaining([
          ['INBOX', 'inbox'],
          [`${base}Sent`, 'sent'],
        ]),
      );
      await session.logout();
    });
  });

  describe('logging in', () => {
    let server: Dovecot;
    beforeAll(async () => {
      server = await startDovecot({ ...OPTIONS, format: 'sdbox', maxUserConnections: 3 });
    });
    afterAll(() => server.stop());

    it.each(['starttls', 'implicit'] as const)('works with TLS (%s) and a CA of our own', async (tls) => {
      const session = await enter(server, ANNA, tls);
      expect(await session.status('INBOX')).toMatchObject({ messages: 0 });
      await session.logout();
    });

    it('opens the mailbox of the user that a master user acts for', async () => {
      const own = await enter(server, ANNA, 'implicit');
      const body = Buffer.from('Subject: hers\r\n\r\n');
      const hers = { flags: [], internalDate: '01-Jan-2020 00:00:00 +0000', body: [body], bytes: body.length };
      await own.append('INBOX', [hers], () => undefined);
      await own.logout();
      const acting = await enter(server, ACTING, 'implicit');
      expect(await acting.status('INBOX')).toMatchObject({ messages: 1 });
      await acting.logout();
    });

    it.each<readonly [string, Login, TlsMode, string]>([
      ['a wrong password', { ...ANNA, secret: () => 'wrong' }, 'implicit', 'access.password'],
      ['a master user’s wrong password', { ...ACTING, secret: () => 'wrong' }, 'implicit', 'access.password'],
      ['a user nobody can act for', { ...ACTING, actsFor: 'nobody@example.org' }, 'implicit', 'access.administrator'],
      ['a token', { kind: 'xoauth2', user: 'anna@example.org', secret: () => 'token' }, 'implicit', 'access.method'],
    ])('is refused with %s', async (_, login, tls, code) => {
      const refusal = await refusalOf(enter(server, login, tls));
      expect(refusal.problem.code).toBe(code);
      expect(refusal.message).not.toContain(login.secret());
    });

    it('is refused for a while when there are too many connections', async () => {
      await untilCounted(server, 0);
      const sessions = await Promise.all([1, 2, 3].map(() => enter(server, ANNA, 'implicit')));
      await untilCounted(server, 3);
      expect((await refusalOf(enter(server, ANNA, 'implicit'))).problem.code).toBe('server.too-many-connections');
      await Promise.all(sessions.map((session) => session.logout()));
      await untilCounted(server, 0);
    });

    it('is over when the server is told to close the connection', async () => {
      const session = await enter(server, ANNA, 'starttls');
      await server.kick('anna@example.org');
      expect((await refusalOf(session.noop().then(() => session.noop()))).problem.code).toBe('server.connection-lost');
      expect(session.usable).toBe(false);
    });
  });

  it('is told that a mailbox is full, and goes on', async () => {
    const server = await startDovecot({ ...OPTIONS, format: 'mdbox', quotaBytes: 20_000 });
    try {
      const session = await enter(server, ANNA);
      const body = Buffer.alloc(30_000, 'x\r\n');
      const large = { flags: [], internalDate: '01-Jan-2020 00:00:00 +0000', body: [body], bytes: body.length };
      const refusal = await refusalOf(session.append('INBOX', [large], () => undefined));
      expect(refusal).toMatchObject({
        responseCode: 'OVERQUOTA',
        stored: 'refused',
        problem: { code: 'destination.quota' },
      });
      await session.noop();
      await session.logout();
    } finally {
      await server.stop();
    }
  });
});
