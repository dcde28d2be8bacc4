import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../imap/open.ts';
import type { ImapSession, Login, SessionOptions } from '../../../imap/types.ts';
import type { ServerAddress } from '../../../model/project.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import type { CertificateWithKey } from '../../support/certificate.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import type { ScriptedServer, Step } from '../../support/scripted-server.ts';
import { startSandbox } from '../../../sandbox/server.ts';
import type { Sandbox, SandboxOptions } from '../../../sandbox/server.ts';
import { refusalOf } from './harness.ts';

const SECRET = 'canary-1f9c';
const PASSWORD: Login = { kind: 'password', user: 'alice', secret: () => SECRET };
const ACTING: Login = { kind: 'acting', user: 'boss', actsFor: 'alice', secret: () => SECRET };
const TOKEN: Login = { kind: 'xoauth2', user: 'alice', secret: () => SECRET };

interface Where {
  readonly port: number;
  readonly login?: Login;
  readonly address?: Partial<ServerAddress>;
  readonly commandTimeout?: number;
  readonly signal?: AbortSignal;
}

function options({ port, login = PASSWORD, address = {}, commandTimeout = 2_000, signal }: Where): SessionOptions {
  return {
    address: { host: '127.0.0.1', port, tls: 'none', ...address },
    login,
    commandTimeout,
    signal: signal ?? new AbortController().signal,
  };
}

async function open(where: Where): Promise<ImapSession> {
  const session = await openSession(options(where));
  onTestFinished(() => session.destroy(new Error('the test has ended')));
  return session;
}

async function script(...steps: readonly Step[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(steps);
  onTestFinished(() => server.close());
  return server;
}

const greet = (capabilities: string): Step => ({ send: `* OK [CAPABILITY IMAP4rev1 ${capabilities}] ready\r\n` });
const WELCOME: readonly Step[] = [
  { expect: 'CAPABILITY' },
  { send: '* CAPABILITY IMAP4rev1 NAMESPACE uidplus\r\n$tag OK\r\n' },
  { expect: 'NAMESPACE' },
  { send: '* NAMESPACE (("INBOX." ".")) (("user." ".")) NIL\r\n$tag OK\r\n' },
];
const plain = (...parts: readonly string[]): string => Buffer.from(parts.join('\0')).toString('base64');

describe('logging in', () => {
  it('with AUTH=PLAIN learns what the server can do', async () => {
    const server = await script(
      greet('AUTH=PLAIN NAMESPACE'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '+ \r\n' },
      { expect: new RegExp(`^${plain('', 'alice', SECRET)}$`) },
      { send: '1 OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n' },
      ...WELCOME,
    );
    const session = await open({ port: server.port });
    expect([...session.capabilities]).toEqual(['IMAP4REV1', 'NAMESPACE', 'UIDPLUS']);
    expect([session.prefix, session.delimiter, session.usable]).toEqual(['INBOX.', '.', true]);
  });

  it('asks for no UTF-8, and understands names in it all the same', async () => {
    const server = await script(
      greet('AUTH=PLAIN SASL-IR ENABLE UTF8=ACCEPT'),
      { expect: /^1 AUTHENTICATE/ },
      { send: '* ENABLED UTF8=ACCEPT\r\n$tag OK [CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT] in\r\n' },
      { expect: 'CAPABILITY' },
      { send: '* ENABLED UTF8=ACCEPT\r\n* CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT\r\n$tag OK\r\n' },
      { expect: 'LIST "" ""' },
      { send: '* LIST (\\Noselect) "/" ""\r\n$tag OK\r\n' },
      { expect: 'LIST "" "*"' },
      { send: '* LIST () "/" "Gr\xc3\xbcn/\xe2\x98\xba"\r\n$tag OK\r\n' },
      { expect: 'EXAMINE {9}' },
      { send: '+ \r\n' },
      { expect: /^Gr\xc3\xbcn\/\xe2\x98\xba$/ },
      { send: '* 0 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 1]\r\nF4 OK\r\n' },
    );
    const session = await open({ port: server.port });
    const [folder] = await session.list();
    expect(folder?.path).toEqual(['Grün', '☺']);
    expect((await session.examine(folder?.name ?? '')).uidValidity).toBe(7);
    expect(server.received()).not.toContain('ENABLE');
  });

  it('survives a server whose NAMESPACE is NIL', async () => {
    const server = await script(
      greet('AUTH=PLAIN NAMESPACE'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '+ \r\n' },
      { expect: /./ },
      { send: '1 OK [CAPABILITY IMAP4rev1 NAMESPACE ENABLE] in\r\n' },
      { expect: 'CAPABILITY' },
      { send: '* CAPABILITY IMAP4rev1 NAMESPACE ENABLE\r\n$tag OK\r\n' },
      { expect: 'NAMESPACE' },
      { send: '* NAMESPACE NIL NIL NIL\r\n$tag OK\r\n' },
      { expect: 'LIST "" ""' },
      { send: '* LIST (\\Noselect) "/" ""\r\n$tag OK\r\n' },
    );
    const session = await open({ port: server.port });
    expect([session.prefix, session.delimiter]).toEqual(['', '/']);
  });

  it.each(['AUTH=LOGIN', 'LOGIN-REFERRALS', 'AUTH=XOAUTH2'])(
    'as an administrator sends nothing to a server that has only %s',
    async (capabilities) => {
      const server = await script(greet(capabilities));
      const refusal = await refusalOf(open({ port: server.port, login: ACTING }));
      expect(refusal.problem.code).toBe('access.method');
      expect(server.received()).toBe('');
    },
  );

  it.each(['DOMAIN/boss/alice', 'DOMAIN\\alice'])('as %s uses AUTH=PLAIN where it is offered', async (user) => {
    const server = await script(
      greet('AUTH=PLAIN LOGINDISABLED'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '+ \r\n' },
      { expect: new RegExp(`^${plain('', user, SECRET).replaceAll('+', '\\+')}$`) },
      { send: '1 NO [AUTHENTICATIONFAILED] no\r\n' },
    );
    expect((await refusalOf(open({ port: server.port, login: { ...PASSWORD, user } }))).problem.code).toBe(
      'access.password',
    );
    await server.played;
  });

  it('with a password needs a server that takes one', async () => {
    const server = await script(greet('LOGINDISABLED AUTH=GSSAPI'));
    const { problem } = await refusalOf(open({ port: server.port }));
    expect(problem.code).toBe('access.method');
    expect(problem.text).toContain('LOGINDISABLED AUTH=GSSAPI');
  });

  it('with a token needs a server that takes one', async () => {
    const server = await script(greet('AUTH=PLAIN'));
    expect((await refusalOf(open({ port: server.port, login: TOKEN }))).problem.code).toBe('access.method');
    expect(server.received()).toBe('');
  });

  it.each([
    { ...PASSWORD, user: 'alice\0boss' },
    { ...PASSWORD, user: '' },
    { ...PASSWORD, secret: () => 'a\r\nb' },
    { ...ACTING, actsFor: 'a\0' },
    { ...TOKEN, user: 'alice\u0001auth=Bearer x' },
  ] satisfies readonly Login[])('sends no control characters (%#)', async (login) => {
    const refusal = await refusalOf(open({ port: 1, login }));
    expect(refusal.problem.code).toBe('access.password');
  });

  it('does not take over a connection that is already somebody’s', async () => {
    const server = await script(
      { send: '* PREAUTH [CAPABILITY IMAP4rev1] hello root\r\n' },
      { expect: 'LIST "" ""' },
      { send: '$tag OK\r\n' },
    );
    expect((await refusalOf(open({ port: server.port }))).problem).toMatchObject({ code: 'access.method' });
  });

  it('never shows the secret, even if the server does', async () => {
    const encoded = plain('', 'alice', SECRET);
    const server = await script(
      greet('AUTH=PLAIN'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '+ \r\n' },
      { expect: /./ },
      { send: `1 NO LOGIN alice ${SECRET} / ${encoded} failed\r\n` },
    );
    const refusal = await refusalOf(open({ port: server.port }));
    expect(refusal.problem.serverText).toBe('NO LOGIN alice *** / *** failed');
    expect(inspect(refusal, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${SECRET}|${encoded}`));
  });
});

describe('a login', () => {
  it('with AUTH=PLAIN takes no round trip for a server that takes the response at once (RFC 4959)', async () => {
    const server = await script(
      greet('AUTH=PLAIN SASL-IR'),
      { expect: `AUTHENTICATE PLAIN ${plain('', 'alice', SECRET)}` },
      { send: '$tag OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n' },
      ...WELCOME,
    );
    await open({ port: server.port });
    await server.played;
  });

  it('for somebody else says so at once as well', async () => {
    const server = await script(
      greet('AUTH=PLAIN SASL-IR'),
      { expect: `AUTHENTICATE PLAIN ${plain('alice', 'boss', SECRET)}` },
      { send: '$tag OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n' },
      ...WELCOME,
    );
    await open({ port: server.port, login: ACTING });
    await server.played;
  });

  it('gives the response once more to a server that asks for it all the same', async () => {
    const server = await script(
      greet('AUTH=PLAIN SASL-IR'),
      { expect: /^1 AUTHENTICATE PLAIN \S+$/ },
      { send: '+ \r\n' },
      { expect: new RegExp(`^${plain('', 'alice', SECRET)}$`) },
      { send: '1 OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n' },
      ...WELCOME,
    );
    await open({ port: server.port });
    await server.played;
  });

  it.each([
    ['NO [UNAVAILABLE] Temporary authentication failure.', PASSWORD, 'access.unavailable'],
    ['NO [AUTHENTICATIONFAILED] Authentication failed.', PASSWORD, 'access.password'],
    ['NO [AUTHORIZATIONFAILED] Authorization failed.', ACTING, 'access.administrator'],
    ['BAD User is authenticated but not connected.', PASSWORD, 'access.refused'],
  ] as const)('at once that is refused with %s is understood', async (answer, login, code) => {
    const server = await script(
      greet('AUTH=PLAIN SASL-IR'),
      { expect: /^1 AUTHENTICATE PLAIN \S+$/ },
      { send: `1 ${answer}\r\n` },
    );
    const refusal = await refusalOf(open({ port: server.port, login }));
    expect(refusal.problem).toMatchObject({ code, serverText: answer });
    expect(inspect(refusal, { depth: 10, showHidden: true })).not.toContain(SECRET);
  });

  it('asks only once what the server can do where that is not told with the OK', async () => {
    const server = await script(
      greet('AUTH=XOAUTH2 SASL-IR NAMESPACE'),
      { expect: /^1 AUTHENTICATE XOAUTH2 \S+$/ },
      { send: '1 OK AUTHENTICATE completed.\r\n' },
      ...WELCOME,
    );
    const session = await open({ port: server.port, login: TOKEN });
    expect([...session.capabilities]).toEqual(['IMAP4REV1', 'NAMESPACE', 'UIDPLUS']);
    expect(server.received().match(/CAPABILITY/g)).toHaveLength(1);
  });
});

const enter = ({ port }: ScriptedServer, side: 'source' | 'destination'): Promise<ImapSession> =>
  openSession({ ...options({ port }), side, folder: 'Sent' });

describe('the folder that is opened first', () => {
  const LOGIN: readonly Step[] = [
    greet('AUTH=PLAIN SASL-IR'),
    { expect: /^1 AUTHENTICATE PLAIN \S+$/ },
    { send: '$tag OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n' },
    { expect: 'CAPABILITY' },
    { expect: 'NAMESPACE' },
  ];
  const ANSWERS: Step = {
    send: '* CAPABILITY IMAP4rev1 NAMESPACE\r\nF1 OK\r\n* NAMESPACE (("" "/")) NIL NIL\r\nF2 OK\r\n',
  };
  const OPEN = '* 2 EXISTS\r\n* OK [UIDVALIDITY 5] valid\r\n* OK [UIDNEXT 3] next\r\n$tag OK done\r\n';

  it.each([
    ['source', 'examine', 'EXAMINE'],
    ['destination', 'select', 'SELECT'],
  ] as const)('on a %s is opened with the first questions', async (side, how, command) => {
    const again: readonly Step[] = [{ expect: `${command} "Sent"` }, { send: OPEN }];
    const server = await script(...LOGIN, { expect: `${command} "Sent"` }, ANSWERS, { send: OPEN }, ...again);
    const session = await enter(server, side);
    onTestFinished(() => session.destroy(new Error('the test has ended')));
    expect(await session[how]('Sent')).toMatchObject({ name: 'Sent', messages: 2, uidNext: 3, uidValidity: 5 });
    expect(await session[how]('Sent')).toMatchObject({ messages: 2 });
    await server.played;
  });

  it('tells why it cannot be opened when it is to be', async () => {
    const refused: Step = { send: '$tag NO [NONEXISTENT] no such folder\r\n' };
    const asked: Step = { expect: 'SELECT "Sent"' };
    const server = await script(...LOGIN, asked, ANSWERS, refused, asked, refused);
    const session = await enter(server, 'destination');
    onTestFinished(() => session.destroy(new Error('the test has ended')));
    expect((await refusalOf(session.select('Sent'))).responseCode).toBe('NONEXISTENT');
    await server.played;
  });

  it('is not taken for another, nor when another was opened since', async () => {
    const server = await script(
      ...LOGIN,
      { expect: 'EXAMINE "Sent"' },
      ANSWERS,
      { send: OPEN },
      { expect: 'EXAMINE "Drafts"' },
      { send: OPEN },
      { expect: 'EXAMINE "Sent"' },
      { send: OPEN },
    );
    const session = await enter(server, 'source');
    onTestFinished(() => session.destroy(new Error('the test has ended')));
    expect((await session.examine('Drafts')).name).toBe('Drafts');
    expect((await session.examine('Sent')).name).toBe('Sent');
    await server.played;
  });
});

describe('a server that refuses the login', () => {
  it.each([
    ['NO [UNAVAILABLE] Temporary authentication failure.', PASSWORD, 'access.unavailable'],
    ['NO [AUTHENTICATIONFAILED] Authentication failed.', PASSWORD, 'access.password'],
    ['NO [AUTHENTICATIONFAILED] Authentication failed.', ACTING, 'access.password'],
    ['NO [AUTHORIZATIONFAILED] Authorization failed.', ACTING, 'access.administrator'],
    ['BAD User is authenticated but not connected.', PASSWORD, 'access.refused'],
    ['NO [ALERT] the moon is full', PASSWORD, 'access.refused'],
  ] as const)('with %s is understood (%#)', async (answer, login, code) => {
    const server = await script(
      greet('AUTH=PLAIN'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '+ \r\n' },
      { expect: /./ },
      { send: `1 ${answer}\r\n` },
    );
    const refusal = await refusalOf(open({ port: server.port, login }));
    expect(refusal.problem.code).toBe(code);
    expect(refusal.problem.serverText).toBe(answer);
    expect(refusal.stored).toBe('refused');
  });

  it('of a token is understood, and names the mailbox', async () => {
    const server = await script(
      greet('AUTH=XOAUTH2 SASL-IR'),
      { expect: /^1 AUTHENTICATE XOAUTH2 / },
      { send: '+ eyJzdGF0dXMiOiI0MDAifQ==\r\n' },
      { expect: /^$/ },
      { send: '1 NO AUTHENTICATE failed.\r\n' },
    );
    const { problem } = await refusalOf(open({ port: server.port, login: TOKEN }));
    expect(problem).toEqual({
      code: 'access.refused',
      text: `127.0.0.1:${server.port} refused the login of alice`,
      serverText: 'NO AUTHENTICATE failed.',
    });
  });

  it('only when the mailbox is first used is understood too', async () => {
    const server = await script(
      greet('AUTH=PLAIN NAMESPACE'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '+ \r\n' },
      { expect: /./ },
      { send: '1 OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n' },
      { expect: 'CAPABILITY' },
      { send: '* CAPABILITY IMAP4rev1 NAMESPACE\r\n$tag OK\r\n' },
      { expect: 'NAMESPACE' },
      { send: '$tag BAD User is authenticated but not connected.\r\n' },
    );
    expect((await refusalOf(open({ port: server.port }))).problem.code).toBe('access.refused');
  });

  it('with a throttle passes on how long to wait', async () => {
    const server = await script(
      greet('AUTH=PLAIN'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '+ \r\n' },
      { expect: /./ },
      { send: '1 NO Request is throttled. Suggested Backoff Time: 60000 milliseconds\r\n' },
    );
    const { problem } = await refusalOf(open({ port: server.port, commandTimeout: 100 }));
    expect(problem).toMatchObject({ code: 'server.throttled', waitMs: 60_000 });
  });
});

const drip = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a server that cannot be talked to', () => {
  it('because nothing listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect((await refusalOf(open({ port }))).problem.code).toBe('server.unreachable');
  });

  it('because its name does not exist', async () => {
    const { problem } = await refusalOf(open({ port: 993, address: { host: 'mail.invalid' } }));
    expect(problem.code).toBe('server.unreachable');
  });

  it.each([
    ['says goodbye at once', [{ send: '* BYE Too many connections\r\n' }], 'server.too-many-connections'],
    ['hangs up at once', [{ end: 'close' }], 'server.unreachable'],
    ['never greets', [], 'server.unreachable'],
    ['falls silent before the login', [{ send: '* OK hello\r\n' }], 'server.unreachable'],
    ['falls silent in the login', [greet('AUTH=PLAIN'), { expect: 'AUTHENTICATE PLAIN' }], 'server.timeout'],
    [
      'hangs up in the login',
      [greet('AUTH=PLAIN'), { expect: 'AUTHENTICATE PLAIN' }, { end: 'reset' }],
      'server.unreachable',
    ],
  ] satisfies readonly (readonly [string, readonly Step[], string])[])('because it %s', async (_, steps, code) => {
    const server = await script(...steps);
    expect((await refusalOf(open({ port: server.port, commandTimeout: 100 }))).problem.code).toBe(code);
  });

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>\r\n'],
    ['one that expects TLS', '\x15\x03\x01\0\x02\x02\x46'],
    ['one that sends mail', '220 mx.example.org ESMTP\r\n'],
    ['one for POP3', '+OK ready\r\n'],
    ['one that compresses', deflateRawSync('* OK ready\r\n').toString('latin1')],
    ['noise', '\xff\xfe\0\r\n\x1b[2J\r\n\n\n'],
  ])('because it is %s', async (_, send) => {
    const server = await script({ send });
    const { problem } = await refusalOf(open({ port: server.port, commandTimeout: 100 }));
    expect(problem).toMatchObject({ code: 'server.unreachable', text: expect.stringContaining('did not greet') });
  });

  it.each<readonly [string, Step]>([
    ['HTTP', { send: 'HTTP/1.1 400 Bad Request\r\n\r\n' }],
    ['a TLS alert', { send: '\x15\x03\x03\0\x02\x02\x28' }],
    ['noise', { send: '\xff\xfe\0\r\n\x1b[2J\r\n' }],
  ])('because it answers the login with %s', async (_, answer) => {
    const server = await script(greet('AUTH=PLAIN SASL-IR'), { expect: /^1 AUTHENTICATE/ }, answer);
    const { problem } = await refusalOf(open({ port: server.port, commandTimeout: 100 }));
    expect(problem).toMatchObject({ code: 'server.timeout', text: expect.stringContaining('during the login') });
  });

  it.each<readonly [string, readonly Step[]]>([
    ['greets with a line without an end', [{ send: 'x'.repeat(100_000) }]],
    ['greets with brackets without an end', [{ send: `* OK [${'['.repeat(100_000)}\r\n` }]],
    [
      'refuses the login with brackets without an end',
      [greet('AUTH=PLAIN SASL-IR'), { expect: /^1 AUTHENTICATE/ }, { send: `1 NO [${'['.repeat(100_000)}\r\n` }],
    ],
    [
      'answers the login with a literal of a gigabyte',
      [greet('AUTH=PLAIN SASL-IR'), { expect: /^1 AUTHENTICATE/ }, { send: '* X {1000000000}\r\n' }],
    ],
  ])('because it %s', async (_, steps) => {
    const server = await script(...steps);
    const { problem } = await refusalOf(open({ port: server.port, commandTimeout: 60_000 }));
    expect(problem).toMatchObject({ code: 'server.protocol', text: expect.stringContaining('does not keep to IMAP') });
  });

  it('because it has more capabilities than there are', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `X-${index}`).join(' ');
    const server = await script(
      greet('AUTH=PLAIN SASL-IR'),
      { expect: /^1 AUTHENTICATE/ },
      { send: '$tag OK [CAPABILITY IMAP4rev1] in\r\n' },
      { expect: 'CAPABILITY' },
      { send: `* CAPABILITY IMAP4rev1 ${many}\r\n$tag OK\r\n` },
    );
    expect((await refusalOf(open({ port: server.port }))).problem.code).toBe('server.protocol');
  });

  it('because it dribbles for ever', async () => {
    const drips = Array.from({ length: 100 }, (): readonly Step[] => [
      { wait: drip },
      { send: '* OK a moment\r\n' },
    ]).flat();
    const server = await script(greet('AUTH=PLAIN'), { expect: 'AUTHENTICATE PLAIN' }, ...drips);
    expect((await refusalOf(open({ port: server.port, commandTimeout: 100 }))).problem.code).toBe('server.timeout');
  });

  it('because STARTTLS is asked for and not offered', async () => {
    const server = await script(greet('AUTH=PLAIN'));
    const { problem } = await refusalOf(open({ port: server.port, address: { tls: 'starttls' } }));
    expect(problem.code).toBe('server.starttls');
    expect(server.received()).toBe('');
  });

  it('because STARTTLS is offered and refused', async () => {
    const server = await script(greet('AUTH=PLAIN STARTTLS'), { expect: 'STARTTLS' }, { send: '$tag NO not now\r\n' });
    expect((await refusalOf(open({ port: server.port, address: { tls: 'starttls' } }))).problem.code).toBe(
      'server.starttls',
    );
  });

  it('because somebody speaks between STARTTLS and TLS', async () => {
    const server = await script(
      greet('AUTH=PLAIN STARTTLS'),
      { expect: 'STARTTLS' },
      { send: '$tag OK go\r\n* OK evil\r\n' },
    );
    expect((await refusalOf(open({ port: server.port, address: { tls: 'starttls' } }))).problem.code).toBe(
      'server.protocol',
    );
  });

  it('in clear text is not talked into STARTTLS', async () => {
    const server = await script(
      greet('AUTH=PLAIN STARTTLS'),
      { expect: 'AUTHENTICATE PLAIN' },
      { send: '$tag NO no\r\n' },
    );
    await refusalOf(open({ port: server.port }));
    await server.played;
  });
});

describe('giving up', () => {
  it('while connecting ends the attempt', async () => {
    const controller = new AbortController();
    const server = await script(
      greet('AUTH=PLAIN'),
      { expect: 'AUTHENTICATE PLAIN' },
      { wait: async () => controller.abort() },
    );
    const refusal = await refusalOf(open({ port: server.port, signal: controller.signal }));
    expect(refusal.problem.code).toBe('server.connection-lost');
    expect(refusal.cause).toBe(controller.signal.reason);
  });

  it('before it begins connects to nobody', async () => {
    const server = await script(greet('AUTH=PLAIN'));
    const refusal = await refusalOf(open({ port: server.port, signal: AbortSignal.abort() }));
    expect(refusal.problem.code).toBe('server.connection-lost');
  });

  it('later destroys the session in the same tick', async () => {
    const sandbox = await sand({});
    const controller = new AbortController();
    const session = await open({ port: sandbox.port, signal: controller.signal });
    controller.abort();
    expect(session.usable).toBe(false);
    expect((await refusalOf(session.noop())).cause).toBe(controller.signal.reason);
  });
});

async function sand(settings: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox({ users: [{ name: 'alice', password: SECRET }], ...settings });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

const secured = (mode: 'implicit' | 'starttls', { certPem, keyPem }: CertificateWithKey): Promise<Sandbox> =>
  sand({ tls: { mode, cert: certPem, key: keyPem } });

describe('TLS', () => {
  const HOSTS = ['localhost', '127.0.0.1'] as const;
  const good = selfSignedCertificate([...HOSTS]);
  const YEAR = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2021-01-01T00:00:00Z') };

  it.each(['implicit', 'starttls'] as const)('%s with a CA of our own', async (tls) => {
    const { port } = await secured(tls, good);
    const session = await open({ port, address: { tls, caPem: good.certPem } });
    expect((await session.list()).map(({ role }) => role)).toEqual(['inbox']);
    await session.logout();
  });

  it.each(['implicit', 'starttls'] as const)('%s with a certificate that has expired names the dates', async (tls) => {
    const expired = selfSignedCertificate([...HOSTS], YEAR);
    const { port } = await secured(tls, expired);
    const { problem } = await refusalOf(open({ port, address: { tls, caPem: expired.certPem } }));
    expect(problem.code).toBe('server.certificate');
    expect(problem.text).toContain('has expired (valid from 2020-01-01 to 2021-01-01');
  });

  it('with a certificate that nobody vouches for', async () => {
    const { port } = await secured('implicit', good);
    const { problem } = await refusalOf(open({ port, address: { tls: 'implicit' } }));
    expect(problem.code).toBe('server.certificate');
    expect(problem.text).toContain('is self-signed and not trusted');
  });

  it('with a certificate for another name names both', async () => {
    const { port } = await secured('implicit', good);
    const address = { tls: 'implicit', caPem: good.certPem, serverName: 'mail.example.com' } as const;
    const { problem } = await refusalOf(open({ port, address }));
    expect(problem.code).toBe('server.certificate');
    expect(problem.text).toContain('another name than mail.example.com');
    expect(problem.text).toContain('DNS:localhost');
  });

  it('accepts a certificate under the name that it is told to expect', async () => {
    const other = selfSignedCertificate(['mail.example.com']);
    const { port } = await secured('implicit', other);
    await open({ port, address: { tls: 'implicit', caPem: other.certPem, serverName: 'mail.example.com' } });
  });

  it('from the first byte with a server that begins in clear text', async () => {
    const { port } = await sand({});
    const { problem } = await refusalOf(open({ port, address: { tls: 'implicit' } }));
    expect(problem).toMatchObject({ code: 'server.unreachable', text: expect.stringContaining('does not speak TLS') });
  });

  it.each(['implicit', 'starttls'] as const)('%s that is cut off ends nothing but the session', async (tls) => {
    const sandbox = await secured(tls, good);
    const session = await open({ port: sandbox.port, address: { tls, caPem: good.certPem } });
    const pending = refusalOf(session.noop().then(() => session.noop()));
    for (const connection of sandbox.connections()) connection.cut({ reset: true });
    expect((await pending).problem.code).toBe('server.connection-lost');
    await new Promise((resolve) => setImmediate(resolve));
  });
});
