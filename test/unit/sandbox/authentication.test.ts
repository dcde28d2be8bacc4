import { describe, expect, test } from 'vitest';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { sandboxes } from './harness.ts';

const { start, connect, login } = sandboxes();
const { certPem: cert, keyPem: key } = selfSignedCertificate(['127.0.0.1']);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const token = (value: string): string => base64(`user=ann\u0001auth=Bearer ${value}\u0001\u0001`);
const checkToken = (_: string, value: string): { accepted: boolean } => ({ accepted: value === 'good' });

/** Reads `user*administrator`, as Dovecot can be told to. */
const identify = (name: string): { user: string; authenticatedAs: string } => {
  const [user = '', administrator = user] = name.split('*');
  return { user, authenticatedAs: administrator };
};

describe('passwords', () => {
  test.each(['LOGIN ann secret', 'LOGIN "ann" {6+}\r\nsecret', 'LOGIN {3+}\r\nANN secret'])(
    '%s opens',
    async (command) => {
      const sandbox = await start();
      const client = await connect(sandbox);
      expect(await client.line()).toMatch(/^\* OK \[CAPABILITY IMAP4rev1 /);
      expect(await client.command(command)).toMatch(/^t1 OK \[CAPABILITY IMAP4rev1 .*\] Logged in$/);
      expect(sandbox.connections('ann')).toHaveLength(1);
    },
  );

  test.each([
    ['LOGIN ann wrong', /NO \[AUTHENTICATIONFAILED\]/],
    ['LOGIN nobody secret', /NO \[AUTHENTICATIONFAILED\]/],
    ['LOGIN ann', /BAD/],
    ['SELECT INBOX', /BAD .*Unknown command/],
    ['AUTHENTICATE CRAM-MD5', /NO \[CANNOT\]/],
    ['AUTHENTICATE PLAIN !!!', /BAD .*base64/],
  ])('%s does not', async (command, answer) => {
    const client = await connect(await start());
    await client.line();
    expect(await client.command(command)).toMatch(answer);
  });

  test('PLAIN is taken with the command and after a continuation', async () => {
    const sandbox = await start();
    const client = await connect(sandbox);
    await client.line();
    expect(await client.command(`AUTHENTICATE PLAIN ${base64('\0ann\0secret')}`)).toMatch(/^t1 OK/);
    const other = await connect(sandbox);
    await other.line();
    other.send('a AUTHENTICATE PLAIN\r\n');
    expect(await other.line()).toBe('+ \r\n');
    other.send(`${base64('\0ann\0secret')}\r\n`);
    expect(await other.until('a')).toMatch(/^a OK/);
  });

  test('a client may give up', async () => {
    const client = await connect(await start());
    await client.line();
    client.send('a AUTHENTICATE PLAIN\r\n*\r\n');
    expect(await client.until('a')).toMatch(/a BAD .*aborted/);
  });

  test('each user has a store of their own', async () => {
    const sandbox = await start({
      users: ['ann', 'bob'].map((name) => ({ name, password: 'secret' })),
    });
    const ann = await login(sandbox, 'ann');
    await ann.command('CREATE Private');
    const bob = await login(sandbox, 'bob');
    expect(await bob.command('LIST "" *')).not.toContain('Private');
  });

  test('more connections than allowed are refused', async () => {
    const sandbox = await start({ connectionsPerUser: 1 });
    await login(sandbox);
    const second = await connect(sandbox);
    await second.line();
    expect(await second.command('LOGIN ann secret')).toMatch(/NO \[UNAVAILABLE\]/);
  });
});

describe('an administrator', () => {
  const users = [
    { name: 'ann', password: 'secret' },
    { name: 'bob', password: 'other' },
    { name: 'admin', password: 'root', actsFor: ['ann'] },
  ];

  test('opens the store of a user it may act for', async () => {
    const sandbox = await start({ users });
    const client = await connect(sandbox);
    await client.line();
    expect(await client.command(`AUTHENTICATE PLAIN ${base64('ann\0admin\0root')}`)).toMatch(/^t1 OK/);
    expect(sandbox.connections()).toMatchObject([{ user: 'ann', administrator: 'admin' }]);
  });

  test('and no other', async () => {
    const client = await connect(await start({ users }));
    await client.line();
    expect(await client.command(`AUTHENTICATE PLAIN ${base64('bob\0admin\0root')}`)).toMatch(
      /NO \[AUTHORIZATIONFAILED\]/,
    );
  });

  test('may be named in the login, where the server reads it so', async () => {
    const sandbox = await start({ users, identify });
    const client = await connect(sandbox);
    await client.line();
    expect(await client.command('LOGIN "ann*admin" root')).toMatch(/^t1 OK/);
    expect(sandbox.connections()).toMatchObject([{ user: 'ann', administrator: 'admin' }]);
  });
});

describe('XOAUTH2', () => {
  test('lets a good token in', async () => {
    const sandbox = await start({ checkToken });
    const client = await connect(sandbox);
    await client.line();
    expect(await client.command(`AUTHENTICATE XOAUTH2 ${token('good')}`)).toMatch(/^t1 OK/);
  });

  test('answers a bad token with a challenge, then with NO', async () => {
    const sandbox = await start({ checkToken });
    const client = await connect(sandbox);
    await client.line();
    client.send(`a AUTHENTICATE XOAUTH2 ${token('bad')}\r\n`);
    const challenge = Buffer.from((await client.line()).slice(2), 'base64').toString();
    expect(JSON.parse(challenge)).toMatchObject({ status: '400' });
    client.send('\r\n');
    expect(await client.until('a')).toMatch(/^a NO \[AUTHENTICATIONFAILED\]/);
  });

  test('has texts of its own where a server has', async () => {
    const sandbox = await start({
      checkToken: () => ({ accepted: false, answer: 'NO AUTHENTICATE failed.' }),
      tokenChallenge: null,
    });
    const client = await connect(sandbox);
    await client.line();
    expect(await client.command(`AUTHENTICATE XOAUTH2 ${token('bad')}`)).toBe('t1 NO AUTHENTICATE failed.');
  });
});

describe('TLS', () => {
  test('from the first octet', async () => {
    const sandbox = await start({ tls: { mode: 'implicit', cert, key } });
    const client = await connect(sandbox, { ca: cert });
    expect(await client.line()).toMatch(/^\* OK/);
    expect(await client.command('LOGIN ann secret')).toMatch(/^t1 OK/);
    expect(sandbox.connections()).toMatchObject([{ secure: true }]);
  });

  test('after STARTTLS; passwords are refused before', async () => {
    const sandbox = await start({ tls: { mode: 'starttls', cert, key }, loginDisabledWithoutTls: true });
    const client = await connect(sandbox);
    const greeting = await client.line();
    expect(greeting).toMatch(/STARTTLS LOGINDISABLED/);
    expect(greeting).not.toMatch(/AUTH=/);
    expect(await client.command('LOGIN ann secret')).toMatch(/NO \[PRIVACYREQUIRED\]/);
    expect(await client.command('STARTTLS')).toMatch(/^t2 OK/);
    await client.startTls(cert);
    expect(await client.command('CAPABILITY')).not.toMatch(/STARTTLS|LOGINDISABLED/);
    expect(await client.command('LOGIN ann secret')).toMatch(/^t4 OK/);
  });

  test('what was sent in clear text behind STARTTLS is thrown away', async () => {
    const sandbox = await start({ tls: { mode: 'starttls', cert, key } });
    const client = await connect(sandbox);
    await client.line();
    client.send('a STARTTLS\r\nb LOGIN ann secret\r\n');
    expect(await client.until('a')).toMatch(/^a OK/);
    await client.startTls(cert);
    expect(await client.command('NOOP')).toMatch(/^t1 OK/);
    expect(sandbox.journal.commands({ command: 'LOGIN' })).toEqual([]);
  });

  test('a client that does not speak it is noted and let go', async () => {
    const sandbox = await start({ tls: { mode: 'implicit', cert, key } });
    const client = await connect(sandbox);
    client.send('a NOOP\r\n');
    await client.rest();
    const entry = await sandbox.journal.when(({ event }) => event === 'fault');
    expect(entry.detail).toMatch(/^TLS handshake: /);
  });
});

test('the journal names users and commands, never secrets', async () => {
  const sandbox = await start();
  const client = await connect(sandbox);
  await client.line();
  await client.command('LOGIN ann wrong-canary');
  await client.command('LOGIN ann secret');
  await client.command('SELECT INBOX');
  client.send('a canary-word canary\r\n');
  await client.until('a');
  expect(sandbox.journal.commands().map(({ user, command, folder }) => [user, command, folder])).toEqual([
    ['ann', 'LOGIN', undefined],
    ['ann', 'LOGIN', undefined],
    ['ann', 'SELECT', 'INBOX'],
  ]);
  expect(JSON.stringify(sandbox.journal.entries)).not.toMatch(/canary|secret/);
});
