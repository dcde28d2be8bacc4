/** What the set-up of one Microsoft 365 tenant is made from. */
import { CLOUDS, CLOUD_NAMES, type Cloud } from '../../model/clouds.ts';
import type { Side } from '../../model/project.ts';
import type { OpenEndpoint, ParsedProject } from '../../project/types.ts';

export type SetupCredential =
  /** Where the project file expects the client secret, in its own words. */
  | { readonly kind: 'secret'; readonly kept: string }
  /** Base64 of the certificate alone; its private key stays where it is. */
  | { readonly kind: 'certificate'; readonly base64: string };

export interface TenantSetup {
  readonly project: string;
  /** The project file as it was named on the command line. */
  readonly file: string;
  readonly side: Side;
  readonly cloud: Cloud;
  /** As far as the project file knows them. */
  readonly tenant?: string;
  readonly clientId?: string;
  readonly credential: SetupCredential;
  /** Addresses of the mailboxes on this side; empty when there is no list yet. */
  readonly mailboxes: readonly string[];
  /** The project's list of mailboxes and the columns that it needs. */
  readonly csv: { readonly file: string; readonly columns: readonly string[] };
}

const NIL = '00000000-0000-0000-0000-000000000000';

/** The sides of a project that are opened with an application of Microsoft Entra. */
export function tenantSides({ settings }: Pick<ParsedProject, 'settings'>): readonly Side[] {
  return (['source', 'destination'] as const).filter((side) => settings[side].auth.kind === 'oauth2');
}

/** What the example project file has where only the administrator knows the value. */
export function known(id: string | undefined): string | undefined {
  return id === undefined || id === NIL ? undefined : id;
}

/** The name under which the application appears in the tenant. */
export function applicationName({ project }: Pick<TenantSetup, 'project'>): string {
  return `mailferry ${project}`;
}

/** Files beside which the commands run are named after the project and its side. */
export function fileStem({ project, side }: Pick<TenantSetup, 'project' | 'side'>): string {
  return `mailferry-${project}-${side}`;
}

export function cloudOf({ auth }: OpenEndpoint): Cloud {
  if (auth.kind !== 'oauth2') throw new Error('only an endpoint with OAuth2 belongs to a cloud');
  return CLOUD_NAMES.find((name) => CLOUDS[name].scope === auth.scope) ?? 'global';
}
