import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateAlteredMessages, generateMailbox } from '../support/corpus.ts';
import type { CorpusMailbox } from '../support/corpus.ts';
import { dovecotAvailable, startDovecot } from '../support/dovecot.ts';
import type { Dovecot } from '../support/dovecot.ts';
import { compareMailboxes, ImapConnection, instantOf, readMailbox, seedMailbox } from '../support/imap-client.ts';
import type { AppendMode, ImapAccess, MailboxComparison } from '../support/imap-client.ts';
import { groupIsAlive } from '../support/process-group.ts';
import { portOf } from '../support/ports.ts';
import { selfSignedCertificate } from '../support/certificate.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const dovecot = dovecotAvailable();
const missing = dovecot.available ? '' : ` (not run: ${dovecot.reason}; ${dovecot.command})`;
const cannotRun = !dovecot.available && process.env['CI'] === undefined;

const anna = { name: 'anna@example.org', password: 'a:pass "word" \\ é' };
const bob = { name: 'bob@example.org', password: 'secret' };

function accessTo(server: Dovecot, user: { readonly name: string; readonly password: string }): ImapAccess {
  return { host: server.host, port: server.port, user: user.name, password: user.password };
}

/** What is read from a server that holds exactly this mailbox, as sorted lines. */
function linesOf(mailbox: CorpusMailbox): readonly string[] {
  return mailbox.folders
    .flatMap(({ path, messages }) =>
      messages.map(({ raw, date, flags }) => {
        const sha256 = createHash('sha256').update(raw).digest('hex');
        return JSON.stringify([path, sha256, raw.length, instantOf(date), flags.toSorted()]);
      }),
    )
    .toSorted();
}

async function linesOn(access: ImapAccess): Promise<readonly string[]> {
  const { folders } = await readMailbox(access);
  return folders
    .flatMap(({ path, messages }) =>
      messages.map(({ sha256, size, instant, flags }) => JSON.stringify([path, sha256, size, instant, flags])),
    )
    .toSorted();
}

describe.skipIf(cannotRun)(`two Dovecots of a test${missing}`, () => {
  let slashes: Dovecot;
  let dots: Dovecot;

  beforeAll(async () => {
    slashes = await startDovecot({
      users: [anna, bob],
      masterUsers: [{ name: 'admin', password: 'm' }],
      format: 'mdbox',
    });
    dots = await startDovecot({
      users: [anna, bob],
      format: 'maildir',
      delimiter: '.',
      prefix: 'INBOX.',
      withoutCapabilities: ['MULTIAPPEND', 'LITERAL+'],
      tls: selfSignedCertificate(['localhost', '127.0.0.1']),
    });
  });

  afterAll(async () => {
    await Promise.all([slashes?.stop(), dots?.stop()]);
  });

  it('give back 3,000 messages exactly as they were written, within seconds', async () => {
    const mailbox = generateMailbox(1, { messages: 3_000, now: NOW });
    const began = performance.now();
    expect(await seedMailbox(accessTo(slashes, anna), mailbox)).toBe(3_000);
    expect(await linesOn(accessTo(slashes, anna))).toEqual(linesOf(mailbox));
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('hold the same mailbox under different delimiters and prefixes', async () => {
    const mailbox = generateMailbox(2, { messages: 150, now: NOW });
    await seedMailbox(accessTo(slashes, bob), mailbox);
    await seedMailbox(accessTo(dots, bob), mailbox);
    const [first, second] = [await readMailbox(accessTo(slashes, bob)), await readMailbox(accessTo(dots, bob))];
    expect(compareMailboxes(first, second)).toMatchObject({ messages: 150, identical: 150, different: [], extra: [] });
    expect(second.folders.map(({ serverPath }) => serverPath)).toContain('INBOX.Projects.Überwachung & Prüfung.Köln');
    expect(second.folders.find(({ path }) => path === 'Sent')?.specialUse).toBe('\\Sent');
    expect(dots.tlsPort).not.toBe(dots.port);
  });

  it.each<AppendMode>(['multiappend', 'pipelined', 'plain'])('take messages by %s', async (mode) => {
    const user = { name: `${mode}@example.org`, password: 'p' };
    await slashes.addUser(user);
    const mailbox = generateMailbox(3, { messages: 60, now: NOW });
    await seedMailbox(accessTo(slashes, user), mailbox, { mode });
    expect(await linesOn(accessTo(slashes, user))).toEqual(linesOf(mailbox));
  });

  it('alter NUL and bare LF, as the corpus says', async () => {
    const user = { name: 'altered@example.org', password: 'p' };
    await slashes.addUser(user);
    for (const { why, message } of generateAlteredMessages(4, NOW)) {
      const path = `altered ${why}`;
      await seedMailbox(accessTo(slashes, user), { folders: [{ path, messages: [message] }] });
      const folder = (await readMailbox(accessTo(slashes, user))).folders.find((each) => each.path === path);
      expect(folder?.messages).toHaveLength(1);
      expect(folder?.messages[0]?.sha256, why).not.toBe(createHash('sha256').update(message.raw).digest('hex'));
    }
  });

  it('leave capabilities out when asked to', async () => {
    const connection = await ImapConnection.open(accessTo(dots, anna));
    expect([connection.has('LITERAL+'), connection.has('MULTIAPPEND'), connection.has('UIDPLUS')]).toEqual([
      false,
      false,
      true,
    ]);
    await connection.logout();
  });

  it('speak TLS on one port and STARTTLS on the other', async () => {
    const access = accessTo(dots, anna);
    for (const secured of [
      { ...access, tls: 'starttls' as const },
      { ...access, port: dots.tlsPort, tls: 'tls' as const },
    ]) {
      const connection = await ImapConnection.open(secured);
      await connection.command('NOOP');
      await connection.logout();
    }
  });

  it("let a master user open somebody's mailbox by name and by authorisation identity, and no unknown one", async () => {
    const server = { host: slashes.host, port: slashes.port };
    await seedMailbox(accessTo(slashes, bob), { folders: [{ path: 'Only Bob has this', messages: [] }] });
    const byName = await readMailbox({ ...server, user: `${bob.name}*admin`, password: 'm' });
    const byIdentity = await readMailbox({ ...server, user: 'admin', password: 'm', authzid: bob.name });
    for (const { folders } of [byName, byIdentity])
      expect(folders.map(({ path }) => path)).toContain('Only Bob has this');
    await expect(readMailbox({ ...server, user: 'nobody*admin', password: 'm' })).rejects.toThrow(
      'AUTHORIZATIONFAILED',
    );
    await expect(readMailbox({ ...server, user: `${bob.name}*admin`, password: 'x' })).rejects.toThrow(
      'AUTHENTICATIONFAILED',
    );
  });

  it('learn new passwords and forget users while they run', async () => {
    const user = { name: 'carl@example.org', password: 'old' };
    await slashes.addUser(user);
    await slashes.addUser({ ...user, password: 'new' });
    await expect(readMailbox(accessTo(slashes, user))).rejects.toThrow('AUTHENTICATIONFAILED');
    await readMailbox(accessTo(slashes, { ...user, password: 'new' }));
    await slashes.removeUser(user.name);
    await expect(readMailbox(accessTo(slashes, { ...user, password: 'new' }))).rejects.toThrow('AUTHENTICATIONFAILED');
  });

  it('close connections when told to', async () => {
    const connection = await ImapConnection.open(accessTo(slashes, anna));
    await slashes.kick(anna.name);
    await expect(connection.command('NOOP')).rejects.toThrow();
    connection.close();
  });
});

describe.skipIf(cannotRun)(`comparing two mailboxes on Dovecot${missing}`, () => {
  let server: Dovecot;
  const mailbox = generateMailbox(5, { messages: 80, now: NOW });

  beforeAll(async () => {
    server = await startDovecot({ users: [anna, bob], format: 'sdbox' });
    for (const user of [anna, bob]) await seedMailbox(accessTo(server, user), mailbox);
  });

  afterAll(async () => {
    await server?.stop();
  });

  async function compare(): Promise<MailboxComparison> {
    return compareMailboxes(await readMailbox(accessTo(server, anna)), await readMailbox(accessTo(server, bob)));
  }

  it('finds nothing while they are the same, and then what is doubled, changed, missing and more', async () => {
    expect(await compare()).toEqual({
      messages: 80,
      identical: 80,
      missing: [],
      doubled: [],
      different: [],
      extra: [],
    });

    const inbox = mailbox.folders[0]?.messages ?? [];
    const last = inbox.at(-1);
    if (last === undefined) throw new Error('the corpus has an empty INBOX');
    await seedMailbox(accessTo(server, bob), { folders: [{ path: 'INBOX', messages: [last] }] });
    const doubled = await compare();
    expect(doubled).toMatchObject({ identical: 80, missing: [], different: [], extra: [] });
    expect(doubled.doubled.map(({ folder }) => folder)).toEqual(['INBOX']);

    await server.doveadm(['flags', 'add', '-u', bob.name, '$Changed', 'mailbox', 'Junk', '1']);
    expect(await compare()).toMatchObject({
      identical: 79,
      missing: [],
      different: [{ first: { folder: 'Junk' }, second: { folder: 'Junk' }, differs: ['flags'] }],
    });

    await server.doveadm(['expunge', '-u', bob.name, 'mailbox', 'Drafts', '1']);
    const lost = await compare();
    expect(lost.identical).toBe(78);
    expect(lost.missing.map(({ folder, message }) => [folder, message.uid])).toEqual([['Drafts', 1]]);
  });

  it('recognises a message whose bytes, date or folder have changed', async () => {
    const raw = Buffer.from('Message-ID: <one@example.org>\r\n\r\nfirst text\r\n');
    const date = '17-Jul-1996 02:44:25 -0700';
    const changed = Buffer.from('Message-ID: <one@example.org>\r\n\r\nother text\r\n');
    const other = Buffer.from('Subject: dated\r\n\r\n');
    const moved = Buffer.from('Subject: moved\r\n\r\n');
    const users = ['first', 'second'].map((name) => ({ name, password: 'p' }));
    const [first, second] = users;
    if (first === undefined || second === undefined) throw new Error('two users are needed');
    for (const user of users) await server.addUser(user);
    const letter = (bytes: Buffer, at = date) => ({ raw: bytes, date: at, flags: [] });
    await seedMailbox(accessTo(server, first), {
      folders: [{ path: 'INBOX', messages: [letter(raw), letter(other), letter(moved)] }],
    });
    await seedMailbox(accessTo(server, second), {
      folders: [
        { path: 'INBOX', messages: [letter(changed), letter(other, '17-Jul-1996 02:44:25 +0000')] },
        { path: 'Elsewhere', messages: [letter(moved)] },
      ],
    });
    const result = compareMailboxes(
      await readMailbox(accessTo(server, first)),
      await readMailbox(accessTo(server, second)),
    );
    expect(result).toMatchObject({ messages: 3, identical: 0, missing: [], doubled: [], extra: [] });
    expect(result.different.map(({ differs }) => differs)).toEqual([['internalDate'], ['folder'], ['bytes']]);
  });
});

describe.skipIf(cannotRun)(`a Dovecot of its own${missing}`, () => {
  it('refuses what is over quota', async () => {
    const server = await startDovecot({
      users: [{ ...anna, quotaBytes: 20_000 }, bob],
      format: 'mdbox',
      quotaBytes: 5_000_000,
    });
    try {
      const raw = Buffer.from(`Subject: large\r\n\r\n${'0123456789\r\n'.repeat(3_000)}`);
      const folders = [{ path: 'INBOX', messages: [{ raw, date: '01-Jan-2020 00:00:00 +0000', flags: [] }] }];
      await expect(seedMailbox(accessTo(server, anna), { folders })).rejects.toThrow('OVERQUOTA');
      expect(await seedMailbox(accessTo(server, bob), { folders })).toBe(1);
    } finally {
      await server.stop();
    }
  });

  it('limits connections of a user', async () => {
    const server = await startDovecot({ users: [anna], format: 'mdbox', maxUserConnections: 1 });
    const first = await ImapConnection.open(accessTo(server, anna));
    try {
      await expect(ImapConnection.open(accessTo(server, anna))).rejects.toThrow(
        /Maximum number of connections|closed the connection/,
      );
    } finally {
      first.close();
      await server.stop();
    }
  });

  it('takes a token that the introspection endpoint calls active, and no other', async () => {
    const introspection = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const active = new URLSearchParams(body).get('token') === 'good';
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(active ? { active, username: anna.name } : { active }));
      });
    });
    await new Promise<void>((resolve) => introspection.listen(0, '127.0.0.1', resolve));
    const introspectionUrl = `http://127.0.0.1:${portOf(introspection)}/introspect`;
    const server = await startDovecot({ users: [anna], format: 'mdbox', oauth2: { introspectionUrl } });
    try {
      const mailbox = await readMailbox({ ...accessTo(server, anna), accessToken: 'good' });
      expect(mailbox.folders.map(({ path }) => path)).toEqual(['INBOX']);
      await expect(readMailbox({ ...accessTo(server, anna), accessToken: 'bad' })).rejects.toThrow(
        'AUTHENTICATIONFAILED',
      );
    } finally {
      await server.stop();
      introspection.closeAllConnections();
      await new Promise((resolve) => introspection.close(resolve));
    }
  });

  it.each([{ hard: true }, { hard: false }])('keeps mail and ports over a restart (%o)', async (how) => {
    const server = await startDovecot({ users: [anna], format: 'mdbox' });
    try {
      const mailbox = generateMailbox(6, { messages: 40, now: NOW });
      await seedMailbox(accessTo(server, anna), mailbox);
      const open = await ImapConnection.open(accessTo(server, anna));
      await server.restart(how);
      await expect(open.command('NOOP')).rejects.toThrow();
      open.close();
      expect(await linesOn(accessTo(server, anna))).toEqual(linesOf(mailbox));
    } finally {
      await server.stop();
    }
  });

  it('leaves neither processes nor files behind', async () => {
    const server = await startDovecot({ users: [anna], format: 'mdbox' });
    const { pid, mailFolder } = server;
    const open = await ImapConnection.open(accessTo(server, anna));
    expect([groupIsAlive(pid), existsSync(mailFolder)]).toEqual([true, true]);
    await server.stop();
    await server.stop();
    open.close();
    expect([groupIsAlive(pid), existsSync(mailFolder)]).toEqual([false, false]);
  });
});
