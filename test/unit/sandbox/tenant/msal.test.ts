import { request } from 'node:https';
import { type INetworkModule, ConfidentialClientApplication, type NetworkResponse } from '@azure/msal-node';
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { readClaims } from '../../../../entra/claims.ts';
import type { Tenant } from '../../../../sandbox/tenant/tenant.ts';
import { selfSignedCertificate } from '../../../support/certificate.ts';
import { tenants } from './harness.ts';

const { start } = tenants();
const { certPem, keyPem } = selfSignedCertificate(['mailferry'], { key: 'rsa' });
const thumbprintSha256 = new X509Certificate(certPem).fingerprint256.replaceAll(':', '');

/** Brings every request of the library to the tenant, whatever host it is for, as a resolver would. */
class Detour implements INetworkModule {
  readonly hosts: string[] = [];
  readonly #tenant: Tenant;

  constructor(tenant: Tenant) {
    this.#tenant = tenant;
  }

  sendGetRequestAsync<T>(url: string): Promise<NetworkResponse<T>> {
    return this.#send<T>('GET', url);
  }

  sendPostRequestAsync<T>(url: string, options?: { readonly body?: string }): Promise<NetworkResponse<T>> {
    return this.#send<T>('POST', url, options?.body);
  }

  #send<T>(method: string, text: string, body?: string): Promise<NetworkResponse<T>> {
    const { hostname: servername, host, pathname, search } = new URL(text);
    this.hosts.push(host);
    const { hostname, port } = new URL(this.#tenant.authority);
    return new Promise((resolve, reject) => {
      const options = { method, hostname, port, servername, path: pathname + search, agent: false };
      const asking = request({ ...options, headers: { host }, ca: this.#tenant.caPem });
      asking.once('error', reject);
      asking.once('response', (response) => {
        let answer = '';
        response.on('data', (chunk: Buffer) => {
          answer += chunk.toString('utf8');
        });
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: {}, body: JSON.parse(answer) });
        });
      });
      asking.end(body);
    });
  }
}

test.each([
  ['that it knows', 'login.microsoftonline.com', 'secret'],
  ['that it knows', 'login.microsoftonline.com', 'certificate'],
  ['that it has to discover', 'localhost', 'certificate'],
])('the library takes the tenant for Entra at a host %s (%s, %s)', async (_, host, proof) => {
  const { tenant } = await start();
  const app = tenant.registerApp({ certificates: [certPem] });
  const detour = new Detour(tenant);
  const library = new ConfidentialClientApplication({
    auth: {
      clientId: app.clientId,
      authority: `https://${host}/${tenant.tenantId}`,
      ...(proof === 'secret'
        ? { clientSecret: app.secret }
        : { clientCertificate: { thumbprintSha256, privateKey: keyPem } }),
    },
    system: { networkClient: detour },
  });
  const result = await library.acquireTokenByClientCredential({ scopes: [tenant.scope] });
  expect(readClaims(result?.accessToken ?? '').roles).toEqual(['IMAP.AccessAsApp']);
  expect(detour.hosts.at(-1)).toBe(host);
});
