import { describe, expect, test } from 'vitest';
import type { AdmissionFault } from '../../../../sandbox/tenant/admission.ts';
import type { Mailbox } from '../../../../sandbox/tenant/mailbox.ts';
import type { Registration } from '../../../../sandbox/tenant/registration.ts';
import { tenants, tokenOf, xoauth2 } from './harness.ts';

const { start, connect, login } = tenants();
const HOUR_MS = 3_600_000;
const NOT_CONNECTED = 'BAD User is authenticated but not connected.';

describe('a mailbox opens', () => {
  test('for an application with everything in its place', async () => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    tenant.addMailbox('anna');
    const { client, answer } = await login(tenant, `anna@${tenant.domain}`, app);
    expect(answer).toBe('t1 OK AUTHENTICATE completed.');
    expect(await client.command('SELECT INBOX')).toMatch(/^t2 OK/m);
    expect(tenant.logins).toMatchObject([{ outcome: 'opened' }]);
  });

  test('also where it is shared', async () => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    tenant.addMailbox('info', { kind: 'shared' });
    expect((await login(tenant, `INFO@${tenant.domain}`, app)).answer).toMatch(/ OK /);
  });

  test('never with a password', async () => {
    const { tenant } = await start();
    tenant.addMailbox('anna').store.password = 'secret';
    const client = await connect(tenant);
    expect(await client.command(`LOGIN anna@${tenant.domain} secret`)).toMatch(
      /^t1 NO LOGIN failed\. LogonDenied-BasicAuthBlocked/,
    );
  });
});

describe('a token is not taken', () => {
  type Spoil = (app: Registration) => void;
  test.each<[AdmissionFault, Spoil]>([
    ['no-role', (app) => app.revokeConsent()],
    ['no-service-principal', (app) => app.setServicePrincipal('none')],
    ['wrong-object-id', (app) => app.setServicePrincipal('app-registration')],
    ['conditional-access', (app) => Object.assign(app, { conditionalAccess: 'blocks-sign-in' })],
  ])('for %s', async (fault, spoil) => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    tenant.addMailbox('anna');
    spoil(app);
    const { answer } = await login(tenant, `anna@${tenant.domain}`, app);
    expect(answer).toBe('t1 NO AUTHENTICATE failed.');
    expect(tenant.logins.at(-1)?.outcome).toBe(fault);
  });

  test('of another tenant, or once it has expired', async () => {
    const { tenant, clock } = await start({ tokenLifeMs: HOUR_MS });
    const other = await start();
    const app = tenant.registerApp();
    const { address } = tenant.addMailbox('anna');
    const foreign = await tokenOf(other.tenant, other.tenant.registerApp());
    const old = await tokenOf(tenant, app);
    clock.advance(HOUR_MS);
    for (const token of [foreign, old, 'nonsense']) {
      const client = await connect(tenant);
      expect(await client.command(`AUTHENTICATE XOAUTH2 ${xoauth2(address, token)}`)).toMatch(/ NO AUTHENTICATE/);
    }
    expect(tenant.logins.map(({ outcome }) => outcome)).toEqual(['not-a-token', 'expired', 'not-a-token']);
  });
});

describe('a mailbox that cannot be opened is noticed after the login', () => {
  type Spoil = (mailbox: Mailbox, app: Registration) => void;
  test.each<[AdmissionFault, Spoil]>([
    ['no-full-access', (mailbox, app) => mailbox.revokeFullAccess(app)],
    ['imap-disabled', (mailbox) => mailbox.setImapEnabled(false)],
    ['no-mailbox', () => {}],
  ])('for %s', async (fault, spoil) => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    const mailbox = tenant.addMailbox('anna');
    spoil(mailbox, app);
    const address = fault === 'no-mailbox' ? 'nobody@contoso.example' : mailbox.address;
    const { client, answer } = await login(tenant, address, app);
    expect(answer).toBe('t1 OK AUTHENTICATE completed.');
    expect(await client.command('CAPABILITY')).toMatch(/^t2 OK/m);
    expect(await client.command('LIST "" *')).toBe(`t3 ${NOT_CONNECTED}`);
    expect(await client.command('SELECT INBOX')).toBe(`t4 ${NOT_CONNECTED}`);
    expect(await client.rest()).toBe('* BYE Connection closed. 14\r\n');
    expect(tenant.logins.at(-1)?.outcome).toBe(fault);
  });

  test('or at once, where the tenant is told to say it so', async () => {
    const { tenant } = await start({ refusals: { 'imap-disabled': 'authenticate-failed' } });
    const app = tenant.registerApp();
    const { address } = tenant.addMailbox('anna', { imapEnabled: false });
    expect((await login(tenant, address, app)).answer).toBe('t1 NO AUTHENTICATE failed.');
  });

  test('when it has too many connections', async () => {
    const { tenant } = await start({ imap: { connectionsPerUser: 1 } });
    const app = tenant.registerApp();
    const { address } = tenant.addMailbox('anna');
    await login(tenant, address, app);
    const { client, answer } = await login(tenant, address, app);
    expect(answer).toMatch(/ OK /);
    expect(await client.command('SELECT INBOX')).toBe(`t2 ${NOT_CONNECTED}`);
  });
});

describe('permissions', () => {
  test('take their time, and no longer', async () => {
    const { tenant, clock } = await start({ propagationMs: 1_800_000, tokenLifeMs: 10 * HOUR_MS });
    const app = tenant.registerApp({ servicePrincipal: 'none' });
    const mailbox = tenant.addMailbox('anna', { fullAccess: false, imapEnabled: false });
    app.setServicePrincipal('enterprise-application');
    mailbox.grantFullAccess(app);
    mailbox.setImapEnabled(true);
    await login(tenant, mailbox.address, app);
    clock.advance(1_800_000);
    await login(tenant, mailbox.address, app);
    expect(tenant.logins.map(({ outcome }) => outcome)).toEqual(['no-service-principal', 'opened']);
  });

  test('are there at once when somebody cannot wait', async () => {
    const { tenant } = await start({ propagationMs: 1_800_000 });
    const app = tenant.registerApp();
    const mailbox = tenant.addMailbox('anna', { fullAccess: false });
    mailbox.grantFullAccess(app);
    tenant.settle();
    await login(tenant, mailbox.address, app);
    expect(tenant.logins.at(-1)?.outcome).toBe('opened');
  });
});

test('a session ends in its midst when its token expires', async () => {
  const { tenant, clock } = await start({ tokenLifeMs: HOUR_MS });
  const app = tenant.registerApp();
  const { address } = tenant.addMailbox('anna');
  const { client } = await login(tenant, address, app);
  clock.advance(HOUR_MS - 1_000);
  expect(await client.command('NOOP')).toBe('t2 OK NOOP completed.');
  clock.advance(1_000);
  expect(await client.rest()).toBe('* BYE Session invalidated - AccessTokenExpired\r\n');
});

test('logins are counted by mailbox and minute', async () => {
  const { tenant, clock } = await start();
  const app = tenant.registerApp();
  const { address } = tenant.addMailbox('anna');
  for (const pause of [0, 20_000, 30_000, 30_000]) {
    clock.advance(pause);
    await login(tenant, address, app);
  }
  expect(tenant.loginsPerMinute(address)).toBe(3);
  expect(tenant.loginsPerMinute('bert@contoso.example')).toBe(0);
});
