import { describe, expect, it } from 'vitest';
import {
  describeChanges,
  type BoundSecret,
  type Change,
  type ProjectState,
} from '../../../project/describe-changes.ts';
import { resolveProject } from '../../../project/resolve.ts';
import { CA, projectText, read } from './project-files.ts';

/** Envelopes differ each time they are made; the secret stands behind the dash. */
let envelopes = 0;

async function state(...replace: readonly (readonly [string, string])[]): Promise<ProjectState> {
  const text = projectText(...replace);
  return resolveProject(await read(text, { 'dir/ca.pem': CA }), {
    readSecretFile: async () => ({ bytes: Buffer.from('admin') }),
    env: { ANNA: 'anna', OTHER: 'other' },
    now: () => Date.UTC(2026, 5, 1),
    seal: (binding, secret) => `${++envelopes}-${binding.host}:${binding.port}-${secret}`,
  });
}

function differ(before: BoundSecret, after: BoundSecret): boolean {
  for (const { binding, envelope } of [before, after]) expect(envelope).toContain(`-${binding.host}:${binding.port}-`);
  return before.envelope.split('-').at(-1) !== after.envelope.split('-').at(-1);
}

async function changes(...replace: readonly (readonly [string, string])[]): Promise<readonly Change[]> {
  return describeChanges(await state(), await state(...replace), differ);
}

/** A row with an application of its own at the source. */
function own(app: string): readonly (readonly [string, string])[] {
  return [
    ['    kind: password\n', '    kind: oauth2\n    tenant: t.example\n'],
    ['    sourceSecretEnv: ANNA\n', `    sourceApplication: { ${app} }\n`],
  ];
}

describe('what apply would change', () => {
  it('is nothing where nothing changed, though every secret was sealed anew', async () => {
    expect(await changes()).toEqual([]);
  });

  it.each<[string, readonly [string, string], string]>([
    ['a limit', ['name: move', 'name: move\nlimits: { memory: 1GiB }'], 'limits.memory: “32MiB” → “1GiB”'],
    ['a wait', ['name: move', 'name: move\ntail: { every: 90m }'], 'tail.every: “1d” → “90m”'],
    ['a rule', ['name: move', 'name: move\nfolders: { exclude: [Junk] }'], 'folders.exclude: “none” → “Junk”'],
    ['a port', ['  host: old.example.org', '  host: old.example.org\n  port: 10993'], 'source.port: “993” → “10993”'],
    [
      'authorities',
      ['  host: old.example.org', '  host: old.example.org\n  ca: ca.pem'],
      'source.ca: other certificate authorities',
    ],
    ['a form', ['form: dovecot', 'form: sasl-plain'], 'destination.authentication.form: “dovecot” → “sasl-plain”'],
  ])('%s', async (_, replace, text) => {
    expect(await changes(replace)).toEqual([expect.objectContaining({ kind: 'setting', text })]);
    expect((await changes(replace))[0]).not.toHaveProperty('refused');
  });

  it('a password, without showing it', async () => {
    expect(await changes(['ANNA', 'OTHER'])).toEqual([
      {
        kind: 'mailbox-secret',
        id: 'anna@example.org',
        path: 'source_password',
        text: 'anna@example.org: another password at the source',
      },
    ]);
  });

  it('the application of a row and its secret', async () => {
    const before = await state(...own('clientId: app, secretEnv: ANNA'));
    const after = await state(...own('clientId: app-2, secretEnv: OTHER'));
    expect(describeChanges(before, after, differ).map(({ text }) => text)).toEqual([
      'anna@example.org: source_application.clientId: “app” → “app-2”',
      'anna@example.org: another secret of its application at the source',
    ]);
    expect(describeChanges(before, await state(...own('clientId: app, secretEnv: ANNA')), differ)).toEqual([]);
  });

  it('mailboxes added and removed; another destination is both', async () => {
    const added = await changes(['    destination: anna@example.org\n', '    destination: new@example.org\n']);
    expect(added.map(({ kind, text }) => [kind, text])).toEqual([
      ['mailbox-added', 'new@example.org: added, from “anna”'],
      ['mailbox-removed', 'anna@example.org: removed; what was copied stays'],
    ]);
  });

  it('nothing about a mailbox that only moved in the list', async () => {
    const second = '  - { source: b, sourceSecretEnv: OTHER, destination: b }\n';
    const first = '  - source: anna\n';
    const [before, after] = [
      await state(['    destination: anna@example.org\n', `    destination: anna@example.org\n${second}`]),
      await state([first, `${second}${first}`]),
    ];
    expect(describeChanges(before, after, differ)).toEqual([]);
  });

  it('a change of authentication, with a secret that was not there before', async () => {
    const before = await state();
    const after = await state(
      [
        '    kind: password\n',
        '    kind: administrator\n    form: dovecot\n    user: root\n    secretFile: root.txt\n',
      ],
      ['    sourceSecretEnv: ANNA\n', ''],
    );
    expect(describeChanges(before, after, differ).map((change) => change.text)).toEqual([
      'source.authentication.kind: “password” → “admin”',
      'source.authentication.form: none → “dovecot”',
      'source.authentication.user: none → “root”',
      'source.authentication: another secret',
      'anna@example.org: no longer a password at the source',
    ]);
  });
});

describe('what a running project cannot take, with the reason', () => {
  it.each<[string, readonly [string, string], string]>([
    ['another name', ['name: move', 'name: moved'], 'start a project of its own'],
    [
      'another source server',
      ['old.example.org', 'older.example.org'],
      'on another one mail would be taken for copied',
    ],
    [
      'another destination server',
      ['new.example.org', 'newer.example.org'],
      'on another one mail would be taken for copied',
    ],
    ['another source mailbox for a row', ['source: anna', 'source: hanna'], 'Remove the row and apply'],
  ])('%s', async (_, replace, reason) => {
    const refused = (await changes(replace)).filter((change) => change.refused !== undefined);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.refused).toContain(reason);
  });

  it('but a name written in another case', async () => {
    const [change, ...more] = await changes(['source: anna', 'source: Anna']);
    expect(change).toMatchObject({ kind: 'mailbox-changed' });
    expect(change).not.toHaveProperty('refused');
    expect(more).toEqual([]);
  });
});
