import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ProxyFailed } from '../../../entra/proxies.ts';
import { EntraRefusal } from '../../../entra/refusal.ts';
import { createTokenProvider, type TokenRequest } from '../../../entra/tokens.ts';
import type { Problem } from '../../../model/mailbox.ts';
import { startConnectProxy, type ConnectProxy } from '../../support/connect-proxy.ts';
import { configurationOf, startTokenEndpoint, type TokenEndpoint } from '../../support/token-endpoint.ts';

/** A name that only the proxy knows the way to. */
const HOST = 'login.sandbox.test';
const PASSWORD = 'canary:p%ss@word';

let endpoint: TokenEndpoint;
let proxy: ConnectProxy;

beforeAll(async () => {
  endpoint = await startTokenEndpoint(HOST);
  endpoint.configuration = (tenant) => ({ status: 200, body: configurationOf(`https://${HOST}/${tenant}`) });
});
afterAll(() => endpoint.close());
beforeEach(async () => {
  const routes = { [`${HOST}:443`]: Number(new URL(endpoint.authority).port) };
  proxy = await startConnectProxy({ credentials: `ferry:${PASSWORD}`, routes });
  return proxy.close;
});

async function tokenThrough(address: string, change: Partial<TokenRequest> = {}): Promise<string> {
  const provider = createTokenProvider(Date.now, () => new URL(address));
  const { text } = await provider.token({
    authority: `https://${HOST}`,
    authorityCaPem: endpoint.caPem,
    tenant: 'contoso',
    clientId: 'app',
    scope: 'https://outlook.office365.com/.default',
    credential: { kind: 'secret', secret: 'canary-secret' },
    ...change,
  });
  return text;
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EntraRefusal) return error.problem;
  throw new Error('there was no refusal', { cause: error });
}

const proxyAddress = (user = `ferry:${encodeURIComponent(PASSWORD)}@`): string => `http://${user}${proxy.host}`;

describe('a token through a proxy', () => {
  test('comes over a connection that the proxy makes for its user, and cannot read', async () => {
    expect((await tokenThrough(proxyAddress())).split('.')).toHaveLength(3);
    expect(proxy.asked).toContain(`${HOST}:443`);
  });

  test.each([
    ['no user', '', 'answered 407 instead of connecting to login.sandbox.test:443; no user is given for it'],
    ['another password', 'ferry:wrong@', 'it does not take the user and password given for it'],
  ])('is refused to %s by the proxy’s name', async (_, user, text) => {
    const problem = await problemOf(tokenThrough(proxyAddress(user)));
    expect(problem.code).toBe('server.proxy');
    expect(problem.text).toContain(proxy.host);
    expect(problem.text).toContain(text);
    expect(problem.text).not.toContain('wrong');
  });

  test('is refused where the proxy does not connect to the service', async () => {
    const problem = await problemOf(tokenThrough(proxyAddress(), { authority: 'https://login.other.test' }));
    expect(problem).toMatchObject({ code: 'server.proxy', text: expect.stringContaining('answered 403') });
  });

  test('is refused where nobody listens at the proxy’s address', async () => {
    const address = proxyAddress();
    await proxy.close();
    const problem = await problemOf(tokenThrough(address));
    expect(problem).toMatchObject({ code: 'server.proxy', text: expect.stringContaining('ECONNREFUSED') });
    expect(problem.text).not.toContain(encodeURIComponent(PASSWORD));
  });

  test('is refused where the service behind it is not trusted, as without one', async () => {
    const other = await startTokenEndpoint();
    const problem = await problemOf(tokenThrough(proxyAddress(), { authorityCaPem: other.caPem }));
    await other.close();
    expect(problem.code).toBe('server.certificate');
  });

  test('is refused where the environment names a proxy that cannot be used', async () => {
    const provider = createTokenProvider(Date.now, () => {
      throw new ProxyFailed('HTTPS_PROXY does not hold the address of a proxy');
    });
    const asked = provider.token({
      authority: `https://${HOST}`,
      tenant: 'contoso',
      clientId: 'app',
      scope: 's',
      credential: { kind: 'secret', secret: 'x' },
    });
    expect(await problemOf(asked)).toMatchObject({ code: 'server.proxy' });
  });
});
