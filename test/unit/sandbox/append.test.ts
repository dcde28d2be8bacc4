import { describe, expect, test } from 'vitest';
import { BARE_CAPABILITIES, DOVECOT_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import { message, sandboxes } from './harness.ts';

const { start, login } = sandboxes();

describe('APPEND', () => {
  test('keeps every octet and the zone of the date', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    const body = Buffer.from([0x00, 0xff, 0x0a, 0x0d, 0x0a, 0x80, 0x0d, 0x41, 0x00]);
    const answer = await client.command(
      `APPEND INBOX (\\seen $Label) " 5-Mar-2021 10:00:00 +0530" {${body.length}+}\r\n`,
      body,
    );
    expect(answer).toMatch(/^t2 OK \[APPENDUID \d+ 1\]/);
    const [stored] = sandbox.store.user('ann').folder('INBOX').messages;
    expect(stored?.body.equals(body)).toBe(true);
    expect(stored).toMatchObject({ internalDate: ' 5-Mar-2021 10:00:00 +0530', flags: ['\\Seen', '$Label'] });
    await client.command('EXAMINE INBOX');
    const fetched = await client.command('UID FETCH 1 (INTERNALDATE FLAGS BODY.PEEK[])');
    expect(fetched).toContain(`INTERNALDATE " 5-Mar-2021 10:00:00 +0530" FLAGS (\\Seen $Label \\Recent)`);
    expect(fetched).toContain(`BODY[] {${body.length}}\r\n${body.toString('latin1')})`);
  });

  test('asks for a synchronising literal before it is sent', async () => {
    const sandbox = await start({ capabilities: BARE_CAPABILITIES });
    const client = await login(sandbox);
    client.send('a APPEND INBOX {5}\r\n');
    expect(await client.line()).toMatch(/^\+ /);
    client.send('hello\r\n');
    expect(await client.until('a')).toBe('a OK APPEND completed.');
  });

  test('takes literals wherever a string may stand', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    client.send('a CREATE {4}\r\n');
    await client.line();
    client.send('Mail\r\n');
    expect(await client.until('a')).toMatch(/^a OK/);
    expect(await client.command('APPEND {4+}\r\nMail {2+}\r\nhi')).toMatch(/OK \[APPENDUID/);
  });

  test('stores several messages at once, with one UID after the other', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    const answer = await client.command('APPEND INBOX {1+}\r\na (\\Flagged) {2+}\r\nbb {3+}\r\nccc');
    expect(answer).toMatch(/OK \[APPENDUID \d+ 1:3\]/);
    const stored = sandbox.store.user('ann').folder('INBOX').messages;
    expect(stored.map(({ body, flags }) => [body.toString(), flags])).toEqual([
      ['a', []],
      ['bb', ['\\Flagged']],
      ['ccc', []],
    ]);
  });

  test('stores all of a multiple append or nothing', async () => {
    const sandbox = await start({ users: [{ name: 'ann', password: 'secret', quota: { bytes: 4 } }] });
    const client = await login(sandbox);
    expect(await client.command('APPEND INBOX {3+}\r\nabc {2+}\r\nde {1+}\r\nf')).toMatch(/^t2 NO \[OVERQUOTA\]/);
    expect(sandbox.store.user('ann').folder('INBOX').messages).toEqual([]);
    expect(await client.command('NOOP')).toMatch(/^t3 OK/);
  });

  test('refuses a second message where MULTIAPPEND is not listed', async () => {
    const capabilities = DOVECOT_CAPABILITIES.filter((each) => each !== 'MULTIAPPEND');
    const sandbox = await start({ capabilities });
    const client = await login(sandbox);
    client.send('a APPEND INBOX {1+}\r\na {1}\r\n');
    expect(await client.until('a')).toMatch(/^a BAD/);
    expect(sandbox.store.user('ann').folder('INBOX').messages).toEqual([]);
  });

  test.each([
    ['a folder that is not there', 'APPEND Nowhere', /^a NO \[TRYCREATE\]/],
    ['a message above APPENDLIMIT', 'APPEND INBOX', /^a NO \[TOOBIG\]/],
  ])('refuses %s without asking for its octets', async (_, command, answer) => {
    const sandbox = await start({ capabilities: [...DOVECOT_CAPABILITIES, 'APPENDLIMIT=10'] });
    const client = await login(sandbox);
    client.send(`a ${command} {11}\r\n`);
    expect(await client.until('a')).toMatch(answer);
  });

  test('reads over the octets of a refused non-synchronising literal', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    const body = 'x CREATE Planted\r\n';
    expect(await client.command(`APPEND Nowhere {${body.length}+}\r\n${body}`)).toMatch(/^t2 NO \[TRYCREATE\]/);
    expect(sandbox.store.user('ann').findFolder('Planted')).toBeUndefined();
  });
});

describe('a malformed argument before a non-synchronising literal', () => {
  const body = 'x CREATE Planted\r\n';

  test.each([
    ['a flag that clients cannot set', 'APPEND INBOX (\\Recent)'],
    ['an impossible date', 'APPEND INBOX "31-Feb-2021 10:00:00 +0000"'],
    ['a keyword that is no atom', 'APPEND INBOX ($a"b)'],
    ['a name that is no atom', 'APPEND In(box'],
  ])('%s leaves the octets to be read as commands, as on real servers', async (_, command) => {
    const sandbox = await start();
    const client = await login(sandbox);
    client.send(`a ${command} {${body.length}+}\r\n${body}\r\nz NOOP\r\n`);
    const answers = await client.until('z');
    expect(answers).toMatch(/^a BAD/m);
    expect(answers).toMatch(/^x OK/m);
    expect(sandbox.store.user('ann').findFolder('Planted')).toBeDefined();
  });

  test('a server without LITERAL+ takes {n+} for malformed', async () => {
    const sandbox = await start({ capabilities: BARE_CAPABILITIES });
    const client = await login(sandbox);
    client.send(`a APPEND INBOX {${body.length}+}\r\n${body}\r\nz NOOP\r\n`);
    expect(await client.until('z')).toMatch(/^a BAD.*\r\nx OK/);
  });

  test('a server with LITERAL- takes 4096 octets and no more', async () => {
    const capabilities = DOVECOT_CAPABILITIES.map((each) => (each === 'LITERAL+' ? 'LITERAL-' : each));
    const sandbox = await start({ capabilities });
    const client = await login(sandbox);
    expect(await client.command(`APPEND INBOX {4096+}\r\n${'a'.repeat(4096)}`)).toMatch(/^t2 OK/);
    client.send('a APPEND INBOX {4097+}\r\n');
    expect(await client.until('a')).toMatch(/^a BAD/);
  });

  test('with a synchronising literal nothing goes wrong', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    client.send(`a APPEND INBOX (\\Recent) {${body.length}}\r\n`);
    expect(await client.until('a')).toMatch(/^a BAD/);
    expect(sandbox.store.user('ann').findFolder('Planted')).toBeUndefined();
  });

  test('too many bad commands end the connection', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    client.send('nonsense\r\n'.repeat(25));
    expect(await client.rest()).toMatch(/\* BYE Too many invalid IMAP commands\.\r\n$/);
  });
});

describe('flags that the server does not keep', () => {
  const permanentFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft', '$MDNSent'];
  const append = 'APPEND INBOX (\\Seen Custom $MDNSent) {2+}\r\nhi';

  test('are refused', async () => {
    const sandbox = await start({ permanentFlags });
    const client = await login(sandbox);
    expect(await client.command(append)).toBe('t2 NO [CANNOT] Keywords are not supported!');
    expect(sandbox.store.user('ann').folder('INBOX').messages).toEqual([]);
  });

  test('or left out, with a word or without', async () => {
    for (const otherFlags of ['drop', 'drop-announced'] as const) {
      const sandbox = await start({ permanentFlags, otherFlags });
      const client = await login(sandbox);
      const answer = await client.command(append);
      expect(answer.startsWith('* NO Keywords are not supported!\r\n')).toBe(otherFlags === 'drop-announced');
      expect(answer).toMatch(/^t2 OK/m);
      const [stored] = sandbox.store.user('ann').folder('INBOX').messages;
      expect(stored?.flags).toEqual(['\\Seen', '$MDNSent']);
    }
  });
});

test('a quota counts messages as well, and frees what is expunged', async () => {
  const sandbox = await start({ users: [{ name: 'ann', password: 'secret', quota: { messages: 1 } }] });
  const ann = sandbox.store.user('ann');
  ann.addMessage('INBOX', { body: message('one') });
  const client = await login(sandbox);
  expect(await client.command('APPEND INBOX {2+}\r\nhi')).toMatch(/NO \[OVERQUOTA\]/);
  ann.folder('INBOX').expunge([1]);
  expect(await client.command('APPEND INBOX {2+}\r\nhi')).toMatch(/OK \[APPENDUID \d+ 2\]/);
});
