import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import { afterEach, describe, expect, test } from 'vitest';
import { EXCHANGE_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import type { Sandbox } from '../../../sandbox/server.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { message, sandboxes } from './harness.ts';

const { start } = sandboxes();
const { certPem: cert, keyPem: key } = selfSignedCertificate(['127.0.0.1']);
const clients: ImapFlow[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function connect(sandbox: Sandbox, options: Partial<ImapFlowOptions> = {}): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: sandbox.host,
    port: sandbox.port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: 'ann', pass: 'secret' },
    logger: false,
    disableAutoIdle: true,
    ...options,
  });
  client.on('error', () => {});
  clients.push(client);
  await client.connect();
  return client;
}

describe('imapflow, a client that knows nothing of the sandbox', () => {
  const ways: readonly (readonly [string, 'none' | 'implicit' | 'starttls', Partial<ImapFlowOptions>])[] = [
    ['LOGIN', 'none', { auth: { user: 'ann', pass: 'secret', loginMethod: 'LOGIN' } }],
    ['PLAIN', 'none', { auth: { user: 'ann', pass: 'secret', loginMethod: 'AUTH=PLAIN' } }],
    ['PLAIN over TLS', 'implicit', { secure: true, tls: { ca: cert } }],
    ['PLAIN over STARTTLS', 'starttls', { doSTARTTLS: true, tls: { ca: cert } }],
    [
      'an authorisation identity',
      'none',
      { auth: { user: 'admin', pass: 'root', authzid: 'ann', loginMethod: 'AUTH=PLAIN' } },
    ],
    ['XOAUTH2', 'none', { auth: { user: 'ann', accessToken: 'good' } }],
  ];
  test.each(ways)('logs in with %s', async (_, mode, options) => {
    const sandbox = await start({
      users: [
        { name: 'ann', password: 'secret' },
        { name: 'admin', password: 'root', actsFor: 'everyone' },
      ],
      tls: mode === 'none' ? { mode } : { mode, cert, key },
      loginDisabledWithoutTls: mode !== 'none',
      checkToken: (_user, token) => ({ accepted: token === 'good' }),
    });
    await connect(sandbox, options);
    expect(sandbox.connections('ann')).toMatchObject([{ user: 'ann', secure: mode !== 'none' }]);
  });

  test('is told why its token is refused', async () => {
    const sandbox = await start();
    await expect(connect(sandbox, { auth: { user: 'ann', accessToken: 'bad' } })).rejects.toMatchObject({
      authenticationFailed: true,
      serverResponseCode: 'AUTHENTICATIONFAILED',
    });
  });

  test('creates, appends, fetches, searches, stores, copies and moves', async () => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    const client = await connect(sandbox);
    await client.mailboxCreate('Kunden/Müller');
    const body = Buffer.concat([message('one'), Buffer.from([0x0a, 0xff, 0x00])]);
    const appended = await client.append('Kunden/Müller', body, ['\\Seen', '$Label'], new Date('2021-02-03T04:05:06Z'));
    expect(appended).toMatchObject({ uid: 1, uidValidity: BigInt(ann.folder('Kunden/Müller').uidValidity) });
    await client.append('Kunden/Müller', message('two', 'x'.repeat(100_000)));
    await client.mailboxOpen('Kunden/Müller');
    const fetched = await client.fetchOne(
      '1',
      { source: true, flags: true, internalDate: true, envelope: true },
      { uid: true },
    );
    expect(fetched && fetched.source?.equals(body)).toBe(true);
    expect(fetched).toMatchObject({
      internalDate: new Date('2021-02-03T04:05:06Z'),
      envelope: { messageId: '<one@example.org>' },
    });
    expect(await client.search({ header: { 'Message-ID': '<two@example.org>' } }, { uid: true })).toEqual([2]);
    await client.messageFlagsAdd('2', ['\\Flagged'], { uid: true });
    const copied = await client.messageCopy('1:2', 'INBOX', { uid: true });
    expect(copied && [...(copied.uidMap ?? [])]).toEqual([
      [1, 1],
      [2, 2],
    ]);
    await client.messageMove('1', 'INBOX', { uid: true });
    expect(ann.folder('INBOX').messages.map(({ uid, flags }) => [uid, flags])).toEqual([
      [1, ['\\Seen', '$Label']],
      [2, ['\\Flagged']],
      [3, ['\\Seen', '$Label']],
    ]);
    expect(await client.status('Kunden/Müller', { messages: true, uidNext: true })).toMatchObject({
      messages: 1,
      uidNext: 3,
    });
    await client.logout();
  });

  test('finds its way under a prefix, and roles', async () => {
    const sandbox = await start({ prefix: 'INBOX.', delimiter: '.' });
    sandbox.store.user('ann').addFolder('INBOX.Gesendet', { specialUse: '\\Sent', subscribed: true });
    const listed = await (await connect(sandbox)).list();
    expect(listed.map(({ path, specialUse, delimiter }) => [path, specialUse, delimiter])).toEqual([
      ['INBOX', '\\Inbox', '.'],
      ['INBOX.Gesendet', '\\Sent', '.'],
    ]);
  });

  test('works with the capabilities of Exchange Online', async () => {
    const sandbox = await start({ capabilities: EXCHANGE_CAPABILITIES, announceCapabilities: false });
    const client = await connect(sandbox);
    await client.append('INBOX', message('one'));
    await client.mailboxOpen('INBOX', { readOnly: true });
    const rows = await client.fetchAll('1:*', { uid: true, size: true });
    expect(rows).toMatchObject([{ uid: 1, size: message('one').length }]);
  });

  test('sees a connection that ends in the middle of a body as an error', async () => {
    const sandbox = await start();
    sandbox.store.user('ann').addMessage('INBOX', { body: message('one', 'x'.repeat(10_000)) });
    const client = await connect(sandbox);
    await client.mailboxOpen('INBOX', { readOnly: true });
    sandbox.faults.add({ kind: 'octets', direction: 'sent', after: 5000, since: { command: 'UID FETCH' } });
    await expect(client.fetchAll('1:*', { source: true }, { uid: true })).rejects.toThrow();
  });
});
