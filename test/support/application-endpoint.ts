import type { Endpoint, ServerAddress } from '../../model/project.ts';
import { credentialBinding } from '../../model/seal-binding.ts';
import type { Registration } from '../../sandbox/tenant/registration.ts';
import type { Tenant } from '../../sandbox/tenant/tenant.ts';
import type { SealKey } from '../../seal/key.ts';
import { seal } from '../../seal/seal.ts';

/** How a project opens the mailboxes of a server as an application of a tenant; the secret is sealed for it. */
export function applicationEndpoint(
  { tenant, app }: { readonly tenant: Tenant; readonly app: Registration },
  { project, key, server }: { readonly project: string; readonly key: SealKey; readonly server: ServerAddress },
): Endpoint {
  const endpoint = (secret: string): Endpoint => ({
    ...server,
    auth: {
      kind: 'oauth2',
      tenant: tenant.tenantId,
      authority: tenant.authority,
      authorityCaPem: tenant.caPem,
      scope: tenant.scope,
      app: { clientId: app.clientId, credential: { kind: 'secret', secret } },
    },
  });
  const binding = credentialBinding(project, endpoint(''));
  if (binding === undefined) throw new Error('an application without a secret');
  return endpoint(seal(key, binding, app.secret));
}
