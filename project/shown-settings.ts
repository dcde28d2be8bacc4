/** A project's settings as people compare them, without secrets. */
import type { Endpoint, EndpointAuth, ProjectSettings, RowApplication, Side } from '../model/project.ts';
import { formatDuration, formatSize } from './units.ts';

const OTHER_PROJECT = 'The name is what a running project is known by: start a project of its own under the new name.';
const OTHER_SERVER =
  'What was copied is remembered for this server: on another one mail would be taken for copied and left out. Cancel this project and start it anew; mail that is at the destination is recognised.';

/** A setting as people compare it. */
export interface Shown {
  readonly path: string;
  readonly value: string;
  /** Set where a change is not allowed. */
  readonly refused?: string;
}

function list(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.join(', ');
}

function dayOf(at: number | undefined): string {
  return at === undefined ? 'unknown' : new Date(at).toISOString().slice(0, 10);
}

/** The application of a whole side, or of one row. */
export function applicationSettings(app: RowApplication | undefined, path: string): readonly Shown[] {
  if (app === undefined) return [];
  const { tenant, clientId, credential } = app;
  return [
    ...(tenant === undefined ? [] : [{ path: `${path}.tenant`, value: tenant }]),
    { path: `${path}.clientId`, value: clientId },
    { path: `${path}.credential`, value: credential.kind },
    { path: `${path}.expires`, value: dayOf(credential.expiresAt) },
    ...(credential.kind === 'certificate'
      ? [{ path: `${path}.thumbprint`, value: credential.thumbprint ?? 'none' }]
      : []),
  ];
}

function authSettings(auth: EndpointAuth, path: string): readonly Shown[] {
  const kind = { path: `${path}.kind`, value: auth.kind };
  switch (auth.kind) {
    case 'password':
      return [kind];
    case 'admin':
      return [kind, { path: `${path}.form`, value: auth.form }, { path: `${path}.user`, value: auth.admin }];
    case 'oauth2':
      return [
        kind,
        { path: `${path}.tenant`, value: auth.tenant ?? 'of each mailbox’s domain' },
        { path: `${path}.authority`, value: auth.authority },
        { path: `${path}.scope`, value: auth.scope },
        { path: `${path}.authorityCa`, value: auth.authorityCaPem ?? 'none' },
        ...applicationSettings(auth.app, path),
      ];
  }
}

function endpointSettings(endpoint: Endpoint, side: Side): readonly Shown[] {
  return [
    { path: `${side}.host`, value: endpoint.host, refused: OTHER_SERVER },
    { path: `${side}.port`, value: String(endpoint.port) },
    { path: `${side}.tls`, value: endpoint.tls },
    { path: `${side}.ca`, value: endpoint.caPem ?? 'none' },
    { path: `${side}.serverName`, value: endpoint.serverName ?? 'none' },
    ...authSettings(endpoint.auth, `${side}.authentication`),
  ];
}

/** Every setting by its path in the project file. */
export function settingsShown({
  name,
  list: mailboxes,
  source,
  destination,
  folders,
  limits,
  timing,
  prestageOlderThanDays,
}: ProjectSettings): readonly Shown[] {
  const renames = folders.rename.map(({ pattern, replacement }) => `${pattern} → ${replacement}`);
  return [
    { path: 'name', value: name, refused: OTHER_PROJECT },
    ...endpointSettings(source, 'source'),
    ...endpointSettings(destination, 'destination'),
    { path: 'mailboxes', value: mailboxes ?? 'in the project file' },
    { path: 'prestage.olderThan', value: `${prestageOlderThanDays}d` },
    { path: 'delta.every', value: formatDuration(timing.deltaInterval) },
    { path: 'tail.every', value: formatDuration(timing.tailInterval) },
    { path: 'tail.quietFor', value: formatDuration(timing.tailQuiet) },
    { path: 'folders.include', value: list(folders.include) },
    { path: 'folders.exclude', value: list(folders.exclude) },
    { path: 'folders.rename', value: list(renames) },
    { path: 'folders.roles', value: String(folders.roles) },
    { path: 'limits.connectionsPerMailbox', value: String(limits.connectionsPerMailbox) },
    { path: 'limits.connectionsPerEndpoint', value: String(limits.connectionsPerEndpoint) },
    { path: 'limits.messagesPerShare', value: String(limits.messagesPerShare) },
    { path: 'limits.timePerShare', value: formatDuration(limits.millisecondsPerShare) },
    { path: 'limits.memory', value: formatSize(limits.memoryBytes) },
    { path: 'timing.accessBackoff', value: list(timing.accessBackoff.map(formatDuration)) },
    { path: 'timing.accessGrace', value: formatDuration(timing.accessGrace) },
    { path: 'timing.troubleBackoff', value: list(timing.troubleBackoff.map(formatDuration)) },
    { path: 'timing.heartbeat', value: formatDuration(timing.heartbeatTimeout) },
    { path: 'timing.commandTimeout', value: formatDuration(timing.commandTimeout) },
  ];
}
