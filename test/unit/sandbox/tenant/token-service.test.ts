import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { digest, signJwt } from '../../../../sandbox/tenant/jwt.ts';
import type { Registration } from '../../../../sandbox/tenant/registration.ts';
import type { Tenant } from '../../../../sandbox/tenant/tenant.ts';
import { readClaims } from '../../../../entra/claims.ts';
import { createTokenProvider } from '../../../../entra/tokens.ts';
import { selfSignedCertificate } from '../../../support/certificate.ts';
import { ask, askToken, tenants, tokenOf } from './harness.ts';

const { start } = tenants();
const { certPem, keyPem } = selfSignedCertificate(['mailferry'], { key: 'rsa' });
const HOUR_MS = 3_600_000;

describe('Microsoft’s own library', () => {
  test.each([
    ['a secret', (app: Registration) => ({ kind: 'secret', secret: app.secret }) as const],
    ['a certificate', () => ({ kind: 'certificate', pem: `${keyPem}${certPem}` }) as const],
  ])('gets a token with %s', async (_, credentialOf) => {
    const { tenant, clock } = await start({ domains: ['contoso.example'] });
    const app = tenant.registerApp({ certificates: [certPem] });
    for (const name of [tenant.tenantId, 'contoso.example']) {
      const token = await createTokenProvider(clock.now).token({
        authority: tenant.authority,
        authorityCaPem: tenant.caPem,
        tenant: name,
        clientId: app.clientId,
        scope: tenant.scope,
        credential: credentialOf(app),
      });
      expect(token.audience).toBe('https://outlook.office365.com');
      expect(token.roles).toEqual(['IMAP.AccessAsApp']);
    }
    expect(tenant.tokenService.issued(app.clientId)).toBe(2);
  });
});

describe('a token', () => {
  test('carries what the application was allowed when it was issued, as long as it lives', async () => {
    const { tenant, clock } = await start({ tokenLifeMs: HOUR_MS });
    const app = tenant.registerApp({ consented: [] });
    const early = await tokenOf(tenant, app);
    app.consent();
    const late = await tokenOf(tenant, app);
    expect(readClaims(early).roles).toEqual([]);
    expect(readClaims(late)).toMatchObject({ roles: ['IMAP.AccessAsApp'] });
    expect(readClaims(late).expiresAt).toBe(Math.floor((clock.now() + HOUR_MS) / 1_000) * 1_000);
  });

  test('gets its role only once the consent has come through', async () => {
    const { tenant, clock } = await start({ propagationMs: 600_000 });
    const app = tenant.registerApp({ consented: [] });
    app.consent();
    clock.advance(599_999);
    expect(readClaims(await tokenOf(tenant, app)).roles).toEqual([]);
    clock.advance(1);
    expect(readClaims(await tokenOf(tenant, app)).roles).toEqual(['IMAP.AccessAsApp']);
  });

  test('is active for whoever asks, until it expires', async () => {
    const { tenant, clock } = await start({ tokenLifeMs: HOUR_MS });
    const app = tenant.registerApp();
    const token = await tokenOf(tenant, app);
    const path = new URL(tenant.introspectionUrl).pathname;
    const introspect = async (text: string): Promise<unknown> => (await ask(tenant, path, { token: text })).body;
    expect(await introspect(token)).toMatchObject({ active: true, client_id: app.clientId });
    expect(await introspect(`${token.slice(0, -4)}AAAA`)).toEqual({ active: false });
    clock.advance(HOUR_MS);
    expect(await introspect(token)).toEqual({ active: false });
  });
});

describe('a refusal', () => {
  interface Case {
    readonly code: number;
    readonly error: string;
    readonly status: number;
    readonly prepare?: (app: Registration, tenant: Tenant) => unknown;
    readonly change?: Readonly<Record<string, string | undefined>>;
  }
  const cases: readonly Case[] = [
    { code: 7000215, error: 'invalid_client', status: 401, change: { client_secret: 'wrong' } },
    { code: 7000218, error: 'invalid_client', status: 401, change: { client_secret: undefined } },
    { code: 7000222, error: 'invalid_client', status: 401, prepare: (app) => app.expireSecrets() },
    { code: 700016, error: 'unauthorized_client', status: 400, change: { client_id: 'none' } },
    {
      code: 700016,
      error: 'unauthorized_client',
      status: 400,
      prepare: (app) => Object.assign(app, { installed: false }),
    },
    {
      code: 7000112,
      error: 'unauthorized_client',
      status: 401,
      prepare: (app) => Object.assign(app, { enabled: false }),
    },
    { code: 90002, error: 'invalid_request', status: 400, change: { tenantPath: 'elsewhere.example' } },
    { code: 9001023, error: 'invalid_request', status: 400, change: { tenantPath: 'common' } },
    {
      code: 900432,
      error: 'invalid_request',
      status: 400,
      prepare: (_, { directory }) => Object.assign(directory, { inThisCloud: false }),
    },
    { code: 70011, error: 'invalid_scope', status: 400, change: { scope: '' } },
    { code: 1002012, error: 'invalid_scope', status: 400, change: { scope: 'https://outlook.office365.com/IMAP.All' } },
    { code: 500011, error: 'invalid_resource', status: 400, change: { scope: 'https://mail.example/.default' } },
    {
      code: 53003,
      error: 'access_denied',
      status: 400,
      prepare: (app) => Object.assign(app, { conditionalAccess: 'blocks-tokens' }),
    },
  ];
  test.each(cases)('AADSTS$code ($error)', async ({ code, error, status, prepare, change }) => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    prepare?.(app, tenant);
    const answer = await askToken(tenant, app, change);
    expect(answer).toMatchObject({ status, body: { error, error_codes: [code] } });
    expect(answer.body['error_description']).toMatch(
      new RegExp(`^AADSTS${code}: .+ Trace ID: \\S+ Correlation ID: \\S+ Timestamp: \\S+ \\S+Z$`, 's'),
    );
    expect(tenant.tokenService.requests.at(-1)?.outcome).toBe(code);
  });

  test('of a secret’s ID in the place of its value is that of a wrong secret', async () => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    const { body } = await askToken(tenant, app, { client_secret: app.secrets[0]?.id });
    expect(body['error_codes']).toEqual([7000215]);
  });

  test('of a tenant that does not exist comes with its discovery', async () => {
    const { tenant } = await start();
    const answer = await ask(tenant, '/elsewhere.example/v2.0/.well-known/openid-configuration');
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request', error_codes: [90002] } });
  });

  test('that passes says when to come again', async () => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    tenant.tokenService.faults.add({ kind: 'refuse', code: 90055, retryAfter: 40 });
    expect(await askToken(tenant, app)).toMatchObject({ status: 429, headers: { 'retry-after': '40' } });
    expect(await askToken(tenant, app)).toMatchObject({ status: 200 });
  });

  test('may come from somebody in between', async () => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    const fault = tenant.tokenService.faults.add({ kind: 'answer', status: 502, body: '<html>', times: 'always' });
    expect(await askToken(tenant, app)).toMatchObject({ status: 502, body: { text: '<html>' } });
    fault.release();
    expect(await askToken(tenant, app)).toMatchObject({ status: 200 });
  });
});

describe('an assertion', () => {
  const certificate = new X509Certificate(certPem);
  const { privateKey: otherKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const x5t = digest(certificate.raw, 'sha1').toString('base64url');
  const key = createPrivateKey(keyPem);

  async function outcome(
    change: {
      readonly header?: Readonly<Record<string, unknown>>;
      readonly claims?: Readonly<Record<string, unknown>>;
      readonly by?: typeof key;
    } = {},
  ): Promise<unknown> {
    const { tenant } = await start();
    const app = tenant.registerApp({ certificates: [certPem] });
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      aud: `${tenant.authority}/${tenant.tenantId}/oauth2/v2.0/token`,
      iss: app.clientId,
      sub: app.clientId,
      nbf: now,
      exp: now + 600,
      ...change.claims,
    };
    const { body } = await askToken(tenant, app, {
      client_secret: undefined,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signJwt({ x5t, ...change.header }, claims, change.by ?? key),
    });
    return body['error_codes'] ?? 'granted';
  }

  test('with the registered certificate is taken', async () => {
    expect(await outcome()).toBe('granted');
  });

  test.each([
    ['signed by another key', { by: otherKey }, 700027],
    ['that names another certificate', { header: { x5t: 'AAAA' } }, 700027],
    ['that names two certificates', { header: { 'x5t#S256': 'AAAA' } }, 700027],
    ['that names none', { header: { x5t: undefined } }, 700027],
    ['for another application', { claims: { sub: 'another' } }, 700027],
    ['for another service', { claims: { aud: 'https://elsewhere.example/token' } }, 700023],
    ['that has expired', { claims: { exp: 1_000_000 } }, 700024],
    ['from the future', { claims: { nbf: 9_999_999_999 } }, 700024],
  ])('%s is refused', async (_, change, code) => {
    expect(await outcome(change)).toEqual([code]);
  });

  test('with a certificate that was never registered is told its thumbprint', async () => {
    const { tenant } = await start();
    const app = tenant.registerApp();
    const { body } = await askToken(tenant, app, {
      client_secret: undefined,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signJwt({ x5t }, {}, key),
    });
    expect(body['error_description']).toContain(certificate.fingerprint.replaceAll(':', ''));
  });
});

test('the log of requests holds no secret', async () => {
  const { tenant } = await start();
  const app = tenant.registerApp({ secret: 'canary-secret' });
  await askToken(tenant, app);
  expect(tenant.tokenService.requests).toMatchObject([{ clientId: app.clientId, credential: 'secret' }]);
  expect(JSON.stringify(tenant.tokenService.requests)).not.toContain('canary');
});
