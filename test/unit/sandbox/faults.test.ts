import { describe, expect, test } from 'vitest';
import type { CommandFault, Moment } from '../../../sandbox/faults/fault.ts';
import { message, sandboxes } from './harness.ts';

const { start, login, connect } = sandboxes();
const users = ['ann', 'bob'].map((name) => ({ name, password: 'secret' }));

describe('a refused login', () => {
  test('comes as often as was said, for one user, with the text that was said', async () => {
    const sandbox = await start({ users });
    sandbox.faults.add({ kind: 'refuse-login', user: 'ann', times: 2, text: 'NO AUTHENTICATE failed.' });
    const client = await connect(sandbox);
    await client.line();
    expect(await client.command('LOGIN ann secret')).toBe('t1 NO AUTHENTICATE failed.');
    await login(sandbox, 'bob');
    expect(await client.command('LOGIN ann secret')).toBe('t2 NO AUTHENTICATE failed.');
    expect(await client.command('LOGIN ann secret')).toMatch(/^t3 OK/);
  });

  test('comes until a moment', async () => {
    let now = 1000;
    const sandbox = await start({ now: () => now });
    sandbox.faults.add({ kind: 'refuse-login', until: new Date(2000) });
    const client = await connect(sandbox);
    await client.line();
    expect(await client.command('LOGIN ann secret')).toMatch(/NO \[AUTHENTICATIONFAILED\]/);
    expect(await client.command('LOGIN ann secret')).toMatch(/NO/);
    now = 2000;
    expect(await client.command('LOGIN ann secret')).toMatch(/^t3 OK/);
  });

  test('comes until it is released', async () => {
    const sandbox = await start();
    const refusal = sandbox.faults.add({ kind: 'refuse-login', times: 'always' });
    const client = await connect(sandbox);
    await client.line();
    for (let turn = 0; turn < 3; turn += 1) expect(await client.command('LOGIN ann secret')).toMatch(/NO/);
    expect(refusal.hits).toBe(3);
    refusal.release();
    expect(await client.command('LOGIN ann secret')).toMatch(/OK/);
  });
});

describe('a connection cut at a moment of the second APPEND', () => {
  const cases: readonly (readonly [Moment, number, boolean])[] = [
    ['arrived', 1, false],
    ['received', 1, false],
    ['executed', 2, false],
    ['answered', 2, true],
  ];
  test.each(cases)('%s: %i messages are there, answered: %s', async (at, stored, answered) => {
    const sandbox = await start();
    const fault = sandbox.faults.add({ kind: 'command', command: 'APPEND', nth: 2, at, effect: { do: 'cut' } });
    const client = await login(sandbox);
    client.send('a APPEND INBOX {1+}\r\n1\r\nb APPEND INBOX {1+}\r\n2\r\nc APPEND INBOX {1+}\r\n3\r\n');
    const received = await client.rest();
    expect(received).toMatch(/^a OK/);
    expect(received.includes('\r\nb OK')).toBe(answered);
    expect(received).not.toContain('c OK');
    expect(sandbox.store.user('ann').folder('INBOX').messages).toHaveLength(stored);
    expect(fault.hits).toBe(1);
  });
});

describe('a connection cut after a number of octets', () => {
  const command = 'APPEND INBOX {10+}\r\n0123456789\r\n';

  test('received: every single one is a place to cut', async () => {
    const loginLine = 'l LOGIN ann secret\r\n';
    const script = `${loginLine}a ${command}`;
    for (let after = loginLine.length; after <= script.length; after += 1) {
      const sandbox = await start();
      sandbox.faults.add({ kind: 'octets', direction: 'received', after });
      const client = await connect(sandbox);
      client.send(script);
      const received = await client.rest();
      expect(received).toContain('l OK');
      const whole = after === script.length;
      expect(received.includes('a OK')).toBe(whole);
      expect(sandbox.store.user('ann').folder('INBOX').messages).toHaveLength(whole ? 1 : 0);
    }
  });

  test('sent: the client gets exactly so many', async () => {
    const sandbox = await start();
    sandbox.store.user('ann').addMessage('INBOX', { body: message('one', 'x'.repeat(500)) });
    sandbox.faults.add({ kind: 'octets', direction: 'sent', after: 700 });
    const client = await connect(sandbox);
    client.send('l LOGIN ann secret\r\ns EXAMINE INBOX\r\nf UID FETCH 1 BODY.PEEK[]\r\n');
    expect(await client.rest()).toHaveLength(700);
  });

  test('of the answer to a command: in the middle of a literal', async () => {
    const sandbox = await start();
    const body = message('one', 'x'.repeat(500));
    sandbox.store.user('ann').addMessage('INBOX', { body });
    const since = { command: 'UID FETCH', nth: 2 };
    sandbox.faults.add({ kind: 'octets', direction: 'sent', after: 100, since });
    const client = await login(sandbox);
    await client.command('EXAMINE INBOX');
    expect(await client.command('UID FETCH 1 BODY.PEEK[]')).toContain(body.toString());
    client.send('a UID FETCH 1 BODY.PEEK[]\r\n');
    const received = await client.rest();
    expect(received).toHaveLength(100);
    expect(received).toContain(`{${body.length}}\r\nMessage-ID`);
  });

  test('of a command: in the middle of the literal it brings, with a reset, for one user', async () => {
    const sandbox = await start({ users });
    const since = { command: 'APPEND' };
    sandbox.faults.add({ kind: 'octets', direction: 'received', after: 30, since, user: 'ann', reset: true });
    const bob = await login(sandbox, 'bob');
    expect(await bob.command(command.trimEnd())).toMatch(/OK/);
    const ann = await login(sandbox);
    ann.send(`a ${command}`);
    expect(await ann.rest()).toBe('');
    await sandbox.journal.when(({ event, user }) => event === 'closed' && user === 'ann');
    expect(sandbox.store.user('ann').folder('INBOX').messages).toEqual([]);
    expect(sandbox.connections('ann')).toEqual([]);
  });

  test('strikes an idle connection that is beyond the number already', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    sandbox.faults.add({ kind: 'octets', direction: 'received', after: 5 });
    expect(await client.rest()).toBe('');
  });
});

describe('an answer', () => {
  test('is late until it is released', async () => {
    const sandbox = await start();
    const hold = sandbox.faults.add({ kind: 'command', command: 'APPEND', at: 'executed', effect: { do: 'hold' } });
    const client = await login(sandbox);
    client.send('a APPEND INBOX {1+}\r\n1\r\nb NOOP\r\n');
    await hold.hit();
    expect(sandbox.store.user('ann').folder('INBOX').messages).toHaveLength(1);
    expect(sandbox.journal.entries.some(({ event, command }) => event === 'answered' && command === 'APPEND')).toBe(
      false,
    );
    hold.release();
    expect(await client.until('b')).toMatch(/^a OK.*\r\nb OK/);
  });

  test('is late by a time', async () => {
    const sandbox = await start();
    sandbox.faults.add({ kind: 'command', command: 'NOOP', at: 'received', effect: { do: 'hold', ms: 30 } });
    const client = await login(sandbox);
    const before = performance.now();
    await client.command('NOOP');
    expect(performance.now() - before).toBeGreaterThan(25);
  });

  test('never comes, though the command is executed and the connection goes on', async () => {
    const sandbox = await start();
    sandbox.faults.add({ kind: 'command', command: 'APPEND', at: 'executed', effect: { do: 'lose-answer' } });
    const client = await login(sandbox);
    client.send('a APPEND INBOX {1+}\r\n1\r\nb NOOP\r\n');
    expect(await client.until('b')).not.toContain('a OK');
    expect(sandbox.store.user('ann').folder('INBOX').messages).toHaveLength(1);
  });

  test('never comes, and nothing else either', async () => {
    const sandbox = await start();
    const hang = sandbox.faults.add({ kind: 'command', command: 'NOOP', at: 'received', effect: { do: 'hang' } });
    const client = await login(sandbox);
    client.send('a NOOP\r\nb CAPABILITY\r\n');
    await hang.hit();
    expect(sandbox.connections('ann')).toHaveLength(1);
    hang.release();
    expect(await client.rest()).toBe('');
  });

  test('is another one, once or always, and the command is not executed', async () => {
    const sandbox = await start();
    const text = 'NO Request is throttled. Suggested Backoff Time: 300000 milliseconds';
    const fault: CommandFault = {
      kind: 'command',
      command: ['APPEND', 'CREATE'],
      at: 'received',
      effect: { do: 'answer', text },
    };
    sandbox.faults.add(fault);
    const client = await login(sandbox);
    expect(await client.command('APPEND INBOX {1+}\r\n1')).toBe(`t2 ${text}`);
    expect(await client.command('APPEND INBOX {1+}\r\n1')).toMatch(/OK/);
    sandbox.faults.add({ ...fault, times: 'always' });
    expect(await client.command('CREATE a')).toBe(`t4 ${text}`);
    expect(await client.command('CREATE a')).toBe(`t5 ${text}`);
    expect(sandbox.store.user('ann').findFolder('a')).toBeUndefined();
    sandbox.faults.clear();
    expect(await client.command('CREATE a')).toMatch(/OK/);
  });

  test('on arrival leaves literals unread', async () => {
    const sandbox = await start();
    const text = 'BAD Command Argument Error. 11';
    sandbox.faults.add({ kind: 'command', command: 'APPEND', at: 'arrived', effect: { do: 'answer', text } });
    const client = await login(sandbox);
    client.send('a APPEND INBOX {16+}\r\nx CREATE Planted\r\nz NOOP\r\n');
    await client.until('z');
    expect(sandbox.store.user('ann').findFolder('Planted')).toBeDefined();
  });

  test('may concern one folder only', async () => {
    const sandbox = await start();
    sandbox.store.user('ann').addFolder('Broken');
    const effect = { do: 'answer', text: 'NO Mailbox has been deleted or moved.' } as const;
    sandbox.faults.add({ kind: 'command', at: 'received', folder: 'Broken', times: 'always', effect });
    const client = await login(sandbox);
    expect(await client.command('SELECT INBOX')).toMatch(/OK/);
    expect(await client.command('SELECT Broken')).toMatch(/NO Mailbox has been deleted/);
  });

  test('may be preceded by lines nobody asked for, or by a goodbye', async () => {
    const sandbox = await start();
    sandbox.faults.add({
      kind: 'command',
      command: 'NOOP',
      at: 'executed',
      effect: { do: 'send', lines: ['* 7 FETCH (FLAGS ())', '* garbage \u0001'] },
    });
    const client = await login(sandbox);
    expect(await client.command('NOOP')).toMatch(/^\* 7 FETCH \(FLAGS \(\)\)\r\n\* garbage \S\r\nt2 OK/);
    sandbox.faults.add({
      kind: 'command',
      at: 'received',
      effect: { do: 'bye', text: 'Session invalidated - AccessTokenExpired' },
    });
    client.send('a NOOP\r\n');
    expect(await client.rest()).toBe('* BYE Session invalidated - AccessTokenExpired\r\n');
  });

  test('may lie', async () => {
    const sandbox = await start();
    sandbox.faults.add({
      kind: 'alter',
      command: 'APPEND',
      alter: (response) => {
        const text = response.toString('latin1');
        return text.includes('APPENDUID')
          ? Buffer.from(text.replace(/APPENDUID \d+ \d+/, 'APPENDUID 1 1:9'))
          : undefined;
      },
    });
    const client = await login(sandbox);
    expect(await client.command('APPEND INBOX {1+}\r\n1')).toContain('[APPENDUID 1 1:9]');
  });
});

test('a live connection can be cut, dismissed and spoken to', async () => {
  const sandbox = await start();
  const [first, second] = [await login(sandbox), await login(sandbox)];
  const [one, two] = sandbox.connections('ann');
  await one?.send('* OK still here');
  expect(await first.line()).toBe('* OK still here\r\n');
  one?.bye('Connection is closed. 13');
  expect(await first.rest()).toBe('* BYE Connection is closed. 13\r\n');
  two?.cut({ reset: true });
  expect(await second.rest()).toBe('');
  await sandbox.journal.until(() => sandbox.connections('ann').length === 0);
});

test('waiting for what does not happen ends with the last entries', async () => {
  const sandbox = await start();
  await login(sandbox);
  await expect(sandbox.journal.when(({ command }) => command === 'APPEND', { timeoutMs: 20 })).rejects.toThrow(
    /"event":"answered"/,
  );
  await expect(
    sandbox.journal.when(({ command }) => command === 'LOGIN', { after: sandbox.journal.last, timeoutMs: 1 }),
  ).rejects.toThrow();
});

test('closing ends what is held, and the mail can be served again', async () => {
  const sandbox = await start();
  const hold = sandbox.faults.add({ kind: 'command', command: 'NOOP', at: 'received', effect: { do: 'hold' } });
  const client = await login(sandbox);
  await client.command('CREATE Kept');
  client.send('a NOOP\r\n');
  await hold.hit();
  await sandbox.close();
  expect(await client.rest()).toBe('');
  const again = await start({ users: [], store: sandbox.store, port: sandbox.port });
  expect(await (await login(again)).command('SELECT Kept')).toMatch(/OK/);
});
