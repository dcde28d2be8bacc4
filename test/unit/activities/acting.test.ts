/** The trap of opening the administrator's own mailbox instead of the user's. */
import { afterEach, describe, expect, test } from 'vitest';
import { takenApart } from '../../../model/acting.ts';
import type { AdminForm, EndpointAuth, MailboxSide } from '../../../model/project.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../sandbox/server.ts';
import { proberOf, type Prober } from '../../support/probing.ts';

const PASSWORD = 'P@ssw0rd';
const FORMS: readonly (readonly [AdminForm, string])[] = [
  ['sasl-plain', 'admin'],
  ['dovecot', 'admin'],
  ['mirapoint', 'admin'],
  ['exchange', 'contoso/admin'],
];
const ALBERTA = 'alberta@contoso.com';
const NEWCOMER: MailboxSide = { user: 'alberta', password: 'sealed' };

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  ends.push(() => sandbox.close());
  return sandbox;
}

function auth(form: AdminForm, admin: string): EndpointAuth {
  return { kind: 'admin', form, admin, password: 'sealed' };
}

/** A server with the mailboxes of Alberta and of an administrator who may act for everybody. */
function startOld(admin: string, options: SandboxOptions = {}): Promise<Sandbox> {
  return start({
    users: [{ name: ALBERTA }, { name: 'bobby@contoso.com' }, { name: admin, password: PASSWORD, actsFor: 'everyone' }],
    identify: (login) => {
      const acting = takenApart(login);
      return { user: acting?.user ?? login, authenticatedAs: acting?.admin ?? login };
    },
    ...options,
  });
}

/** The same that passes over whom a login is for. */
function startIgnorant(admin: string): Promise<Sandbox> {
  return startOld(admin, {
    honoursAuthorisation: false,
    identify: (login) => {
      const own = takenApart(login)?.admin ?? login;
      return { user: own, authenticatedAs: own };
    },
  });
}

/** From the old server, opened so, to a new one of Alberta's own. */
async function probing(old: Sandbox, how: EndpointAuth): Promise<Prober> {
  const own = { kind: 'password' } as const;
  const destination = await start({ users: [{ name: 'alberta', password: PASSWORD }] });
  const prober = proberOf({ ...old, auth: how }, { ...destination, auth: own }, PASSWORD);
  ends.push(prober.stop);
  return prober;
}

function fill(sandbox: Sandbox, user: string, messages: number, whose = user): void {
  for (let at = 1; at <= messages; at += 1) {
    const body = Buffer.from(`Message-ID: <${whose}-${at}@contoso.com>\r\nSubject: ${at}\r\n\r\nHello\r\n`);
    sandbox.store.user(user).addMessage('INBOX', { body, internalDate: new Date(1_600_000_000_000 + at * 1_000) });
  }
}

/** Makes the INBOXes of several users as alike as servers without any imagination do. */
function withOneValidity(sandbox: Sandbox, users: readonly string[]): void {
  for (const user of users) sandbox.store.user(user).folder('INBOX').bumpUidValidity(14);
}

function logins(sandbox: Sandbox): readonly (readonly [string | undefined, string | undefined])[] {
  const entries = sandbox.journal.entries.filter(({ event }) => event === 'login');
  return entries.map(({ user, administrator }) => [user, administrator]);
}

describe.each(FORMS)('an administrator in the form %s', (form, admin) => {
  test('opens the user’s mailbox', async () => {
    const old = await startOld(admin);
    fill(old, ALBERTA, 3);
    fill(old, admin, 3);
    const { probe } = await probing(old, auth(form, admin));
    expect(await probe({ user: ALBERTA }, NEWCOMER)).toMatchObject({ ok: true });
    expect(logins(old)[0]).toEqual([ALBERTA, admin]);
  });

  test.each([
    ['with mail', 30, 'with the same messages'],
    ['with a little mail', 2, 'opens it for users that do not exist'],
    ['without any', 0, 'opens it for users that do not exist'],
  ])('whose own mailbox %s is opened instead is told', async (_, messages, how) => {
    const old = await startIgnorant(admin);
    fill(old, admin, messages);
    const { probe } = await probing(old, auth(form, admin));
    const result = await probe({ user: ALBERTA }, NEWCOMER);
    expect(result).toMatchObject({ ok: false, side: 'source', problem: { code: 'access.own-mailbox' } });
    expect(JSON.stringify(result)).toContain(how);
    expect(JSON.stringify(result)).not.toContain(PASSWORD);
  });
});

describe('an administrator’s login in a list of mailboxes', () => {
  const PASSWORDS: EndpointAuth = { kind: 'password' };

  test.each([
    ['alberta@contoso.com*admin', 'admin'],
    ['#alberta@contoso.com#admin#', 'admin'],
    ['contoso/admin/alberta@contoso.com', 'contoso/admin'],
  ])('such as %s opens the user’s mailbox, and is told where it does not', async (user, admin) => {
    const row = { user, password: 'sealed' };
    const old = await startOld(admin);
    expect(await (await probing(old, PASSWORDS)).probe(row, NEWCOMER)).toMatchObject({ ok: true });
    expect(logins(old)[0]).toEqual([ALBERTA, admin]);
    const ignorant = await startIgnorant(admin);
    expect(await (await probing(ignorant, PASSWORDS)).probe(row, NEWCOMER)).toMatchObject({
      ok: false,
      problem: { code: 'access.own-mailbox' },
    });
  });
});

describe('the check', () => {
  test('logs in to the administrator’s own mailbox once, not for each row', async () => {
    const old = await startOld('admin');
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    for (const user of [ALBERTA, 'bobby@contoso.com', ALBERTA]) {
      expect(await probe({ user }, NEWCOMER)).toMatchObject({ ok: true });
    }
    expect(logins(old).filter(([user]) => user === 'admin')).toHaveLength(1);
  });

  test('is content where the administrator has no mailbox, and asks for it once', async () => {
    const old = await startOld('admin');
    old.faults.add({ kind: 'refuse-login', user: 'admin', times: 'always' });
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    for (const user of [ALBERTA, 'bobby@contoso.com'])
      expect(await probe({ user }, NEWCOMER)).toMatchObject({ ok: true });
    const asked = old.journal.commands({ user: 'admin', command: 'AUTHENTICATE' });
    expect(asked).toHaveLength(1);
  });

  test('waits where the administrator’s mailbox is away for a moment', async () => {
    const old = await startOld('admin');
    old.faults.add({ kind: 'refuse-login', user: 'admin', text: 'NO [UNAVAILABLE] Try again later' });
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    expect(await probe({ user: ALBERTA }, NEWCOMER)).toMatchObject({
      ok: false,
      problem: { code: 'access.unavailable' },
    });
    expect(await probe({ user: ALBERTA }, NEWCOMER)).toMatchObject({ ok: true });
  });

  test('has nothing against the row of the administrator', async () => {
    const old = await startIgnorant('admin');
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    expect(await probe({ user: 'Admin' }, NEWCOMER)).toMatchObject({ ok: true });
  });

  test('is not deceived by mail that comes while it looks', async () => {
    const old = await startIgnorant('admin');
    fill(old, 'admin', 30);
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    const second = old.journal.when(({ event, connection }) => event === 'login' && connection === 2);
    const arrives = second.then(() => old.store.user('admin').addMessage('INBOX', { body: Buffer.from('\r\n') }));
    expect(await probe({ user: ALBERTA }, NEWCOMER)).toMatchObject({ problem: { code: 'access.own-mailbox' } });
    await arrives;
  });

  test('asks once for a user that nobody is, however many mailboxes look alike', async () => {
    const old = await startOld('admin');
    withOneValidity(old, [ALBERTA, 'bobby@contoso.com', 'admin']);
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    for (const user of [ALBERTA, 'bobby@contoso.com']) {
      expect(await probe({ user }, NEWCOMER)).toMatchObject({ ok: true, notes: [expect.any(String)] });
    }
    const refused = old.journal.entries.filter(({ event, status }) => event === 'answered' && status === 'NO');
    expect(refused).toHaveLength(1);
  });

  test('looks at the destination as well, before anything is written there', async () => {
    const old = await start({ users: [{ name: 'alberta', password: PASSWORD }] });
    const fresh = await startIgnorant('admin');
    const { probe, stop } = proberOf(
      { ...old, auth: { kind: 'password' } },
      { ...fresh, auth: auth('sasl-plain', 'admin') },
      PASSWORD,
    );
    ends.push(stop);
    expect(await probe(NEWCOMER, { user: ALBERTA })).toMatchObject({
      ok: false,
      side: 'destination',
      problem: { code: 'access.own-mailbox' },
    });
    const written = new Set(fresh.journal.commands().map(({ command }) => command));
    expect([...written].filter((command) => /APPEND|STORE|CREATE|SELECT|MOVE/.test(command ?? ''))).toEqual([]);
  });

  test('tells mailboxes with the same UIDVALIDITY by their mail', async () => {
    const old = await startOld('admin');
    fill(old, ALBERTA, 20);
    fill(old, 'admin', 20);
    withOneValidity(old, [ALBERTA, 'admin']);
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    const result = await probe({ user: ALBERTA }, NEWCOMER);
    expect(result).toMatchObject({ ok: true });
    expect(result).not.toHaveProperty('notes');
  });

  test('tells mailboxes with the same UIDVALIDITY and no mail by their folders', async () => {
    const old = await startOld('admin');
    old.store.user(ALBERTA).addFolder('Sent');
    withOneValidity(old, [ALBERTA, 'admin']);
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    expect(await probe({ user: ALBERTA }, NEWCOMER)).not.toHaveProperty('notes');
  });

  test('says so where nothing tells two mailboxes, and the server knows users by name', async () => {
    const old = await startOld('admin');
    fill(old, ALBERTA, 1, 'everybody');
    fill(old, 'admin', 1, 'everybody');
    withOneValidity(old, [ALBERTA, 'admin']);
    const { probe } = await probing(old, auth('dovecot', 'admin'));
    const result = await probe({ user: ALBERTA }, NEWCOMER);
    expect(result).toMatchObject({ ok: true, notes: [expect.stringContaining('looks like the mailbox of admin')] });
  });
});
