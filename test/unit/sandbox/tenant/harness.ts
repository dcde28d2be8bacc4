import { request } from 'node:https';
import { afterEach } from 'vitest';
import { ManualClock } from '../../../../sandbox/tenant/clock.ts';
import type { Registration } from '../../../../sandbox/tenant/registration.ts';
import { startTenant, type Tenant, type TenantOptions } from '../../../../sandbox/tenant/tenant.ts';
import { RawClient } from '../raw-client.ts';

/** A tenant whose time stands still until it is moved. */
export interface TestTenant {
  readonly tenant: Tenant;
  readonly clock: ManualClock;
}

/** Starts tenants and clients that end with the test that asked for them; a server that failed inside fails the test. */
export function tenants(): {
  readonly start: (options?: TenantOptions) => Promise<TestTenant>;
  readonly connect: (tenant: Tenant) => Promise<RawClient>;
  /** Connects and presents a new token of the application; the client, and the answer to the login. */
  readonly login: (
    tenant: Tenant,
    address: string,
    app: Registration,
  ) => Promise<{ readonly client: RawClient; readonly answer: string }>;
} {
  const ends: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  const connect = async (tenant: Tenant): Promise<RawClient> => {
    const client = await RawClient.connect(tenant.imap.port, { ca: tenant.caPem });
    ends.push(() => client.close());
    await client.line();
    return client;
  };
  return {
    start: async (options = {}) => {
      const clock = new ManualClock();
      const tenant = await startTenant({ clock, ...options });
      ends.push(() => tenant.close());
      return { tenant, clock };
    },
    connect,
    login: async (tenant, address, app) => {
      const [client, token] = [await connect(tenant), await tokenOf(tenant, app)];
      return { client, answer: await client.command(`AUTHENTICATE XOAUTH2 ${xoauth2(address, token)}`) };
    },
  };
}

/** The initial response of XOAUTH2. */
export function xoauth2(address: string, token: string): string {
  return Buffer.from(`user=${address}\u0001auth=Bearer ${token}\u0001\u0001`).toString('base64');
}

/** An answer of the token service. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks the token service by hand: POST of a form, or GET without one. */
export function ask(tenant: Tenant, path: string, form?: Readonly<Record<string, string>>): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const url = `${tenant.authority}${path}`;
    const asking = request(url, { method: form === undefined ? 'GET' : 'POST', ca: tenant.caPem, agent: false });
    asking.once('error', reject);
    asking.once('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      response.once('end', () => {
        const body: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : { text };
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asking.end(form === undefined ? undefined : new URLSearchParams(form).toString());
  });
}

/** Asks for a token as the application, with its secret; `change` replaces parameters, or removes those that are undefined. */
export function askToken(
  tenant: Tenant,
  app: Registration,
  change: Readonly<Record<string, string | undefined>> = {},
): Promise<HttpAnswer> {
  const { tenantPath = tenant.tenantId, ...changed } = change;
  const form = {
    grant_type: 'client_credentials',
    client_id: app.clientId,
    client_secret: app.secrets[0]?.value,
    scope: tenant.scope,
    ...changed,
  };
  const given = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return ask(tenant, `/${tenantPath}/oauth2/v2.0/token`, Object.fromEntries(given));
}

/** A new access token of the application. */
export async function tokenOf(tenant: Tenant, app: Registration): Promise<string> {
  const { body } = await askToken(tenant, app);
  const token = body['access_token'];
  if (typeof token !== 'string') throw new Error(`No token: ${JSON.stringify(body)}`);
  return token;
}
