import { describe, expect, test } from 'vitest';
import { DOVECOT_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import type { User } from '../../../sandbox/store/user.ts';
import { message, sandboxes } from './harness.ts';

const { start, login } = sandboxes();

/** Messages one, two, three, four with UIDs 1, 3, 4, 6 in Mail. */
function fill(ann: User): void {
  const mail = ann.addFolder('Mail');
  mail.add({ body: message('one'), flags: ['\\Seen'], internalDate: '01-Feb-2021 23:30:00 -0800' });
  mail.skipUids(1);
  mail.add({ body: message('two'), flags: ['$Label'], internalDate: '02-Feb-2021 00:30:00 +0000' });
  mail.add({ body: message('three', 'x'.repeat(2000)), internalDate: '03-Feb-2021 00:30:00 +0000' });
  mail.skipUids(1);
  mail.add({ body: message('four'), flags: ['\\Flagged', '\\Seen'], internalDate: '04-Feb-2021 00:30:00 +0000' });
}

describe('SELECT', () => {
  test('describes the folder; EXAMINE allows no changes', async () => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    fill(ann);
    const client = await login(sandbox);
    const selected = await client.command('SELECT Mail');
    expect(selected).toContain('* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label)');
    expect(selected).toContain('* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\* $Label)]');
    expect(selected).toContain('* 4 EXISTS\r\n* 4 RECENT');
    expect(selected).toContain(`* OK [UIDVALIDITY ${ann.folder('Mail').uidValidity}]`);
    expect(selected).toContain('* OK [UIDNEXT 7]');
    expect(selected).toMatch(/^t2 OK \[READ-WRITE\]/m);
    const examined = await client.command('EXAMINE Mail');
    expect(examined).toContain('[PERMANENTFLAGS ()]');
    expect(examined).toContain('* 0 RECENT');
    expect(examined).toMatch(/^t3 OK \[READ-ONLY\]/m);
    for (const command of ['UID STORE 1 +FLAGS (\\Deleted)', 'EXPUNGE', 'UID EXPUNGE 1', 'UID MOVE 1 INBOX']) {
      expect(await client.command(command)).toMatch(/NO \[READ-ONLY\]/);
    }
    await client.command('UID FETCH 3 BODY[]');
    await client.command('CLOSE');
    expect(ann.folder('Mail').messages.map(({ flags }) => flags)).toEqual([
      ['\\Seen'],
      ['$Label'],
      [],
      ['\\Flagged', '\\Seen'],
    ]);
  });

  test('a failing SELECT leaves nothing selected', async () => {
    const client = await login(await start());
    await client.command('SELECT INBOX');
    expect(await client.command('SELECT Nowhere')).toMatch(/NO \[NONEXISTENT\]/);
    expect(await client.command('FETCH 1 FLAGS')).toBe('t4 BAD No mailbox selected.');
  });
});

describe('FETCH', () => {
  test.each([
    ['UID FETCH 3 (FLAGS)', '* 2 FETCH (UID 3 FLAGS ($Label))'],
    ['FETCH 3 UID', '* 3 FETCH (UID 4)'],
    ['UID FETCH * UID', '* 4 FETCH (UID 6)'],
    ['UID FETCH 100:* UID', '* 4 FETCH (UID 6)'],
    ['UID FETCH 1 BODY.PEEK[]<3.4>', '* 1 FETCH (UID 1 BODY[]<3> {4}\r\nsage)'],
    ['UID FETCH 1 BODY.PEEK[]<9999.4>', '* 1 FETCH (UID 1 BODY[]<9999> {0}\r\n)'],
    ['UID FETCH 1 BODY.PEEK[TEXT]', '* 1 FETCH (UID 1 BODY[TEXT] {7}\r\nHello\r\n)'],
    ['UID FETCH 1 RFC822.SIZE', `* 1 FETCH (UID 1 RFC822.SIZE ${message('one').length})`],
    [
      'UID FETCH 1 BODY.PEEK[HEADER.FIELDS (subject {10+}\r\nMessage-ID)]',
      '* 1 FETCH (UID 1 BODY[HEADER.FIELDS (subject Message-ID)] {53}\r\nMessage-ID: <one@example.org>\r\nSubject: About one\r\n\r\n)',
    ],
    [
      'UID FETCH 1 ENVELOPE',
      '(UID 1 ENVELOPE ("Mon, 1 Feb 2021 10:00:00 +0000" "About one" (("Ann" NIL "ann" "example.org"))' +
        ' (("Ann" NIL "ann" "example.org")) (("Ann" NIL "ann" "example.org")) NIL NIL NIL NIL "<one@example.org>"))',
    ],
  ])('%s', async (command, expected) => {
    const sandbox = await start();
    fill(sandbox.store.user('ann'));
    const client = await login(sandbox);
    await client.command('EXAMINE Mail');
    const answer = (await client.command(command)).replace(' \\Recent', '');
    expect(answer).toContain(expected);
    expect(answer.match(/^\* \d+ FETCH/gm)).toHaveLength(1);
  });

  test('answers each message once, in order, however the set is written', async () => {
    const sandbox = await start();
    fill(sandbox.store.user('ann'));
    const client = await login(sandbox);
    await client.command('EXAMINE Mail');
    const answer = await client.command('UID FETCH 6,1:4,3,2:3 UID');
    expect([...answer.matchAll(/UID (\d)\)/g)].map((found) => found[1])).toEqual(['1', '3', '4', '6']);
    expect(await client.command('UID FETCH 5 UID')).toMatch(/^t4 OK/);
    expect(await client.command('UID FETCH 0 UID')).toMatch(/^t5 BAD/);
    expect(await client.command('UID FETCH 1 NONSENSE')).toMatch(/^t6 BAD/);
  });

  test('reading a body sets \\Seen unless one only peeks', async () => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    fill(ann);
    const client = await login(sandbox);
    await client.command('SELECT Mail');
    await client.command('UID FETCH 3 BODY.PEEK[]');
    expect(ann.folder('Mail').message(3)?.flags).toEqual(['$Label']);
    expect(await client.command('UID FETCH 3 BODY[TEXT]')).toContain('FLAGS ($Label \\Seen \\Recent)');
    expect(ann.folder('Mail').message(3)?.flags).toEqual(['$Label', '\\Seen']);
  });
});

test.each([
  ['ALL', '1 3 4 6'],
  ['UID 2:4', '3 4'],
  ['2:3', '3 4'],
  ['BEFORE 2-Feb-2021', '1'],
  ['ON 02-Feb-2021', '3'],
  ['SINCE "3-Feb-2021"', '4 6'],
  ['SENTON 1-Feb-2021', '1 3 4 6'],
  ['SENTBEFORE 1-Feb-2021', ''],
  ['HEADER Message-ID <TWO@example', '3'],
  ['HEADER X-Nothing ""', ''],
  ['HEADER Subject {5+}\r\nthree', '4'],
  ['SUBJECT "About f"', '6'],
  ['FROM ann@ SEEN', '1 6'],
  ['UNSEEN', '3 4'],
  ['KEYWORD $label', '3'],
  ['UNKEYWORD $Label', '1 4 6'],
  ['NOT SEEN', '3 4'],
  ['OR FLAGGED (UNSEEN KEYWORD $Label)', '3 6'],
  ['LARGER 1000', '4'],
  ['CHARSET UTF-8 BODY xxxx', '4'],
  ['UID 100:*', '6'],
])('UID SEARCH %s', async (keys, expected) => {
  const sandbox = await start();
  fill(sandbox.store.user('ann'));
  const client = await login(sandbox);
  await client.command('EXAMINE Mail');
  expect(await client.command(`UID SEARCH ${keys}`)).toMatch(
    `* SEARCH${expected === '' ? '' : ` ${expected}`}\r\nt3 OK`,
  );
});

test('SEARCH answers in the form of RFC 4731 only where ESEARCH is listed', async () => {
  const without = DOVECOT_CAPABILITIES.filter((name) => name !== 'ESEARCH');
  for (const capabilities of [without, DOVECOT_CAPABILITIES]) {
    const sandbox = await start({ capabilities });
    fill(sandbox.store.user('ann'));
    const client = await login(sandbox);
    await client.command('EXAMINE Mail');
    expect(await client.command('UID SEARCH RETURN (COUNT ALL) ALL')).toMatch(
      capabilities.includes('ESEARCH') ? '* ESEARCH (TAG "t3") UID COUNT 4 ALL 1,3:4,6' : 't3 BAD',
    );
  }
});

describe('STORE', () => {
  test.each([
    ['+FLAGS (\\Seen $New)', ['$Label', '\\Seen', '$New'], true],
    ['-FLAGS $label', [], true],
    ['FLAGS.SILENT (\\Draft)', ['\\Draft'], false],
    ['FLAGS ()', [], true],
  ])('%s', async (change, flags, told) => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    fill(ann);
    const client = await login(sandbox);
    await client.command('SELECT Mail');
    const answer = await client.command(`UID STORE 3 ${change}`);
    expect(ann.folder('Mail').message(3)?.flags).toEqual(flags);
    expect(answer.includes(`* 2 FETCH (UID 3 FLAGS (${[...flags, '\\Recent'].join(' ')}))`)).toBe(told);
  });
});

describe('COPY and MOVE', () => {
  test('keep octets, flags and date, and name the new UIDs', async () => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    fill(ann);
    const { uidValidity } = ann.addFolder('Other', { uidNext: 10 });
    const client = await login(sandbox);
    await client.command('SELECT Mail');
    expect(await client.command('UID COPY 1,3:4 Other')).toMatch(`t3 OK [COPYUID ${uidValidity} 1,3:4 10:12]`);
    expect(ann.folder('Other').messages).toMatchObject(
      [1, 3, 4].map((uid) => Object.assign({}, ann.folder('Mail').message(uid), { uid: expect.any(Number) })),
    );
    expect(await client.command('UID MOVE 3,6 Other')).toMatch(
      `* OK [COPYUID ${uidValidity} 3,6 13:14] Moved UIDs.\r\n* 2 EXPUNGE\r\n* 3 EXPUNGE\r\nt4 OK`,
    );
    expect(ann.folder('Mail').messages.map(({ uid }) => uid)).toEqual([1, 4]);
    expect(await client.command('UID COPY 1 Nowhere')).toMatch(/NO \[TRYCREATE\]/);
    expect(await client.command('UID COPY 99 Other')).toMatch(/^t6 OK COPY|^t6 OK UID COPY/);
  });
});

describe('several sessions on one folder', () => {
  test('are told of each other when they ask, and numbers stay until then', async () => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    fill(ann);
    const first = await login(sandbox);
    const second = await login(sandbox);
    await first.command('SELECT Mail');
    await second.command('SELECT Mail');
    await second.command('UID STORE 1,4 +FLAGS.SILENT (\\Deleted)');
    expect(await second.command('UID EXPUNGE 1')).toMatch('* 1 EXPUNGE\r\n');
    await second.command('APPEND Mail {2+}\r\nhi');
    const fetched = await first.command('FETCH 1:2 UID');
    expect(fetched).not.toContain('EXPUNGE\r');
    expect(fetched).toContain('* 2 FETCH (UID 3)');
    expect(fetched).toMatch(/^t3 NO \[EXPUNGEISSUED\]/m);
    expect(await first.command('NOOP')).toMatch('* 1 EXPUNGE\r\n');
    expect(await first.command('FETCH 1:* UID')).toContain('* 4 FETCH (UID 7)');
  });

  test('IDLE tells at once', async () => {
    const sandbox = await start();
    const client = await login(sandbox);
    await client.command('SELECT INBOX');
    client.send('a IDLE\r\n');
    expect(await client.line()).toBe('+ idling\r\n');
    sandbox.store.user('ann').addMessage('INBOX', { body: message('new') });
    expect(await client.line()).toBe('* 1 EXISTS\r\n');
    client.send('DONE\r\n');
    expect(await client.until('a')).toMatch(/^\* 1 RECENT\r\na OK/);
  });

  test('a new UIDVALIDITY ends the sessions and gives new UIDs', async () => {
    const sandbox = await start();
    const ann = sandbox.store.user('ann');
    fill(ann);
    const client = await login(sandbox);
    await client.command('SELECT Mail');
    const before = ann.folder('Mail').uidValidity;
    ann.folder('Mail').bumpUidValidity();
    client.send('a NOOP\r\n');
    expect(await client.rest()).toMatch(/^\* BYE/);
    expect(ann.folder('Mail').uidValidity).toBe(before + 1);
    expect(ann.folder('Mail').messages.map(({ uid }) => uid)).toEqual([1, 2, 3, 4]);
  });
});

test('what a user does elsewhere: messages moved, folders renamed and removed', async () => {
  const sandbox = await start();
  const ann = sandbox.store.user('ann');
  fill(ann);
  ann.moveMessages('Mail', [3], 'Archive');
  ann.renameFolder('Mail', 'Post');
  expect(ann.folder('Archive').messages.map(({ body }) => body.equals(message('two')))).toEqual([true]);
  expect(ann.folder('Post').messages).toHaveLength(3);
  ann.removeFolder('Archive');
  expect(ann.usage).toEqual({
    bytes: ann.folder('Post').messages.reduce((sum, { body }) => sum + body.length, 0),
    messages: 3,
  });
});
