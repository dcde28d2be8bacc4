import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../client/main.ts';
import { projectTemplate, type AuthAnswer } from '../../../project/template.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { pfxOf } from '../../support/pfx.ts';
import { memoryIo } from './memory-io.ts';

const NIL = '00000000-0000-0000-0000-000000000000';
const CLIENT = '11111111-2222-3333-4444-555555555555';
const TENANT = '99999999-8888-7777-6666-555555555555';
const EXAMPLE: AuthAnswer = { kind: 'oauth2', tenant: NIL, clientId: NIL };
const KNOWN: AuthAnswer = { kind: 'oauth2', tenant: TENANT, clientId: CLIENT };
const PASSWORD: AuthAnswer = { kind: 'password' };

let cwd = '';

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mailferry-setup-'));
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

interface Files {
  readonly source?: AuthAnswer;
  readonly destination?: AuthAnswer;
  readonly rows?: readonly string[];
  readonly change?: (text: string) => string;
}

async function write({
  source = EXAMPLE,
  destination = PASSWORD,
  rows,
  change = (text) => text,
}: Files): Promise<void> {
  const text = projectTemplate({
    name: 'acme',
    source: { host: 'outlook.office365.com', authentication: source },
    destination: { host: 'imap.new.example', authentication: destination },
  });
  await writeFile(join(cwd, 'project.yaml'), change(text));
  if (rows === undefined) return;
  const passwords = destination.kind === 'password' ? ',destination_password' : '';
  const lines = rows.map((row) => `${row},${row}${passwords === '' ? '' : ',canary-password'}`);
  await writeFile(join(cwd, 'mailboxes.csv'), [`source,destination${passwords}`, ...lines, ''].join('\n'));
}

function withCertificate(text: string): string {
  return text.replace(/ {4}secretFile: secrets\/source.txt.*\n/, '    certificateFile: application.pem\n');
}

async function setUp(...options: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ cwd });
  const code = await main(['setup', 'm365', 'project.yaml', ...options], io);
  return { code, out: io.out(), err: io.err() };
}

describe('mailferry setup m365', () => {
  it('needs no list of mailboxes: the steps make one, in the form that the project wants, and use it', async () => {
    await write({});
    const { code, out } = await setUp();
    expect(code).toBe(0);
    expect(out).toContain('no list of mailboxes yet');
    expect(out).toMatch(/Name = 'source'.*Name = 'destination'.*Name = 'destination_password'; Expression = \{ '' \}/);
    expect(out).toContain("(Import-Csv -LiteralPath './mailboxes.csv' -Encoding UTF8).source");
  });

  it('has every step in its order, named after the project', async () => {
    await write({ rows: ['anna@acme.example'] });
    const { out } = await setUp();
    const steps = [...out.matchAll(/^(\d+)\. (.*)$/gm)].map(([, , title]) => title);
    expect(steps).toEqual([
      'Sign in',
      'List the mailboxes',
      'Register the application',
      'Permit IMAP, and consent',
      'Make a client secret',
      'Make the application known to Exchange',
      'Open the mailboxes',
      'Verify',
      'Tell mailferry',
      'At the end of the migration: take everything away again',
    ]);
    expect(out).toContain("$applicationName = 'mailferry acme'");
    expect(out).toContain("  'anna@acme.example'");
    expect(out).toContain("-RecipientTypeDetails 'UserMailbox', 'SharedMailbox'");
    expect(out).toContain('Get-Mailbox -ResultSize Unlimited -Archive');
    expect(out).toContain('secrets/source.txt');
  });

  it('leaves nothing to be guessed: what is known is looked up by its ID, and the Object ID is the enterprise application’s', async () => {
    await write({ source: KNOWN, rows: ['anna@acme.example'] });
    const { out } = await setUp('--format', 'ps1');
    expect(out).toContain(`-TenantId '${TENANT}'`);
    expect(out).toContain(`-Filter 'appId eq ''${CLIENT}'''`);
    expect(out).toContain('New-ServicePrincipal -AppId $application.AppId -ObjectId $principal.Id');
    expect(out).not.toMatch(/<[A-Z_ ]+>|YOUR_|xxxx/);
  });

  it('names the clouds of governments and of China for both services', async () => {
    await write({
      change: (text) =>
        text
          .replace('outlook.office365.com', 'outlook-dod.office365.us')
          .replace('    # cloud: global', '    cloud: dod #'),
    });
    const { out } = await setUp();
    expect(out).toContain("-Environment 'USGovDoD'");
    expect(out).toContain("-ExchangeEnvironmentName 'O365USGovDoD'");
    expect(out).toContain('https://entra.microsoft.us');
  });

  it('hands over the certificate of a PFX, which its password opens', async () => {
    const ours = selfSignedCertificate(['mailferry'], { key: 'rsa' });
    await write({
      change: (text) =>
        withCertificate(text).replace(
          '    certificateFile: application.pem\n',
          '    certificateFile: application.pfx\n    certificatePassword: { secretFile: password.txt }\n',
        ),
    });
    await writeFile(join(cwd, 'application.pfx'), pfxOf(ours, 'geheim'));
    await writeFile(join(cwd, 'password.txt'), 'wrong\n');
    expect((await setUp()).err).toContain('the password is not that of the PFX');
    await writeFile(join(cwd, 'password.txt'), 'geheim\n');
    const { out } = await setUp('--format', 'ps1');
    expect(out).toContain(ours.certPem.replaceAll(/-----[^-]+-----|\s/g, ''));
    expect(out).not.toContain('geheim');
  });

  it('hands over a certificate without its key, and says how to make one that is missing', async () => {
    await write({ change: withCertificate });
    const missing = await setUp();
    expect(missing.code).toBe(2);
    expect(missing.err).toContain('openssl req -x509');
    const { certPem, keyPem } = selfSignedCertificate(['mailferry'], { key: 'rsa' });
    await writeFile(join(cwd, 'application.pem'), `${keyPem}${certPem}`);
    const { out } = await setUp('--format', 'ps1');
    expect(out).toContain(certPem.replaceAll(/-----[^-]+-----|\s/g, ''));
    expect(out.replaceAll('\n', '')).not.toContain(keyPem.split('\n')[1]);
  });

  it('writes the addresses alone for many mailboxes, never their passwords', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => `user${index}@acme.example`);
    await write({ rows: [...rows, '=cmd@acme.example'] });
    const csv = await setUp('--format', 'csv');
    expect(csv.out.trimEnd().split('\n')).toEqual(['Email', ...rows]);
    expect(csv.err).toContain('=cmd@acme.example is left out');
    const steps = await setUp();
    expect(steps.out).toContain('--format csv > mailferry-acme-source-mailboxes.csv');
    expect(steps.out).toContain(
      "(Import-Csv -LiteralPath './mailferry-acme-source-mailboxes.csv' -Encoding UTF8).Email",
    );
    const script = await setUp('--format', 'ps1');
    for (const row of rows) expect(script.out).toContain(`  '${row}'`);
    for (const { out, err } of [csv, steps, script]) expect(out + err).not.toContain('canary-password');
  });

  it('keeps an address within its quotes, whatever is in it', async () => {
    await write({ rows: ["o'brien';Remove-Mailbox$(1)@acme.example"] });
    const { out } = await setUp('--format', 'ps1');
    expect(out).toContain("  'o''brien'';Remove-Mailbox$(1)@acme.example'\n");
  });

  it('shows both sides, and one of them in a file', async () => {
    await write({ source: KNOWN, destination: EXAMPLE, rows: ['anna@acme.example'] });
    const both = await setUp();
    expect(both.out).toContain('Microsoft 365 as the source of acme');
    expect(both.out).toContain('Microsoft 365 as the destination of acme');
    const refused = await setUp('--format', 'ps1');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--side source');
    const one = await setUp('--format', 'ps1', '--side', 'destination');
    expect(one.code).toBe(0);
    expect(one.out).toContain('(project acme, destination)');
  });

  it('refuses a project without Microsoft 365, and a list that is not there', async () => {
    await write({ source: PASSWORD });
    const none = await setUp();
    expect(none.code).toBe(2);
    expect(none.err).toContain('Neither side of project "acme" is opened with OAuth2');
    const other = await setUp('--side', 'source');
    expect(other.code).toBe(2);
    expect(other.err).toContain('The source of project "acme" is not opened with OAuth2');
    await write({});
    const empty = await setUp('--format', 'csv');
    expect(empty.code).toBe(2);
    expect(empty.err).toContain('there are no addresses to write');
  });
});
