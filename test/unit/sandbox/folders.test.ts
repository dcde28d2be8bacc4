import { describe, expect, test } from 'vitest';
import { BARE_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import { message, sandboxes } from './harness.ts';

const { start, login } = sandboxes();

describe('LIST', () => {
  test('shows folders, levels without one, children and roles', async () => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    ann.addFolder('Gesendet', { specialUse: '\\Sent' });
    ann.addFolder('Kunden/Müller & Söhne');
    const client = await login(sandbox);
    const answer = await client.command('LIST "" "*"');
    expect(answer.split('\r\n').slice(0, -1)).toEqual([
      '* LIST (\\HasNoChildren) "/" "INBOX"',
      '* LIST (\\HasNoChildren \\Sent) "/" "Gesendet"',
      '* LIST (\\Noselect \\HasChildren) "/" "Kunden"',
      '* LIST (\\HasNoChildren) "/" "Kunden/M&APw-ller &- S&APY-hne"',
    ]);
    expect(await client.command('LIST (SPECIAL-USE) "" *')).toMatch(
      /^\* LIST \(\\HasNoChildren \\Sent\) "\/" "Gesendet"\r\nt3/,
    );
  });

  test.each([
    ['""', '""', ['']],
    ['""', '%', ['INBOX', 'a', 'b.c']],
    ['""', 'a/%', ['a/b']],
    ['a/', '*', ['a/b', 'a/b/c']],
    ['""', 'inbox', ['INBOX']],
    ['""', '"b.*"', ['b.c']],
    ['""', 'b_c', []],
  ])('with reference %s and pattern %s', async (reference, pattern, expected) => {
    const sandbox = await start();
    for (const name of ['a', 'a/b', 'a/b/c', 'b.c']) sandbox.store.user('ann').addFolder(name);
    const client = await login(sandbox);
    const answer = await client.command(`LIST ${reference} ${pattern}`);
    expect([...answer.matchAll(/"\/" "(.*)"\r/g)].map((found) => found[1])).toEqual(expected);
  });

  test('sends names with quotes and backslashes escaped, or as literals', async () => {
    for (const namesAs of ['quoted', 'literal'] as const) {
      const sandbox = await start({ namesAs });
      sandbox.store.user('ann').addFolder('a"b\\c');
      const client = await login(sandbox);
      expect(await client.command('LIST "" a*')).toContain(namesAs === 'quoted' ? '"a\\"b\\\\c"' : '{5}\r\na"b\\c\r\n');
      expect(await client.command('SELECT "a\\"b\\\\c"')).toMatch(/OK \[READ-WRITE\]/);
    }
  });

  test('shows names that are no valid modified UTF-7 as they are', async () => {
    const sandbox = await start();
    sandbox.store.user('ann').addFolder({ wire: 'x&y' });
    const client = await login(sandbox);
    expect(await client.command('LIST "" x*')).toContain('"x&y"');
  });

  test('keeps extensions to itself where they are not listed', async () => {
    const sandbox = await start({ capabilities: BARE_CAPABILITIES });
    sandbox.store.user('ann').addFolder('Sent', { specialUse: '\\Sent' });
    const client = await login(sandbox);
    expect(await client.command('LIST "" Sent')).toContain('* LIST () "/" "Sent"');
    for (const command of ['NAMESPACE', 'ID NIL', 'IDLE', 'ENABLE CONDSTORE', 'UNSELECT']) {
      expect(await client.command(command)).toMatch(/BAD .*Unknown command/);
    }
    await client.command('SELECT Sent');
    for (const command of ['MOVE 1 INBOX', 'UID EXPUNGE 1', 'UNSELECT']) {
      expect(await client.command(command)).toMatch(/BAD .*Unknown command/);
    }
  });
});

test.each([
  ['', '/', '(("" "/")) NIL NIL'],
  ['INBOX.', '.', '(("INBOX." ".")) NIL NIL'],
  ['', null, '(("" NIL)) NIL NIL'],
])('a namespace with prefix "%s" and delimiter %s', async (prefix, delimiter, expected) => {
  const client = await login(await start({ prefix, delimiter }));
  expect(await client.command('NAMESPACE')).toContain(`* NAMESPACE ${expected}\r\n`);
  const name = `${prefix}Mail`;
  expect(await client.command(`CREATE ${name}`)).toMatch(/OK/);
  expect(await client.command('LIST "" *')).toContain(`${delimiter === null ? 'NIL' : `"${delimiter}"`} "${name}"`);
});

describe('CREATE', () => {
  test.each([
    ['INBOX', /NO \[ALREADYEXISTS\]/],
    ['INBOX.There', /NO \[ALREADYEXISTS\]/],
    ['Outside', /NO \[CANNOT\]/],
    ['INBOX.a..b', /NO \[CANNOT\]/],
    ['INBOX.x&y', /NO \[CANNOT\]/],
    ['INBOX.Reserved', /NO Folder name is reserved/],
    ['INBOX.Deep.er.', /OK/],
  ])('%s', async (name, answer) => {
    const sandbox = await start({
      prefix: 'INBOX.',
      delimiter: '.',
      refuseName: (wire) => (wire.endsWith('Reserved') ? 'NO Folder name is reserved' : undefined),
    });
    sandbox.store.user('ann').addFolder('INBOX.There');
    const client = await login(sandbox);
    expect(await client.command(`CREATE "${name}"`)).toMatch(answer);
  });

  test('may not tell names apart by case', async () => {
    const sandbox = await start({ caseSensitiveNames: false });
    const client = await login(sandbox);
    await client.command('CREATE Mail');
    expect(await client.command('CREATE MAIL')).toMatch(/NO \[ALREADYEXISTS\]/);
    expect(await client.command('SELECT mail')).toMatch(/OK \[READ-WRITE\]/);
  });
});

test('DELETE and RENAME take what lies below into account', async () => {
  const sandbox = await start();
  const ann = sandbox.store.user('ann');
  ann.addMessage('a/b', { body: message('one') });
  ann.addFolder('a');
  const client = await login(sandbox);
  expect(await client.command('RENAME a z')).toMatch(/OK/);
  expect([...ann.folders.keys()]).toEqual(['INBOX', 'z', 'z/b']);
  expect(await client.command('DELETE z')).toMatch(/OK/);
  expect(await client.command('LIST "" z')).toContain('(\\Noselect \\HasChildren)');
  expect(await client.command('DELETE INBOX')).toMatch(/NO/);
  expect(await client.command('DELETE nowhere')).toMatch(/NO \[NONEXISTENT\]/);
});

test('subscriptions are listed by LSUB', async () => {
  const sandbox = await start();
  const client = await login(sandbox);
  expect(await client.command('SUBSCRIBE nowhere')).toMatch(/NO \[NONEXISTENT\]/);
  await client.command('SUBSCRIBE INBOX');
  expect(await client.command('LSUB "" *')).toContain('* LSUB () "/" "INBOX"');
  await client.command('UNSUBSCRIBE INBOX');
  expect(await client.command('LSUB "" *')).toMatch(/^t6 OK/);
});

test('STATUS counts', async () => {
  const sandbox = await start();
  const ann = sandbox.store.user('ann');
  ann.addMessage('Mail', { body: Buffer.from('1234'), flags: ['\\Seen'] });
  ann.addMessage('Mail', { body: Buffer.from('56') });
  ann.folder('Mail').expunge([1]);
  const client = await login(sandbox);
  const { uidValidity } = ann.folder('Mail');
  expect(await client.command('STATUS Mail (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE RECENT)')).toContain(
    `* STATUS "Mail" (MESSAGES 1 UIDNEXT 3 UIDVALIDITY ${uidValidity} UNSEEN 1 SIZE 2 RECENT 1)`,
  );
  expect(await client.command('STATUS nowhere (MESSAGES)')).toMatch(/NO \[NONEXISTENT\]/);
});
