import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTenantFinder, domainOf, type TenantFinder } from '../../../entra/discovery.ts';
import { EntraRefusal } from '../../../entra/refusal.ts';
import type { Problem } from '../../../model/mailbox.ts';
import { configurationOf, refusal, startTokenEndpoint, type TokenEndpoint } from '../../support/token-endpoint.ts';

const TENANT = '2f6a1b0c-1111-4222-8333-944445555666';

let endpoint: TokenEndpoint;
let now: number;
let finder: TenantFinder;

beforeAll(async () => {
  endpoint = await startTokenEndpoint();
});
afterAll(() => endpoint.close());
beforeEach(() => {
  now = 1_000_000;
  finder = createTenantFinder(() => now);
  endpoint.configuration = () => ({ status: 200, body: configurationOf(`${endpoint.authority}/${TENANT}`) });
});

function tenantOf(domain: string): Promise<string> {
  return finder.tenantOf({ authority: endpoint.authority, authorityCaPem: endpoint.caPem }, domain);
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EntraRefusal) return error.problem;
  throw new Error('there was no refusal', { cause: error });
}

async function asksDuring(act: () => Promise<unknown>): Promise<readonly string[]> {
  const before = endpoint.discovered.length;
  await act();
  return endpoint.discovered.slice(before);
}

describe('the tenant of a domain', () => {
  test('is the ID in the issuer of its OpenID configuration', async () => {
    expect(await tenantOf('contoso.example')).toBe(TENANT);
  });

  test('is asked for once by a thousand mailboxes, whatever the case of their domain', async () => {
    const asked = await asksDuring(() =>
      Promise.all(
        Array.from({ length: 1_000 }, (_, at) => tenantOf(at % 2 === 0 ? 'contoso.example' : 'CONTOSO.example')),
      ),
    );
    expect(asked).toEqual(['contoso.example']);
  });

  test('that Microsoft does not know is refused by its name, and asked for again only after a while', async () => {
    endpoint.configuration = () =>
      refusal(400, 'invalid_tenant', "AADSTS90002: Tenant 'nobody.example' not found. Trace ID: 1");
    const problem = await problemOf(tenantOf('nobody.example'));
    expect(problem).toMatchObject({
      code: 'token.tenant-unknown',
      serverText: "AADSTS90002: Tenant 'nobody.example' not found.",
    });
    expect(problem.text).toContain('no tenant for the domain nobody.example');
    expect(await asksDuring(() => problemOf(tenantOf('nobody.example')))).toEqual([]);
    now += 60_000;
    expect(await asksDuring(() => problemOf(tenantOf('nobody.example')))).toHaveLength(1);
  });

  test.each([
    ['DODCON', 'login.microsoftonline.us', 'the project file needs `cloud: gcc-high`'],
    ['DOD', 'login.microsoftonline.us', 'the project file needs `cloud: dod`'],
    [undefined, 'login.microsoftonline.us', 'the project file needs `cloud: gcc-high` or `cloud: dod`'],
    [undefined, 'login.partner.microsoftonline.cn', 'the project file needs `cloud: china`'],
    [undefined, 'login.elsewhere.example', 'correct `authority` and `scope`'],
  ])('in another cloud (%s, %s) is refused with the cloud’s name', async (subScope, host, text) => {
    const body = { ...configurationOf(`https://${host}/${TENANT}`), tenant_region_sub_scope: subScope };
    endpoint.configuration = () => ({ status: 200, body });
    const problem = await problemOf(tenantOf('contoso.example'));
    expect(problem.code).toBe('token.cloud');
    expect(problem.text).toContain(`its token service is ${host}`);
    expect(problem.text).toContain(text);
  });

  test('is waited for while the service has too much to do', async () => {
    endpoint.configuration = () => refusal(429, 'temporarily_unavailable', 'AADSTS90055: throttled');
    expect(await problemOf(tenantOf('contoso.example'))).toMatchObject({ code: 'token.busy' });
  });

  test.each([
    ['a page of HTML', { status: 200, body: '<html>proxy</html>' }, 'server.unreachable'],
    ['an issuer without a tenant', { status: 200, body: { issuer: 'https://127.0.0.1/' } }, 'token.tenant-unknown'],
  ] as const)('is not taken from %s', async (_, answer, code) => {
    endpoint.configuration = () => answer;
    expect((await problemOf(tenantOf('contoso.example'))).code).toBe(code);
  });
});

test.each([
  ['anna@contoso.example', 'contoso.example'],
  ['"a@b"@contoso.example', 'contoso.example'],
  ['anna@müller.example', 'müller.example'],
  ['anna', undefined],
  ['anna@localhost', undefined],
  ['anna@../evil', undefined],
  ['anna@', undefined],
  ['anna@contoso.example/common', undefined],
])('the domain of %s is %s', (user, domain) => {
  expect(domainOf(user)).toBe(domain);
});
