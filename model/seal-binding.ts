/**
 * What a sealed secret is bound to: the seal opens for exactly this and nothing else, so that whoever can write to Temporal
 * cannot have a password sent to another server. The client that seals and the activities that open both ask here. An
 * application's secret is sent to the token service, so that service is part of whose secret it is.
 */
import type { OAuth2Credential, ServerAddress } from './project.ts';

export interface SealBinding {
  readonly project: string;
  readonly host: string;
  readonly port: number;
  readonly tls: string;
  readonly user: string;
  readonly field: 'password' | 'client-secret' | 'certificate';
}

/** What of a server decides for whom its secrets are, whether they are sealed already or not. */
export interface BoundEndpoint extends Pick<ServerAddress, 'host' | 'port' | 'tls'> {
  readonly auth:
    | { readonly kind: 'password' }
    | { readonly kind: 'admin'; readonly admin: string }
    | {
        readonly kind: 'oauth2';
        readonly authority: string;
        readonly tenant?: string;
        readonly app?: BoundApplication;
      };
}

/** The same of an application. */
export interface BoundApplication {
  readonly tenant?: string;
  readonly clientId: string;
  readonly credential: Pick<OAuth2Credential, 'kind'>;
}

/** The password of one mailbox of one side, or of the administrator that opens all of them. */
export function passwordBinding(project: string, endpoint: BoundEndpoint, user: string): SealBinding {
  return { ...place(project, endpoint), user, field: 'password' };
}

/** The endpoint's own secret; undefined where every mailbox brings its password or its application. */
export function credentialBinding(project: string, endpoint: BoundEndpoint): SealBinding | undefined {
  const { auth } = endpoint;
  switch (auth.kind) {
    case 'password':
      return undefined;
    case 'admin':
      return passwordBinding(project, endpoint, auth.admin);
    case 'oauth2': {
      const { app, authority, tenant } = auth;
      if (app === undefined) return undefined;
      const user = JSON.stringify([authority, tenant, app.clientId]);
      return { ...place(project, endpoint), user, field: fieldOf(app) };
    }
  }
}

/**
 * The secret of a mailbox's own application: for this mailbox only, whatever other rows name the same application. Undefined
 * where applications open no mailboxes.
 */
export function applicationBinding(
  project: string,
  endpoint: BoundEndpoint,
  mailbox: string,
  app: BoundApplication,
): SealBinding | undefined {
  const { auth } = endpoint;
  if (auth.kind !== 'oauth2') return undefined;
  const user = JSON.stringify([auth.authority, app.tenant ?? auth.tenant, app.clientId, mailbox]);
  return { ...place(project, endpoint), user, field: fieldOf(app) };
}

function fieldOf({ credential }: BoundApplication): SealBinding['field'] {
  return credential.kind === 'secret' ? 'client-secret' : 'certificate';
}

function place(
  project: string,
  { host, port, tls }: BoundEndpoint,
): Pick<SealBinding, 'project' | 'host' | 'port' | 'tls'> {
  return { project, host, port, tls };
}
