/**
 * What `apply` would change in a running project, in words, and what it may not change. Pure: told apart by comparing,
 * and secrets by whoever can open them.
 */
import type { Endpoint, EndpointAuth, MailboxRow, ProjectSettings, SealedSecret, Side } from '../model/project.ts';
import { credentialBinding, passwordBinding, type SealBinding } from '../model/seal-binding.ts';
import { quote } from './show.ts';
import { formatDuration, formatSize } from './units.ts';

export interface ProjectState {
  readonly settings: ProjectSettings;
  readonly rows: readonly MailboxRow[];
}

export type Change = ChangeWhat & {
  /** One line for people. */
  readonly text: string;
  /** Why a running project cannot take it; absent when it can. */
  readonly refused?: string;
};

type ChangeWhat =
  | { readonly kind: 'setting'; readonly path: string }
  | { readonly kind: 'secret'; readonly path: string }
  | { readonly kind: 'mailbox-added' | 'mailbox-removed'; readonly id: string }
  | { readonly kind: 'mailbox-changed'; readonly id: string; readonly path: string }
  | { readonly kind: 'mailbox-secret'; readonly id: string; readonly path: string };

/** A sealed secret with what it is bound to, without which nobody opens it. */
export interface BoundSecret {
  readonly binding: SealBinding;
  readonly envelope: SealedSecret;
}

/** Whether two envelopes hold different secrets. Envelopes of one secret differ too, so comparing texts is not enough. */
export type SecretsDiffer = (before: BoundSecret, after: BoundSecret) => boolean;

const OTHER_PROJECT = 'The name is what a running project is known by: start a project of its own under the new name.';
const OTHER_SERVER =
  'What was copied is remembered for this server: on another one mail would be taken for copied and left out. Cancel this project and start it anew; mail that is at the destination is recognised.';
const OTHER_MAILBOX =
  'What was copied is remembered for this source mailbox. Remove the row and apply, then add the new row and apply again.';

/** A setting as people compare it. */
interface Shown {
  readonly path: string;
  readonly value: string;
  /** Set where a change is not allowed. */
  readonly refused?: string;
}

function list(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.join(', ');
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
        { path: `${path}.tenant`, value: auth.tenant },
        { path: `${path}.clientId`, value: auth.clientId },
        { path: `${path}.authority`, value: auth.authority },
        { path: `${path}.scope`, value: auth.scope },
        { path: `${path}.credential`, value: auth.credential.kind },
        { path: `${path}.authorityCa`, value: auth.authorityCaPem ?? 'none' },
        ...(auth.credential.kind === 'certificate'
          ? [{ path: `${path}.thumbprint`, value: auth.credential.thumbprint ?? 'none' }]
          : []),
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

function settingsShown({
  name,
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

function changeText(path: string, before: string | undefined, after: string | undefined): string {
  // Certificate authorities are pages of text.
  if (/[cC]a$/.test(path)) return `${path}: other certificate authorities`;
  return `${path}: ${before === undefined ? 'none' : quote(before)} → ${after === undefined ? 'none' : quote(after)}`;
}

function settingChanges(before: ProjectSettings, after: ProjectSettings): readonly Change[] {
  const old = new Map(settingsShown(before).map((shown) => [shown.path, shown]));
  const fresh = new Map(settingsShown(after).map((shown) => [shown.path, shown]));
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((path): readonly Change[] => {
    const [from, to] = [old.get(path), fresh.get(path)];
    if (from?.value === to?.value) return [];
    const refused = from?.refused ?? to?.refused;
    const text = changeText(path, from?.value, to?.value);
    return [{ kind: 'setting', path, text, ...(refused === undefined ? {} : { refused }) }];
  });
}

function credentialOf(project: string, endpoint: Endpoint): BoundSecret | undefined {
  const binding = credentialBinding(project, endpoint);
  const { auth } = endpoint;
  if (binding === undefined || auth.kind === 'password') return undefined;
  if (auth.kind === 'admin') return { binding, envelope: auth.password };
  const { credential } = auth;
  return { binding, envelope: credential.kind === 'secret' ? credential.secret : credential.pem };
}

function passwordOf({ settings }: ProjectState, row: MailboxRow, side: Side): BoundSecret | undefined {
  const { user, password } = row[side];
  if (password === undefined) return undefined;
  return { binding: passwordBinding(settings.name, settings[side], user), envelope: password };
}

function isOther(before: BoundSecret | undefined, after: BoundSecret | undefined, differ: SecretsDiffer): boolean {
  if (before === undefined || after === undefined) return before !== after;
  return before.envelope !== after.envelope && differ(before, after);
}

function endpointSecretChanges(
  before: ProjectSettings,
  after: ProjectSettings,
  differ: SecretsDiffer,
): readonly Change[] {
  return (['source', 'destination'] as const).flatMap((side): readonly Change[] => {
    if (!isOther(credentialOf(before.name, before[side]), credentialOf(after.name, after[side]), differ)) return [];
    const path = `${side}.authentication`;
    return [{ kind: 'secret', path, text: `${path}: another secret` }];
  });
}

interface KeptRow {
  readonly before: MailboxRow;
  readonly after: MailboxRow;
}

function rowChanges({ before, after }: KeptRow, isOtherPassword: (side: Side) => boolean): readonly Change[] {
  const { id } = after;
  const changes: Change[] = [];
  const compare = (path: string, from: string | undefined, to: string | undefined, refused?: string): void => {
    if (from === to) return;
    const text = `${id}: ${changeText(path, from, to)}`;
    changes.push({ kind: 'mailbox-changed', id, path, text, ...(refused === undefined ? {} : { refused }) });
  };
  const isSameMailbox = before.source.user.toLowerCase() === after.source.user.toLowerCase();
  compare('source', before.source.user, after.source.user, isSameMailbox ? undefined : OTHER_MAILBOX);
  compare('destination', before.destination.user, after.destination.user);
  compare('source_root', before.source.root, after.source.root);
  compare('destination_prefix', before.destination.folderPrefix, after.destination.folderPrefix);
  for (const side of ['source', 'destination'] as const) {
    if (!isOtherPassword(side)) continue;
    const path = `${side}_password`;
    const which =
      before[side].password === undefined ? 'a' : after[side].password === undefined ? 'no longer a' : 'another';
    changes.push({ kind: 'mailbox-secret', id, path, text: `${id}: ${which} password at the ${side}` });
  }
  return changes;
}

/**
 * Every change from one state of a project to another, those with `refused` being such that a running project cannot take
 * them: its name, its servers' hosts, and the source of a row. A row's id is its destination, so another destination is one
 * mailbox removed and one added. Secrets that are the same but bound to another port, say, are no
 * change here, and still have to be sent: envelopes open for their own binding only.
 */
export function describeChanges(
  before: ProjectState,
  after: ProjectState,
  secretsDiffer: SecretsDiffer,
): readonly Change[] {
  const old = new Map(before.rows.map((row) => [row.id, row]));
  const kept = new Set(after.rows.map((row) => row.id));
  const rows = after.rows.flatMap((row): readonly Change[] => {
    const known = old.get(row.id);
    if (known !== undefined) {
      return rowChanges({ before: known, after: row }, (side) =>
        isOther(passwordOf(before, known, side), passwordOf(after, row, side), secretsDiffer),
      );
    }
    return [{ kind: 'mailbox-added', id: row.id, text: `${row.id}: added, from ${quote(row.source.user)}` }];
  });
  const removed = before.rows
    .filter((row) => !kept.has(row.id))
    .map(({ id }): Change => ({ kind: 'mailbox-removed', id, text: `${id}: removed; what was copied stays` }));
  return [
    ...settingChanges(before.settings, after.settings),
    ...endpointSecretChanges(before.settings, after.settings, secretsDiffer),
    ...rows,
    ...removed,
  ];
}
