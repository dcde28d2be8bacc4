import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import type { Side } from '../../model/project.ts';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { besideFile } from '../../project/files.ts';
import { formatIssues, ProjectRefusal } from '../../project/issues.ts';
import { readProjectAlone, readProjectFile, type ProjectAlone } from '../../project/read.ts';
import { SecretReader } from '../../project/secret-reader.ts';
import type { OpenAuth, OpenCredential, OpenRow, SecretSource } from '../../project/types.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { mailboxesCsv } from '../m365/mailboxes-csv.ts';
import { setupScript } from '../m365/script.ts';
import { cloudOf, known, tenantSides, type SetupCredential, type TenantSetup } from '../m365/setup.ts';
import type { Plan } from '../program.ts';
import { secretPlaces } from '../project-file.ts';
import { setupScreen } from '../screens/setup.ts';

const SIDES = ['source', 'destination'] as const;
const FORMATS = ['text', 'ps1', 'csv'] as const;

interface SetupOptions {
  readonly side?: Side;
  readonly format: (typeof FORMATS)[number];
}

type OAuth2 = Extract<OpenAuth, { readonly kind: 'oauth2' }>;
type OpenCertificate = Extract<OpenCredential, { readonly kind: 'certificate' }>;

export function configure(command: Command, plan: Plan): void {
  command
    .addArgument(new Argument('<platform>', 'm365: Microsoft 365').choices(['m365']))
    .argument('<file>', 'the project file')
    .addOption(new Option('--side <side>', 'the side to set up, where both are Microsoft 365').choices(SIDES))
    .addOption(
      new Option('--format <format>', 'text: steps to follow; ps1: one script; csv: the addresses alone')
        .choices(FORMATS)
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nPrints what the administrator of the Microsoft 365 tenant has to do, with the names of the project: the application,' +
        '\nits permission, consent and secret, the service principal, each mailbox, and how to take it all away again. Speaks to' +
        '\nno server, prints no secret, and needs neither a list of mailboxes nor the tenant’s values yet: the steps tell them.',
    )
    .action((_platform: string, file: string, options: SetupOptions) =>
      plan((context) => setUp(context, file, options)),
    );
}

async function setUp(context: Context, file: string, { side, format }: SetupOptions): Promise<ExitCode> {
  const path = resolve(context.io.cwd, file);
  const project = await readProjectAlone(path, { readFile: (name) => readFile(name) });
  const sides = sidesOf(project, side);
  const rows = await rowsOf(context, path);
  const setups = await Promise.all(sides.map((each) => setupOf(context, project, file, each, rows)));
  if (format === 'text') {
    for (const setup of setups) context.printer.show(setupScreen(setup));
    return EXIT.done;
  }
  const [only] = setups;
  if (only === undefined || setups.length > 1) {
    throw new Failure('command.usage', 'Both sides of the project are Microsoft 365, and a file is for one of them.', {
      next: 'Repeat the command with --side source, and then with --side destination.',
    });
  }
  printLines(context, format === 'ps1' ? setupScript(only).trimEnd() : addressesOf(context, only));
  return EXIT.done;
}

function printLines({ printer }: Context, text: string): void {
  printer.show({ data: text.split('\n'), text: (lines) => lines.join('\n') });
}

function addressesOf({ printer }: Context, setup: TenantSetup): string {
  if (setup.mailboxes.length === 0) {
    throw new Failure('command.file', 'The project has no list of mailboxes yet, so there are no addresses to write.', {
      next: `Step 2 of \`mailferry setup m365 ${setup.file}\` makes one.`,
    });
  }
  const { text, leftOut } = mailboxesCsv(setup);
  for (const mailbox of leftOut) {
    printer.say(
      `warning: ${mailbox} is left out, since a spreadsheet would take it for a formula; --format ps1 has it`,
    );
  }
  return text;
}

function sidesOf(project: ProjectAlone, wanted: Side | undefined): readonly Side[] {
  const sides = tenantSides(project).filter((side) => wanted === undefined || side === wanted);
  if (sides.length > 0) return sides;
  const { name } = project.settings;
  const what =
    wanted === undefined
      ? `Neither side of project "${name}" is opened with OAuth2.`
      : `The ${wanted} of project "${name}" is not opened with OAuth2.`;
  throw new Failure('command.usage', what, {
    next: 'Give the side that is Microsoft 365 `authentication: {kind: oauth2, …}`; `mailferry init --source-kind oauth2` writes an example.',
  });
}

/** The project's rows; none when the list is not there yet, or not yet right, which is said. */
async function rowsOf({ printer }: Context, path: string): Promise<readonly OpenRow[]> {
  try {
    return (await readProjectFile(path, { readFile: (name) => readFile(name) })).rows;
  } catch (error) {
    if (!(error instanceof ProjectRefusal)) throw error;
    for (const line of formatIssues(error.issues, 5)) printer.say(`warning: ${line}`);
    printer.say('warning: the list of mailboxes cannot be used yet; the steps below say how to make one');
    return [];
  }
}

async function setupOf(
  context: Context,
  { settings, csv }: ProjectAlone,
  file: string,
  side: Side,
  rows: readonly OpenRow[],
): Promise<TenantSetup> {
  const endpoint = settings[side];
  const { auth } = endpoint;
  if (auth.kind !== 'oauth2') throw new Error(`the ${side} of ${settings.name} does not use OAuth2`);
  const [tenant, clientId] = [known(auth.tenant), known(auth.app?.clientId)];
  const withPassword = SIDES.filter((each) => settings[each].auth.kind === 'password');
  return {
    project: settings.name,
    file,
    side,
    cloud: cloudOf(endpoint),
    ...(tenant !== undefined && { tenant }),
    ...(clientId !== undefined && { clientId }),
    credential: await credentialOf(context, auth, resolve(context.io.cwd, file)),
    mailboxes: [...new Set(rows.map((row) => row[side].user))],
    csv: { file: csv ?? 'mailboxes.csv', columns: [...SIDES, ...withPassword.map((each) => `${each}_password`)] },
  };
}

/** `file` is the project file; names in it are relative to it. */
async function credentialOf(context: Context, { app }: OAuth2, file: string): Promise<SetupCredential> {
  if (app === undefined) return { kind: 'secret', kept: 'in each row of the list of mailboxes' };
  const { credential } = app;
  if (credential.kind === 'secret') return { kind: 'secret', kept: keptWhere(credential.secret) };
  const { path } = credential.file;
  const bytes = await readFile(besideFile(file, path)).catch((error: unknown) => {
    throw new Failure('command.file', `The certificate ${path} cannot be read.`, {
      next:
        `Make it first, beside ${file}: openssl req -x509 -newkey rsa:3072 -nodes -days 180 -subj /CN=mailferry ` +
        `-keyout ${path} -out certificate.pem && cat certificate.pem >> ${path}`,
      cause: error,
    });
  });
  const pem = CERTIFICATE.exec(bytes.toString('latin1'))?.[0] ?? (await certificateIn(context, credential, file));
  return { kind: 'certificate', base64: new X509Certificate(pem).raw.toString('base64') };
}

/** The certificate alone: the key beside it never leaves its file. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

/** What only its password opens. */
async function certificateIn(context: Context, credential: OpenCertificate, file: string): Promise<string> {
  const reader = new SecretReader(file, secretPlaces(context));
  const certificate = await reader.readCertificate(credential);
  const [pem] = CERTIFICATE.exec(certificate?.pem ?? '') ?? [];
  if (pem !== undefined) return pem;
  const why = formatIssues(reader.issues.all);
  throw new Failure('command.file', `No certificate can be read from ${credential.file.path}.`, { why });
}

function keptWhere(secret: SecretSource): string {
  switch (secret.kind) {
    case 'file':
      return `in ${secret.path}`;
    case 'env':
      return `in the environment variable ${secret.name}`;
    case 'prompt':
    case 'value':
      return 'at a prompt of `mailferry start`';
  }
}
