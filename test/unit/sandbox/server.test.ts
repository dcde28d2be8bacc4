import { expect, test } from 'vitest';
import { startSandbox } from '../../../sandbox/server.ts';
import { decodeMailboxName, encodeMailboxName } from '../../../sandbox/utf7.ts';
import { sandboxes } from './harness.ts';
import { RawClient } from './raw-client.ts';

const { start, login } = sandboxes();

test('a port that is taken is an error at once', async () => {
  const { port } = await start();
  await expect(startSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a mistake within the server, or in a function handed to it, comes out when it is closed', async () => {
  const sandbox = await startSandbox({
    users: [{ name: 'ann', password: 'secret' }],
    refuseMessage: () => {
      throw new Error('This rule is broken');
    },
  });
  const client = await RawClient.login(sandbox.port, 'ann');
  client.send('a APPEND INBOX {1+}\r\n1\r\n');
  expect(await client.rest()).toBe('');
  await expect(sandbox.close()).rejects.toMatchObject({ errors: [{ message: 'This rule is broken' }] });
});

test('a client may close its side and still get all answers', async () => {
  const sandbox = await start();
  const client = await login(sandbox);
  client.send('a NOOP\r\nb NOOP\r\n');
  client.end();
  expect(await client.rest()).toBe('a OK NOOP completed.\r\nb OK NOOP completed.\r\n');
  await sandbox.journal.until(() => sandbox.connections().length === 0);
});

test('NOOP, CAPABILITY, ID, ENABLE, CHECK and LOGOUT are answered', async () => {
  const sandbox = await start();
  const client = await login(sandbox);
  expect(await client.command('CAPABILITY')).toMatch(/^\* CAPABILITY IMAP4rev1 LITERAL\+ ID .*MULTIAPPEND.*\r\nt2 OK/);
  expect(await client.command('ID ("name" "test" "version" NIL)')).toMatch(
    /^\* ID \("name" "mailferry sandbox"\)\r\nt3 OK/,
  );
  expect(await client.command('ENABLE CONDSTORE UTF8=ACCEPT')).toMatch(/^\* ENABLED\r\nt4 OK/);
  await client.command('SELECT INBOX');
  expect(await client.command('CHECK')).toMatch(/^t6 OK/);
  client.send('a LOGOUT\r\n');
  expect(await client.rest()).toMatch(/^\* BYE Logging out\r\na OK LOGOUT completed\.\r\n$/);
});

test('texts can be those of another server', async () => {
  const sandbox = await start({
    texts: {
      greeting: 'The Microsoft Exchange IMAP4 service is ready.',
      unknownCommand: 'BAD Command Error. 12',
      tryCreate: 'NO [TRYCREATE] Folder is not found.',
    },
  });
  const client = await RawClient.connect(sandbox.port);
  expect(await client.line()).toMatch(/\] The Microsoft Exchange IMAP4 service is ready\.\r\n$/);
  await client.command('LOGIN ann secret');
  expect(await client.command('NONSENSE')).toBe('t2 BAD Command Error. 12');
  expect(await client.command('APPEND Nowhere {1+}\r\n1')).toBe('t3 NO [TRYCREATE] Folder is not found.');
  client.close();
});

test('mailbox names travel as modified UTF-7', () => {
  for (const [name, wire] of [
    ['Entwürfe', 'Entw&APw-rfe'],
    ['A & B', 'A &- B'],
    ['台北', '&U,BTFw-'],
    ['📬', '&2D3c7A-'],
  ] as const) {
    expect(encodeMailboxName(name)).toBe(wire);
    expect(decodeMailboxName(wire)).toBe(name);
  }
  for (const wire of ['x&y', '&', '&AGE-', 'ü', '&APw']) expect(decodeMailboxName(wire)).toBeUndefined();
});
