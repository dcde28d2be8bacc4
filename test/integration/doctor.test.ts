/** What can be wrong with a tenant is made wrong in a sandbox tenant; the doctor names each of it, and ends with 4. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import type { AppOptions, Registration } from '../../sandbox/tenant/registration.ts';
import { startTenant, type Tenant } from '../../sandbox/tenant/tenant.ts';
import { runCli, type CliEnding, type CliProcess } from '../support/cli.ts';
import { grant, startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.ts';
import { until } from '../support/until.ts';
import { startUp, stopUp } from '../support/up.ts';

const EXCHANGE = 'https://outlook.office365.com';
const PEOPLE = ['anna', 'bert', 'carl', 'dora', 'emil'] as const;
const PASSWORD = 'the destination’s own';

let directory = '';
let up: CliProcess;
let destination: Sandbox;
let tenant: Tenant;
let numbered = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailferry-doctor-'));
  destination = await startSandbox({ users: PEOPLE.map((name) => ({ name, password: PASSWORD })) });
  tenant = await startTenant({ domains: ['contoso.example', 'contoso.onmicrosoft.example'] });
  await writeFile(join(directory, 'ca.pem'), tenant.caPem);
  up = await startUp(directory);
});

afterAll(async () => {
  await stopUp(up);
  await tenant?.close();
  await destination?.close();
  await rm(directory, { recursive: true, force: true });
});

afterEach(() => {
  for (const { address } of tenant.directory.mailboxes) tenant.directory.removeMailbox(address);
});

interface Given {
  readonly app?: AppOptions;
  /** What is pasted into the project file instead of the secret's value. */
  readonly secret?: (app: Registration) => string;
  readonly tenantName?: string;
  /** Another token service than the tenant's own. */
  readonly tokens?: Pick<TokenEndpoint, 'authority' | 'caPem'>;
  readonly timing?: string;
  readonly people?: readonly string[];
}

/** A project file for people who are in the tenant, and the application with which they are opened. */
async function project({
  app: options = {},
  secret = ({ secret: value }) => value,
  tenantName,
  tokens = tenant,
  timing = '',
  people = PEOPLE,
}: Given) {
  numbered += 1;
  const name = `doctor-${numbered}`;
  const app = tenant.registerApp(options);
  for (const person of people) tenant.addMailbox(person);
  await writeFile(join(directory, `${name}.authority.pem`), tokens.caPem);
  await writeFile(join(directory, `${name}.secret`), secret(app), { mode: 0o600 });
  const rows = people.map((person) => `${person}@${tenant.domain},${person},${PASSWORD}`);
  await writeFile(join(directory, `${name}.csv`), ['source,destination,destination_password', ...rows, ''].join('\n'), {
    mode: 0o600,
  });
  const file = `${name}.yaml`;
  await writeFile(
    join(directory, file),
    `schema: mailferry/project/v1
name: ${name}
source:
  host: 127.0.0.1
  port: ${tenant.imap.port}
  tls: implicit
  ca: ca.pem
  authentication:
    kind: oauth2
    tenant: ${tenantName ?? tenant.tenantId}
    clientId: ${app.clientId}
    secretFile: ${name}.secret
    authority: ${tokens.authority}
    authorityCa: ${name}.authority.pem
    scope: ${tenant.scope}
destination:
  host: 127.0.0.1
  port: ${destination.port}
  tls: none
  authentication:
    kind: password
mailboxes:
  csv: ${name}.csv
${timing}`,
  );
  return { app, file, name };
}

function mailferry(...args: readonly string[]): Promise<CliEnding> {
  return runCli(args, { cwd: directory });
}

describe('a tenant that is set up', () => {
  test('is fine, step by step, and nothing else is tried than a few mailboxes', async () => {
    const { file } = await project({});
    const before = tenant.logins.length;
    const { code, out, err } = await mailferry('doctor', file);
    expect([code, err]).toEqual([0, expect.not.stringContaining('error')]);
    expect(out).toContain('source: 5 mailboxes at 127.0.0.1, opened by application');
    expect(out).toMatch(/ok {2}access token, until /);
    expect(out).toContain(`ok  audience https://outlook.office365.com`);
    expect(out).toContain('ok  role IMAP.AccessAsApp');
    expect(out).toContain('The source is fine: 3 of 5 mailboxes tried.');
    expect(out).toContain('The destination is fine');
    expect(out).not.toContain('Connect-ExchangeOnline');
    expect(tenant.logins.length - before).toBe(3);
  });

  test('is told to programs as one object', async () => {
    const { file, name } = await project({});
    const { code, out } = await mailferry('doctor', file, '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      project: name,
      fine: true,
      sides: [
        { side: 'source', auth: 'oauth2', diagnosis: { kind: 'open', refused: [] }, commands: [] },
        { side: 'destination', auth: 'password', diagnosis: { kind: 'open', refused: [] } },
      ],
    });
  });
});

/** Runs the doctor where something is wrong, and gives what it said. */
async function diagnosed(given: Given, wrong: (app: Registration) => void = () => undefined): Promise<string> {
  const { app, file } = await project(given);
  wrong(app);
  const { code, out, err } = await mailferry('doctor', file);
  expect([code, err]).toEqual([4, expect.not.stringContaining('error')]);
  return out;
}

describe('the doctor names', () => {
  test('a wrong secret', async () => {
    const out = await diagnosed({ secret: () => 'not the secret' });
    expect(out).toMatch(/no {2}access token: token\.secret-wrong/);
    expect(out).toContain('AADSTS7000215');
    expect(out).toContain('the client secret is wrong');
  });

  test('the ID of a secret in place of its value', async () => {
    const out = await diagnosed({ secret: ({ secrets: [first] }) => first?.id ?? '' });
    expect(out).toContain('AADSTS7000215');
    expect(out).toMatch(/secret’s ID was pasted instead of its value/);
  });

  test('an expired secret', async () => {
    const out = await diagnosed({}, ({ secrets: [first] }) => {
      if (first !== undefined) first.expiresAt = Date.now() - 1;
    });
    expect(out).toContain('AADSTS7000222');
    expect(out).toContain('the client secret has expired');
  });

  test('a missing consent, without showing the token to any mailbox', async () => {
    const before = tenant.logins.length;
    const out = await diagnosed({ app: { consented: [] } });
    expect(out).toMatch(/no {2}role IMAP\.AccessAsApp: access\.role/);
    expect(out).toContain('it holds no role at all');
    expect(out).toContain('1. admin consent for IMAP.AccessAsApp is missing');
    expect(tenant.logins.length).toBe(before);
  });

  test('a delegated permission in place of the application’s own', async ({ onTestFinished }) => {
    const tokens = await startTokenEndpoint();
    onTestFinished(tokens.close);
    tokens.answer = () => grant(Date.now(), 3_600, { aud: EXCHANGE, scp: 'IMAP.AccessAsUser.All' });
    const before = tenant.logins.length;
    const out = await diagnosed({ tokens });
    expect(out).toMatch(/no {2}role IMAP\.AccessAsApp: access\.role/);
    expect(out).toContain('holds the delegated permission IMAP.AccessAsUser.All');
    expect(out).toContain('1. the permission is a delegated one');
    expect(tenant.logins.length).toBe(before);
  });

  test('a permission for another protocol', async () => {
    const out = await diagnosed({ app: { consented: ['POP.AccessAsApp'] } });
    expect(out).toContain('it holds only POP.AccessAsApp');
  });

  test('the wrong Object ID, with the commands that compare and mend it', async () => {
    const out = await diagnosed({ app: { servicePrincipal: 'app-registration' } });
    expect(out).toContain('access.refused');
    expect(out).toContain('AUTHENTICATE failed.');
    expect(out).toContain('the service principal is registered with the wrong Object ID');
    expect(out).toContain('New-ServicePrincipal');
  });

  test('an application that Exchange was never told of', async () => {
    const out = await diagnosed({ app: { servicePrincipal: 'none' } });
    expect(out).toContain('1. the service principal is not registered in Exchange Online');
  });

  test('Conditional Access that refuses tokens', async () => {
    const out = await diagnosed({}, (app) => {
      app.conditionalAccess = 'blocks-tokens';
    });
    expect(out).toContain('AADSTS53003');
    expect(out).toContain('Conditional Access');
  });

  test('Conditional Access that refuses sign-ins', async () => {
    const out = await diagnosed({}, (app) => {
      app.conditionalAccess = 'blocks-sign-in';
    });
    expect(out).toContain('Conditional Access blocks the application');
  });

  test('a mailbox for which IMAP is disabled, with commands for it alone', async () => {
    const out = await diagnosed({ people: ['anna', 'bert', 'carl'] }, () => {
      tenant.directory.mailbox(`bert@${tenant.domain}`).setImapEnabled(false);
    });
    expect(out).toContain('1 mailbox is refused; the tenant lets others in');
    expect(out).toContain('IMAP is disabled for the mailbox');
    expect(out).toContain(`$mailboxes = @(\n  'bert@${tenant.domain}'\n)`);
    expect(out).toContain('Set-CASMailbox');
    expect(out).not.toContain('New-ServicePrincipal');
  });

  test('a mailbox that does not exist', async () => {
    const out = await diagnosed({ people: ['anna', 'bert', 'carl'] }, () => {
      tenant.directory.removeMailbox(`carl@${tenant.domain}`);
    });
    expect(out).toContain('there is no such mailbox');
    expect(out).toContain(`'carl@${tenant.domain}'`);
  });

  test('a tenant that is not there', async () => {
    const out = await diagnosed({ tenantName: 'fabrikam.example' });
    expect(out).toContain('no  access token: token.tenant-unknown');
    expect(out).toContain('AADSTS90002');
  });

  test('all mailboxes that are refused, when every one is asked for', async () => {
    const { app, file } = await project({});
    for (const person of ['dora', 'emil']) tenant.directory.mailbox(`${person}@${tenant.domain}`).revokeFullAccess(app);
    const { code, out } = await mailferry('doctor', file, '--all');
    expect(code).toBe(4);
    expect(out).toContain('2 mailboxes are refused; the tenant lets others in');
    expect(out).toContain(`$mailboxes = @(\n  'dora@${tenant.domain}'\n  'emil@${tenant.domain}'\n)`);
    expect(out).toContain('the application has no FullAccess to the mailbox');
  });
});

function refusedSince(report: string): number {
  return Number(JSON.parse(report).sides[0].refusedSince);
}

test('permissions on their way are waited for, and a tenant that stays closed is told since when', async () => {
  const { app, file } = await project({ app: { servicePrincipal: 'none' } });
  const first = await mailferry('doctor', file, '-o', 'json');
  const found: unknown = JSON.parse(first.out);
  expect(found).toMatchObject({ fine: false, sides: [{ diagnosis: { kind: 'propagation' } }, {}] });
  const again = await mailferry('doctor', file, '-o', 'json');
  expect(refusedSince(again.out)).toBeGreaterThan(0);
  expect(refusedSince(again.out)).toBe(refusedSince(first.out));
  app.setServicePrincipal('enterprise-application');
  expect((await mailferry('doctor', file)).code).toBe(0);
});

test('`start` tells once that the tenant lets nobody in, and knocks at no other mailbox', async () => {
  const { file } = await project({ app: { servicePrincipal: 'none' } });
  const before = tenant.logins.length;
  const { code, out, err } = await mailferry('start', file, '--yes');
  expect(code).toBe(4);
  expect(tenant.logins.length - before).toBe(PEOPLE.length);
  expect(`${out}${err}`.match(/no mailbox that was tried with it lets the application in/g)).toHaveLength(1);
  expect(err).toContain('mailferry doctor');
});

test('a project waits for its tenant, three logins at a time and no more, and goes on when it is let in', async () => {
  const people = Array.from({ length: 12 }, (_, at) => `person${at}`);
  for (const name of people) destination.store.addUser({ name, password: PASSWORD });
  const { app, file, name } = await project({
    app: { servicePrincipal: 'none' },
    people,
    timing: 'prestage: { olderThan: 0d }\ntiming: { accessBackoff: [1h], accessGrace: 2h }\n',
  });
  const before = tenant.logins.length;
  const logins = (): number => tenant.logins.length - before;
  expect((await mailferry('start', file, '--yes', '--no-preflight')).code).toBe(0);
  const told = async (): Promise<string> => (await mailferry('status', name)).out;
  const waiting = await until(told, (out) => out.includes('refused once'));
  expect(waiting).toMatch(/source: refused once, permissions young, next try \d\d:\d\d:\d\d UTC/);
  expect(waiting).toContain('1. the service principal is not registered in Exchange Online');
  expect(logins()).toBe(3);
  const shown = await mailferry('show', name, 'person1');
  expect(shown.err).toContain('Not all mailboxes have begun: source: refused once, permissions young');
  await mailferry('retry', name);
  await until(told, (out) => out.includes('refused 2 times'));
  expect(logins()).toBe(6);
  expect(new Set(tenant.logins.slice(before).map(({ address }) => address)).size).toBe(6);
  const asked = tenant.logins.length;
  app.setServicePrincipal('enterprise-application');
  await mailferry('retry', name);
  const ready = await mailferry('wait', name, '--for', 'ready', '--timeout', '200s');
  expect(ready.code).toBe(0);
  expect(tenant.logins.slice(asked).every(({ outcome }) => outcome === 'opened')).toBe(true);
  await mailferry('cancel', name, '--confirm', name);
});

test('without a worker it says how to start one', async () => {
  const { file } = await project({});
  const { code, err } = await runCli(['doctor', file, '--address', '127.0.0.1:9'], { cwd: directory });
  expect(code).toBe(5);
  expect(err).toContain('mailferry up');
});
