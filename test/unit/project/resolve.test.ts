import { describe, expect, it } from 'vitest';
import type { SealBinding } from '../../../model/seal-binding.ts';
import { resolveProject, type SecretAccess } from '../../../project/resolve.ts';
import type { SecretFile } from '../../../project/secret-reader.ts';
import { pfxOf } from '../../support/pfx.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { WITH_CSV, projectText, read, refusalOf } from './project-files.ts';

const VALIDITY = { notBefore: new Date('2026-01-31'), notAfter: new Date('2027-01-31') };

const OPEN_FILE: SecretFile = { bytes: Buffer.from('x'), mode: 0o100_644 };

function readOpenFile(): Promise<SecretFile> {
  return Promise.resolve(OPEN_FILE);
}

function fail(): Promise<never> {
  return Promise.reject(new TypeError('a bug'));
}

interface Sealed {
  readonly binding: SealBinding;
  readonly secret: string;
}

function access(
  files: Readonly<Record<string, string>>,
  changes: Partial<SecretAccess> = {},
): { readonly access: SecretAccess; readonly sealed: Sealed[] } {
  const sealed: Sealed[] = [];
  return {
    sealed,
    access: {
      readSecretFile: async (path) => {
        const text = files[path];
        if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
        return { bytes: Buffer.from(text), mode: 0o100_600 };
      },
      env: { ANNA: 'anna’s own' },
      now: () => Date.UTC(2026, 5, 1),
      seal: (binding, secret) => {
        sealed.push({ binding, secret });
        return `sealed-${sealed.length}`;
      },
      ...changes,
    },
  };
}

describe('secrets', () => {
  it('are fetched from files and variables, and sealed for their one use', async () => {
    const { access: given, sealed } = access({ 'dir/admin.txt': 'topsecret\n' });
    const { settings, rows } = await resolveProject(await read(projectText()), given);
    expect(sealed).toEqual([
      {
        binding: {
          project: 'move',
          host: 'new.example.org',
          port: 993,
          tls: 'implicit',
          user: 'admin',
          field: 'password',
        },
        secret: 'topsecret',
      },
      {
        binding: {
          project: 'move',
          host: 'old.example.org',
          port: 993,
          tls: 'implicit',
          user: 'anna',
          field: 'password',
        },
        secret: 'anna’s own',
      },
    ]);
    expect(settings.destination.auth).toEqual({ kind: 'admin', form: 'dovecot', admin: 'admin', password: 'sealed-1' });
    expect(rows).toEqual([
      {
        id: 'anna@example.org',
        source: { user: 'anna', password: 'sealed-2' },
        destination: { user: 'anna@example.org' },
      },
    ]);
  });

  it('leave nothing in what workflows are given but their envelopes', async () => {
    const parsed = await read(projectText(WITH_CSV), {
      'dir/mailboxes.csv': 'source,destination,source_password\na,b,hunter2\n',
    });
    const resolved = await resolveProject(parsed, access({ 'dir/admin.txt': 'topsecret' }).access);
    expect(JSON.stringify(resolved)).not.toMatch(/hunter2|topsecret|reveal|place/);
    expect(resolved.rows[0]?.source.password).toBe('sealed-2');
  });

  it('of an application are bound to its token service', async () => {
    const text = projectText(
      [
        '    kind: password\n',
        '    kind: oauth2\n    tenant: t.example\n    clientId: app\n    certificateFile: app.pem\n',
      ],
      ['    sourceSecretEnv: ANNA\n', ''],
    );
    const { certPem, keyPem } = selfSignedCertificate(['app'], { key: 'rsa', ...VALIDITY });
    const { access: given, sealed } = access({ 'dir/app.pem': `${keyPem}${certPem}`, 'dir/admin.txt': 'x' });
    const { settings } = await resolveProject(await read(text), given);
    expect(sealed[0]).toMatchObject({ binding: { field: 'certificate' } });
    expect(sealed[0]?.secret).toContain('BEGIN PRIVATE KEY');
    expect(sealed[0]?.binding.user).toContain('https://login.microsoftonline.com');
    expect(settings.source.auth).toMatchObject({
      app: { clientId: 'app', credential: { kind: 'certificate', pem: 'sealed-1', expiresAt: Date.UTC(2027, 0, 31) } },
    });
  });

  it('of a row’s own application are sealed for its mailbox, in its own tenant or the side’s', async () => {
    const text = projectText(
      ['    kind: password\n', '    kind: oauth2\n    tenant: t.example\n'],
      [
        '    sourceSecretEnv: ANNA\n    destination: anna@example.org\n',
        `    sourceApplication: { clientId: app, secretEnv: ANNA }
    destination: anna@example.org
  - source: ben
    sourceApplication: { tenant: other.example, clientId: app, secretEnv: ANNA }
    destination: ben@example.org
`,
      ],
    );
    const { access: given, sealed } = access({ 'dir/admin.txt': 'x' });
    const { settings, rows } = await resolveProject(await read(text), given);
    expect(settings.source.auth).not.toHaveProperty('app');
    expect(rows.map(({ source }) => source.app)).toEqual([
      { clientId: 'app', credential: { kind: 'secret', secret: 'sealed-2' } },
      { tenant: 'other.example', clientId: 'app', credential: { kind: 'secret', secret: 'sealed-3' } },
    ]);
    const users = sealed.slice(1).map(({ binding }) => JSON.parse(binding.user));
    expect(users).toEqual([
      ['https://login.microsoftonline.com', 't.example', 'app', 'anna'],
      ['https://login.microsoftonline.com', 'other.example', 'app', 'ben'],
    ]);
  });

  it('of a PFX are opened with its password, and only its key and certificate are sealed', async () => {
    const text = projectText(
      [
        '    kind: password\n',
        '    kind: oauth2\n    clientId: app\n    certificateFile: app.pfx\n    certificatePassword: { secretEnv: ANNA }\n',
      ],
      ['    sourceSecretEnv: ANNA\n', ''],
    );
    const ours = selfSignedCertificate(['app'], { key: 'rsa', ...VALIDITY });
    const { access: given, sealed } = access({ 'dir/admin.txt': 'x' });
    const bytes = pfxOf(ours, 'geheim');
    const settings = await resolveProject(await read(text), {
      ...given,
      env: { ANNA: 'geheim' },
      readSecretFile: async (path) => (path === 'dir/app.pfx' ? { bytes } : given.readSecretFile(path)),
    });
    expect(sealed[0]?.binding.field).toBe('certificate');
    expect(sealed[0]?.secret).toMatch(/^-----BEGIN PRIVATE KEY-----[^]+-----BEGIN CERTIFICATE-----/);
    expect(JSON.stringify([settings, sealed])).not.toContain('geheim');
  });

  it('are asked for once where one question stands for many mailboxes', async () => {
    const asked: string[] = [];
    const text = projectText([
      '    sourceSecretEnv: ANNA\n    destination: anna@example.org\n',
      '    sourcePrompt: Password of all?\n    destination: anna@example.org\n  - { source: b, sourcePrompt: "Password of all?", destination: b }\n',
    ]);
    const ask = async (question: string): Promise<string> => {
      asked.push(question);
      return 'pw';
    };
    await resolveProject(await read(text), access({ 'dir/admin.txt': 'x' }, { ask }).access);
    expect(asked).toEqual(['Password of all?']);
  });

  it('in a file that everybody may read are warned of', async () => {
    const { warnings } = await resolveProject(
      await read(projectText()),
      access({}, { readSecretFile: readOpenFile }).access,
    );
    expect(warnings).toMatchObject([
      { path: 'destination.authentication.secretFile', message: expect.stringContaining('dir/admin.txt') },
    ]);
  });
});

describe('secrets that cannot be had are told all at once, with their places', () => {
  it('no file, no variable', async () => {
    const refusal = await refusalOf(resolveProject(await read(projectText()), access({}, { env: {} }).access));
    expect(refusal.code).toBe('project.secret');
    expect(refusal.message.split('\n')).toEqual([
      'dir/project.yaml:13:17 destination.authentication.secretFile: dir/admin.txt: there is no such file; expected a file that holds the secret',
      'dir/project.yaml:16:22 mailboxes[0].sourceSecretEnv: the variable ANNA is not set; expected a variable that holds the secret',
    ]);
  });

  it.each([
    ['an empty file', '\n', 'the secret is empty'],
    ['a file with two lines', 'hunter2\nmore\n', 'more than one line'],
  ])('%s', async (_, content, message) => {
    const refusal = await refusalOf(
      resolveProject(await read(projectText()), access({ 'dir/admin.txt': content }).access),
    );
    expect(refusal.message).toContain(message);
    expect(refusal.message).not.toContain('hunter2');
  });

  it('a question where nobody can answer', async () => {
    const parsed = await read(projectText(['    secretFile: admin.txt', '    prompt: true']));
    const refusal = await refusalOf(resolveProject(parsed, access({}).access));
    expect(refusal.message).toContain('nobody can be asked here');
  });

  it.each([
    ['no key', 'hello', 'the file lacks the private key'],
    ['no certificate', selfSignedCertificate(['app'], { key: 'rsa' }).keyPem, 'the file lacks the certificate'],
  ])('a certificate file with %s', async (_, content, message) => {
    const text = projectText(
      [
        '    kind: password\n',
        '    kind: oauth2\n    tenant: t.example\n    clientId: app\n    certificateFile: app.pem\n',
      ],
      ['    sourceSecretEnv: ANNA\n', ''],
    );
    const refusal = await refusalOf(
      resolveProject(await read(text), access({ 'dir/app.pem': content, 'dir/admin.txt': 'x' }).access),
    );
    expect(refusal.message).toContain(message);
  });

  it('passes on what is not about the file', async () => {
    await expect(
      resolveProject(await read(projectText()), access({}, { readSecretFile: fail }).access),
    ).rejects.toThrow('a bug');
  });
});
