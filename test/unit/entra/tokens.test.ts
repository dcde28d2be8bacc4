import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTokenProvider, MOMENT_MS, type TokenProvider, type TokenRequest } from '../../../entra/tokens.ts';
import { FRESH_FOR_A_MAILBOX_MS } from '../../../activities/application-token.ts';
import { EntraRefusal } from '../../../entra/refusal.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import {
  configurationOf,
  grant,
  refusal,
  startTokenEndpoint,
  type TokenEndpoint,
} from '../../support/token-endpoint.ts';

const SECRET = 'canary-secret-8Q~xyz';
const RESOURCE = 'https://outlook.office365.com';
const HOUR_S = 3_600;

let endpoint: TokenEndpoint;
let now: number;
let tokens: TokenProvider;

beforeAll(async () => {
  endpoint = await startTokenEndpoint();
});
afterAll(() => endpoint.close());
beforeEach(() => {
  now = Date.now();
  tokens = createTokenProvider(() => now);
  endpoint.configuration = (tenant) => ({ status: 200, body: configurationOf(`${endpoint.authority}/${tenant}`) });
  endpoint.answer = () => grant(now, HOUR_S, { aud: RESOURCE, roles: ['IMAP.AccessAsApp'] });
});

function request(change: Partial<TokenRequest> = {}): TokenRequest {
  return {
    authority: endpoint.authority,
    authorityCaPem: endpoint.caPem,
    tenant: 'contoso.onmicrosoft.com',
    clientId: '11111111-2222-3333-4444-555555555555',
    scope: `${RESOURCE}/.default`,
    credential: { kind: 'secret', secret: SECRET },
    ...change,
  };
}

async function asksDuring(act: () => Promise<unknown>): Promise<number> {
  const before = endpoint.asked.length;
  await act();
  return endpoint.asked.length - before;
}

async function refusalOf(promise: Promise<unknown>): Promise<EntraRefusal> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof EntraRefusal)) throw new Error('there was no refusal', { cause: error });
  return error;
}

describe('a token', () => {
  test('is asked for with the secret, the scope and the client, and its claims are read', async () => {
    const token = await tokens.token(request());
    expect(token.audience).toBe(RESOURCE);
    expect(token.roles).toEqual(['IMAP.AccessAsApp']);
    expect(token.expiresAt).toBe(now + HOUR_S * 1_000);
    const last = endpoint.asked.at(-1);
    expect(last?.tenant).toBe('contoso.onmicrosoft.com');
    expect(last?.form.get('grant_type')).toBe('client_credentials');
    expect(last?.form.get('client_secret')).toBe(SECRET);
    expect(last?.form.get('scope')).toContain(`${RESOURCE}/.default`);
  });

  test('is asked for with a signed assertion where the application has a certificate', async () => {
    const { certPem, keyPem } = selfSignedCertificate(['mailferry'], { key: 'rsa' });
    await tokens.token(request({ credential: { kind: 'certificate', pem: `${keyPem}${certPem}` } }));
    const form = endpoint.asked.at(-1)?.form;
    expect(form?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(form?.get('client_assertion')?.split('.')).toHaveLength(3);
    expect(form?.has('client_secret')).toBe(false);
  });

  test('is asked for once by a thousand mailboxes', async () => {
    const asks = await asksDuring(() => Promise.all(Array.from({ length: 1_000 }, () => tokens.token(request()))));
    expect(asks).toBe(1);
  });

  test('is kept until four fifths of its life are over', async () => {
    await tokens.token(request());
    now += 0.79 * HOUR_S * 1_000;
    expect(await asksDuring(() => tokens.token(request()))).toBe(0);
    now += 0.02 * HOUR_S * 1_000;
    expect(await asksDuring(() => tokens.token(request()))).toBe(1);
  });

  test('is asked for anew when a fresh one is wanted, but not twice in a moment', async () => {
    await tokens.token(request());
    now += 6_000;
    expect(await asksDuring(() => tokens.token(request(), MOMENT_MS))).toBe(1);
    expect(await asksDuring(() => tokens.token(request(), 0))).toBe(0);
  });

  test('is asked for once a minute by a thousand mailboxes that are refused at any moment', async () => {
    await tokens.token(request());
    const asks = await asksDuring(async () => {
      for (let mailbox = 0; mailbox < 1_000; mailbox += 1) {
        now += 600;
        await tokens.token(request(), FRESH_FOR_A_MAILBOX_MS);
      }
    });
    expect(asks).toBe(10);
  });

  test('lives as long as the service says, whatever this machine’s clock shows', async () => {
    endpoint.answer = () => grant(now - 86_400_000, HOUR_S, { aud: RESOURCE });
    await tokens.token(request());
    now += 0.79 * HOUR_S * 1_000;
    expect(await asksDuring(() => tokens.token(request()))).toBe(0);
  });

  test('is used to its end when its renewal fails', async () => {
    const first = await tokens.token(request());
    now += 0.9 * HOUR_S * 1_000;
    endpoint.answer = () => refusal(503, 'temporarily_unavailable', 'AADSTS90033: A transient error has occurred.');
    expect((await tokens.token(request())).text).toBe(first.text);
    now += 0.2 * HOUR_S * 1_000;
    expect((await refusalOf(tokens.token(request()))).aadsts).toBe('90033');
  });

  test('stays for the others where somebody asked for a fresh one in vain', async () => {
    const first = await tokens.token(request());
    now += 60_000;
    endpoint.answer = () => refusal(503, 'temporarily_unavailable', 'AADSTS90033: A transient error has occurred.');
    await refusalOf(tokens.token(request(), MOMENT_MS));
    expect(await asksDuring(async () => expect((await tokens.token(request())).text).toBe(first.text))).toBe(0);
  });

  test('belongs to one credential only', async () => {
    await tokens.token(request());
    const other = request({ credential: { kind: 'secret', secret: 'another' } });
    expect(await asksDuring(() => tokens.token(other))).toBe(1);
  });
});

describe('a refusal', () => {
  test('names the AADSTS code and what it means, and the server’s words without the secret', async () => {
    endpoint.answer = () =>
      refusal(401, 'invalid_client', `AADSTS7000215: Invalid client secret '${SECRET}' provided. Trace ID: 0815`);
    const { problem, aadsts, oauthError } = await refusalOf(tokens.token(request()));
    expect(problem.code).toBe('token.secret-wrong');
    expect(problem.text).toContain('AADSTS7000215: the client secret is wrong');
    expect(problem.serverText).toContain('Invalid client secret');
    expect(JSON.stringify(problem)).not.toContain(SECRET);
    expect(problem.serverText).not.toContain('0815');
    expect(aadsts).toBe('7000215');
    expect(oauthError).toBe('invalid_client');
  });

  test('that passes is a wait, as long as the service asks for', async () => {
    endpoint.answer = () => ({
      ...refusal(429, 'temporarily_unavailable', 'AADSTS90055: The tenant is throttled.'),
      headers: { 'retry-after': '17' },
    });
    const { problem } = await refusalOf(tokens.token(request()));
    expect(problem).toMatchObject({ code: 'token.busy', waitMs: 17_000 });
  });

  test('is remembered for a moment, so that a thousand mailboxes are refused at the price of one', async () => {
    endpoint.answer = () => refusal(400, 'unauthorized_client', 'AADSTS700016: Application not found.');
    await refusalOf(tokens.token(request()));
    expect(await asksDuring(() => refusalOf(tokens.token(request(), MOMENT_MS)))).toBe(0);
    now += 6_000;
    expect(await asksDuring(() => refusalOf(tokens.token(request())))).toBe(0);
    expect(await asksDuring(() => refusalOf(tokens.token(request(), MOMENT_MS)))).toBe(1);
    now += 61_000;
    expect(await asksDuring(() => refusalOf(tokens.token(request())))).toBe(1);
  });

  test('that names a wait is kept to by everybody until it is over', async () => {
    endpoint.answer = () => ({
      ...refusal(429, 'temporarily_unavailable', 'AADSTS90055: The tenant is throttled.'),
      headers: { 'retry-after': '120' },
    });
    await refusalOf(tokens.token(request()));
    now += 119_000;
    expect(await asksDuring(() => refusalOf(tokens.token(request(), MOMENT_MS)))).toBe(0);
    now += 2_000;
    expect(await asksDuring(() => refusalOf(tokens.token(request(), MOMENT_MS)))).toBe(1);
  });

  test('for a tenant of another cloud names that cloud, and the secret has not gone there', async () => {
    const us = configurationOf('https://login.microsoftonline.us/contoso');
    endpoint.configuration = () => ({ status: 200, body: us });
    const { problem } = await refusalOf(tokens.token(request()));
    expect(problem.text).toContain('its token service is login.microsoftonline.us');
    expect(problem.text).toContain('`cloud: gcc-high` or `cloud: dod`');
  });

  test('of a certificate that is not trusted names the certificate', async () => {
    const { certPem } = selfSignedCertificate(['127.0.0.1']);
    const { problem } = await refusalOf(tokens.token(request({ authorityCaPem: certPem })));
    expect(problem.code).toBe('server.certificate');
  });

  test('of a host that nobody listens on is an unreachable server', async () => {
    const gone = await startTokenEndpoint();
    await gone.close();
    const { problem } = await refusalOf(tokens.token(request({ authority: gone.authority })));
    expect(problem.code).toBe('server.unreachable');
    expect(problem.text).toContain(gone.authority);
  });

  test('of an answer that is not JSON is an unreachable server', async () => {
    endpoint.answer = () => ({ status: 200, body: '<html>proxy</html>' });
    const { problem } = await refusalOf(tokens.token(request()));
    expect(problem.code).toBe('server.unreachable');
  });

  test('comes before anything is sent when the authority is not https', async () => {
    const plain = request({ authority: endpoint.authority.replace('https:', 'http:') });
    expect(await asksDuring(() => refusalOf(tokens.token(plain)))).toBe(0);
  });

  test.each([
    ['without a key', (cert: string) => cert, /no unencrypted private key/],
    ['without a certificate', (_: string, key: string) => key, /BEGIN CERTIFICATE/],
  ])('comes before anything is sent for a certificate %s', async (_name, pemOf, text) => {
    const { certPem, keyPem } = selfSignedCertificate(['mailferry'], { key: 'rsa' });
    const credential = { kind: 'certificate', pem: pemOf(certPem, keyPem) } as const;
    expect((await refusalOf(tokens.token(request({ credential })))).problem.text).toMatch(text);
  });

  test('names the thumbprint of a certificate that is not the expected one', async () => {
    const { certPem, keyPem } = selfSignedCertificate(['mailferry'], { key: 'rsa' });
    const credential = { kind: 'certificate', pem: `${certPem}${keyPem}`, thumbprint: 'AB:CD' } as const;
    expect((await refusalOf(tokens.token(request({ credential })))).problem.text).toContain('expects ABCD');
  });
});
