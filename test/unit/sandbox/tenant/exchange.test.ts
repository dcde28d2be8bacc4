import { describe, expect, test } from 'vitest';
import {
  argumentError,
  duplicateFolders,
  folderDenied,
  folderGone,
  IDLE_TOO_LONG,
  serverUnavailable,
} from '../../../../sandbox/tenant/exchange-faults.ts';
import { foldersWithoutMail } from '../../../../sandbox/tenant/default-folders.ts';
import { mapFolders } from '../../../../model/folder-map.ts';
import { decodeMailboxName } from '../../../../sandbox/utf7.ts';
import type { Mailbox, MailboxOptions } from '../../../../sandbox/tenant/mailbox.ts';
import { rewritten } from '../../../../sandbox/tenant/rewriting.ts';
import type { Tenant } from '../../../../sandbox/tenant/tenant.ts';
import { headerValues } from '../../../../sandbox/message/header.ts';
import type { RawClient } from '../raw-client.ts';
import { message } from '../harness.ts';
import { tenants } from './harness.ts';

const { start, login } = tenants();

async function open(options?: MailboxOptions): Promise<{
  readonly tenant: Tenant;
  readonly mailbox: Mailbox;
  readonly client: RawClient;
}> {
  const { tenant } = await start();
  const mailbox = tenant.addMailbox('anna', options);
  const { client } = await login(tenant, mailbox.address, tenant.registerApp());
  return { tenant, mailbox, client };
}

/** Appends with a literal that is sent only when it is asked for. */
async function append(client: RawClient, body: Buffer, flags = ''): Promise<string> {
  client.send(`a APPEND INBOX ${flags}"01-Feb-2021 10:00:00 +0100" {${body.length}}\r\n`);
  const first = await client.line();
  if (!first.startsWith('+')) return first.trimEnd();
  client.send(body, '\r\n');
  return client.until('a');
}

describe('capabilities', () => {
  test('are those of Exchange Online, and what it has not is not understood', async () => {
    const { client } = await open();
    const shown = await client.command('CAPABILITY');
    expect(shown).toMatch(/UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL\+/);
    expect(shown).not.toMatch(/MULTIAPPEND|SPECIAL-USE|CONDSTORE|ESEARCH|STATUS=SIZE/);
    expect(await client.command('ENABLE CONDSTORE')).toBe('t3 BAD Command Error. 12');
  });
});

describe('folders', () => {
  test.each([
    ['en', ['Sent Items', 'Deleted Items', 'Junk Email', 'Drafts'], 'Calendar'],
    ['de', ['Gesendete Elemente', 'Gel&APY-schte Elemente', 'Junk-E-Mail', 'Entw&APw-rfe'], 'Kalender'],
    ['fr', ['&AMk-l&AOk-ments envoy&AOk-s', '&AMk-l&AOk-ments supprim&AOk-s', 'Brouillons'], 'Calendrier'],
  ] as const)('are named in the mailbox’s language (%s) and marked in none', async (language, mail, calendar) => {
    const { client } = await open({ language, itemsThatAreNoMail: 3 });
    const listed = await client.command('LIST "" *');
    for (const name of [...mail, calendar]) expect(listed).toContain(`"/" "${name}"`);
    expect(listed).not.toMatch(/\\(Sent|Trash|Junk|Drafts|Archive)/);
    expect(await client.command(`STATUS ${calendar} (MESSAGES)`)).toContain('MESSAGES 3');
  });

  test.each(['en', 'de', 'fr'] as const)(
    'that hold no mail (%s) are the ones that a project leaves out',
    async (language) => {
      const { mailbox } = await open({ language });
      const folders = [...mailbox.store.folders.keys()].map((name) => ({
        name,
        path: (decodeMailboxName(name) ?? name).split('/'),
        delimiter: '/',
        selectable: true,
      }));
      const side = { delimiter: '/', namespacePrefix: '', folders: [] };
      const rules = { include: [], exclude: [], rename: [], roles: true };
      const { leftOut } = mapFolders({ source: { ...side, folders, exchange: true }, destination: side, rules });
      const names = leftOut.map(({ sourcePath }) => sourcePath);
      expect(new Set(names)).toEqual(new Set(foldersWithoutMail(language)));
    },
  );

  test('are compared whatever their case, and some names are reserved', async () => {
    const { client } = await open();
    expect(await client.command('CREATE calendar')).toBe('t2 NO Mailbox already exists.');
    expect(await client.command('CREATE "Recoverable Items"')).toBe('t3 NO Folder name is reserved');
    expect(await client.command('APPEND Nowhere {2}')).toBe('t4 NO [TRYCREATE] Folder is not found.');
  });
});

describe('an appended message', () => {
  const nested = Buffer.from(
    'Message-ID: <a@example.org>\nFrom: ann@example.org\nDate: Mon, 1 Feb 2021 10:00:00 +0000\n' +
      'Subject: a long subject that goes on and on and on until it has to be folded somewhere, in the middle\n' +
      'Content-Type: multipart/mixed;\n boundary="old"\n\n--old\n\nfirst\n--old--\n',
  );

  test('comes back with its identity and other octets', async () => {
    const { mailbox, client } = await open();
    expect(await append(client, nested)).toMatch(/^a OK \[APPENDUID \d+ 1\]/);
    const [stored] = mailbox.store.folder('INBOX').messages;
    const body = stored?.body ?? Buffer.alloc(0);
    expect(stored?.internalDate).toBe('01-Feb-2021 10:00:00 +0100');
    for (const field of ['Message-ID', 'From', 'Date', 'Subject']) {
      expect(headerValues(body, field)).toEqual(headerValues(nested, field));
    }
    expect(body.toString()).not.toMatch(/--old|"old|[^\r]\n/);
    expect(body.toString()).toMatch(/boundary="(_000_\w+_)"[^]*\r\n--\1\r\n\r\nfirst\r\n--\1--\r\n$/);
    expect(body.equals(rewritten(nested))).toBe(true);
  });

  test('loses \\Flagged in silence and keywords with a word', async () => {
    const { mailbox, client } = await open();
    expect(await append(client, message('a'), '(\\Seen \\Flagged $Label1 $MDNSent) ')).toMatch(
      /^\* NO Keywords are not supported!\r\na OK/,
    );
    expect(mailbox.store.folder('INBOX').messages[0]?.flags).toEqual(['\\Seen', '$MDNSent']);
    await client.command('SELECT INBOX');
    expect(await client.command('UID STORE 1 +FLAGS (\\Flagged)')).toContain('\\Flagged');
  });

  test('is refused where it is larger than the organisation’s limit, or the mailbox’s', async () => {
    const { mailbox, client } = await open();
    const tooBig = ' NO Maximum size of appendable message has been exceeded';
    expect(await client.command(`APPEND INBOX {${35 * 1024 * 1024 + 1}}`)).toBe(`t2${tooBig}`);
    mailbox.maxReceiveBytes = 100;
    expect(await client.command('APPEND INBOX {101}')).toBe(`t3${tooBig}`);
  });

  test.each([
    ['NUL', Buffer.from('Subject: x\r\n\r\na\0b\r\n')],
    ['a line of more than 9,900 octets', Buffer.from(`Subject: x\r\n\r\n${'y'.repeat(9_901)}\r\n`)],
  ])('with %s is refused without a reason', async (_, body) => {
    const { client } = await open();
    expect(await append(client, body)).toBe('a BAD Command Argument Error. 11');
  });

  test('is not thrown in with another', async () => {
    const { client } = await open();
    expect(await client.command('APPEND INBOX {1+}\r\nx {1+}\r\ny')).toMatch(/BAD Command Argument Error\. 12/);
  });
});

describe('reading', () => {
  test('tells sizes that are estimates, and literals that are not', async () => {
    const { mailbox, client } = await open();
    const bodies = [1, 2, 3].map((count) => message(`m${count}`, 'x'.repeat(100 * count)));
    for (const body of bodies) mailbox.store.addMessage('INBOX', { body });
    await client.command('SELECT INBOX');
    const told = await client.command('UID FETCH 1:* (RFC822.SIZE BODY.PEEK[])');
    const sizes = [...told.matchAll(/RFC822\.SIZE (\d+)/g)].map(([, size]) => Number(size));
    expect(sizes).not.toEqual(bodies.map(({ length }) => length));
    for (const { length } of bodies) expect(told).toContain(`BODY[] {${length}}`);
  });

  test('a message that cannot be converted comes without a body, or as an excuse', async () => {
    const { mailbox, client } = await open();
    mailbox.store.addMessage('Projekt ü', { body: message('a') });
    mailbox.store.addMessage('Projekt ü', { body: message('b') });
    mailbox.setUnreadable('Projekt ü', 1, 'no-body');
    mailbox.setUnreadable('Projekt ü', 2, 'placeholder');
    await client.command('SELECT "Projekt &APw-"');
    expect(await client.command('UID FETCH 1 (FLAGS BODY.PEEK[])')).toMatch(
      /^\* 1 FETCH \(UID 1 FLAGS \([^)]*\)\)\r\nt3 OK/,
    );
    expect(await client.command('UID FETCH 2 BODY.PEEK[]')).toMatch(/Retrieval using the IMAP4 protocol failed/);
    mailbox.setUnreadable('Projekt ü', 2, undefined);
    expect(await client.command('UID FETCH 2 BODY.PEEK[]')).toContain('<b@example.org>');
  });
});

describe('faults', () => {
  test.each([
    ['LIST "" *', serverUnavailable(), 'NO Server Unavailable. 15'],
    ['LIST "" *', duplicateFolders('Inbox/Projects'), 'NO Duplicate folders "Inbox/Projects" were detected'],
    ['APPEND INBOX {1+}\r\nx', argumentError(), 'BAD Command Argument Error. 11'],
    ['SELECT Drafts', folderGone('Drafts'), 'NO Mailbox has been deleted or moved.'],
    ['SELECT Drafts', folderDenied('Drafts'), 'NO Drafts access denied.'],
  ])('%s can be answered as Exchange does', async (command, fault, text) => {
    const { tenant, client } = await open();
    tenant.imap.faults.add(fault);
    expect(await client.command(command)).toContain(`t2 ${text}`);
  });

  test('a session ends when nobody uses it', async () => {
    const { tenant, mailbox, client } = await open();
    tenant.imap.connections(mailbox.address)[0]?.bye(IDLE_TOO_LONG);
    expect(await client.rest()).toBe('* BYE Connection is closed. 13\r\n');
  });
});
