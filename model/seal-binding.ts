/**
 * What a sealed secret is bound to: the seal opens for exactly this and nothing else, so that whoever can write to Temporal
 * cannot have a password sent to another server. The client that seals and the activities that open both ask here.
 */
import type { Endpoint, EndpointAuth } from './project.ts';

export interface SealBinding {
  readonly project: string;
  readonly host: string;
  readonly port: number;
  readonly tls: string;
  readonly user: string;
  readonly field: 'password' | 'client-secret' | 'certificate';
}

/** The password of one mailbox of one side, or of the administrator that opens all of them. */
export function passwordBinding(project: string, endpoint: Endpoint, user: string): SealBinding {
  return { ...place(project, endpoint), user, field: 'password' };
}

/** The endpoint's own secret; undefined where every mailbox brings its password. */
export function credentialBinding(project: string, endpoint: Endpoint): SealBinding | undefined {
  const { auth } = endpoint;
  switch (auth.kind) {
    case 'password':
      return undefined;
    case 'admin':
      return passwordBinding(project, endpoint, auth.admin);
    case 'oauth2':
      return {
        ...place(project, endpoint),
        user: clientName(auth),
        field: auth.credential.kind === 'secret' ? 'client-secret' : 'certificate',
      };
  }
}

/** The secret is sent to the token service, so that service is part of whose secret it is. */
function clientName(auth: Extract<EndpointAuth, { readonly kind: 'oauth2' }>): string {
  return JSON.stringify([auth.authority, auth.tenant, auth.clientId]);
}

function place(project: string, { host, port, tls }: Endpoint): Pick<SealBinding, 'project' | 'host' | 'port' | 'tls'> {
  return { project, host, port, tls };
}
