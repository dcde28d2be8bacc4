/**
 * What `apply` would change in a running project, in words, and what it may not change. Pure: told apart by comparing,
 * and secrets by whoever can open them.
 */
import type { Endpoint, MailboxRow, OAuth2Credential, ProjectSettings, SealedSecret, Side } from '../model/project.ts';
import { applicationBinding, credentialBinding, passwordBinding, type SealBinding } from '../model/seal-binding.ts';
import { quote } from './show.ts';
import { applicationSettings, settingsShown, type Shown } from './shown-settings.ts';

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

const OTHER_MAILBOX =
  'What was copied is remembered for this source mailbox. Remove the row and apply, then add the new row and apply again.';

function changeText(path: string, before: string | undefined, after: string | undefined): string {
  // Certificate authorities are pages of text.
  if (/[cC]a$/.test(path)) return `${path}: other certificate authorities`;
  return `${path}: ${before === undefined ? 'none' : quote(before)} → ${after === undefined ? 'none' : quote(after)}`;
}

interface Difference {
  readonly path: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** `refused`, where there is a reason to. */
  readonly why: { readonly refused?: string };
}

function differences(before: readonly Shown[], after: readonly Shown[]): readonly Difference[] {
  const old = new Map(before.map((shown) => [shown.path, shown]));
  const fresh = new Map(after.map((shown) => [shown.path, shown]));
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((path): readonly Difference[] => {
    const [from, to] = [old.get(path), fresh.get(path)];
    if (from?.value === to?.value) return [];
    const refused = from?.refused ?? to?.refused;
    return [{ path, from: from?.value, to: to?.value, why: refused === undefined ? {} : { refused } }];
  });
}

function settingChanges(before: ProjectSettings, after: ProjectSettings): readonly Change[] {
  return differences(settingsShown(before), settingsShown(after)).flatMap(({ path, from, to, why }) => [
    { kind: 'setting', path, text: changeText(path, from, to), ...why },
  ]);
}

function credentialOf(project: string, endpoint: Endpoint): BoundSecret | undefined {
  const binding = credentialBinding(project, endpoint);
  const { auth } = endpoint;
  if (binding === undefined || auth.kind === 'password') return undefined;
  if (auth.kind === 'admin') return { binding, envelope: auth.password };
  return auth.app && { binding, envelope: envelopeOf(auth.app.credential) };
}

function envelopeOf(credential: OAuth2Credential): SealedSecret {
  return credential.kind === 'secret' ? credential.secret : credential.pem;
}

function passwordOf({ settings }: ProjectState, row: MailboxRow, side: Side): BoundSecret | undefined {
  const { user, password } = row[side];
  if (password === undefined) return undefined;
  return { binding: passwordBinding(settings.name, settings[side], user), envelope: password };
}

function applicationSecretOf({ settings }: ProjectState, row: MailboxRow, side: Side): BoundSecret | undefined {
  const { user, app } = row[side];
  const binding = app && applicationBinding(settings.name, settings[side], user, app);
  return app && binding && { binding, envelope: envelopeOf(app.credential) };
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

/** The secrets that a row can bring for one side, as changes call them. */
const ROW_SECRETS = { password: passwordOf, application: applicationSecretOf } as const;
type RowSecret = keyof typeof ROW_SECRETS;

function rowChanges(
  { before, after }: KeptRow,
  isOtherSecret: (side: Side, which: RowSecret) => boolean,
): readonly Change[] {
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
    const [old, fresh] = [before, after].map((row) => applicationSettings(row[side].app, `${side}_application`));
    for (const { path, from, to } of differences(old ?? [], fresh ?? [])) compare(path, from, to);
    if (isOtherSecret(side, 'password')) {
      const text = `${id}: ${whichOf(before[side].password, after[side].password)} password at the ${side}`;
      changes.push({ kind: 'mailbox-secret', id, path: `${side}_password`, text });
    }
    if (before[side].app !== undefined && after[side].app !== undefined && isOtherSecret(side, 'application')) {
      const text = `${id}: another secret of its application at the ${side}`;
      changes.push({ kind: 'mailbox-secret', id, path: `${side}_application`, text });
    }
  }
  return changes;
}

function whichOf(before: unknown, after: unknown): string {
  return before === undefined ? 'a' : after === undefined ? 'no longer a' : 'another';
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
      return rowChanges({ before: known, after: row }, (side, which) =>
        isOther(ROW_SECRETS[which](before, known, side), ROW_SECRETS[which](after, row, side), secretsDiffer),
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
