/** The same set-up as one PowerShell script, which asks nothing but to sign in. */
import { powerShellLiteral } from '../../model/m365-commands.ts';
import * as blocks from './blocks.ts';
import { applicationName, type TenantSetup } from './setup.ts';

/** The text of the script, ending with a line break. It may be run again: what is there already stays. */
export function setupScript(setup: TenantSetup): string {
  const { project, side, credential } = setup;
  const credentialBlock =
    credential.kind === 'secret' ? blocks.makeSecret(setup) : blocks.addCertificate(credential.base64);
  return `#Requires -Version 5.1
<#
.SYNOPSIS
Opens the mailboxes of a Microsoft 365 tenant to mailferry (project ${project}, ${side}).
.DESCRIPTION
-Do SetUp   registers the application, gives it IMAP.AccessAsApp, and opens the mailboxes to it; may be repeated.
-Do List    writes all user and shared mailboxes, and those with an online archive (which IMAP cannot see), as CSV.
-Do Verify  shows what is not as it should be; changes nothing.
-Do Remove  takes everything away again, at the end of the migration.
#>
param([ValidateSet('SetUp', 'List', 'Verify', 'Remove')][string]$Do = 'SetUp')
$ErrorActionPreference = 'Stop'

${section('Sign in', `${blocks.connect(setup)}\n${blocks.findApplication(setup)}`)}

if ($Do -eq 'List') {
${indented(`${blocks.listMailboxes(setup)}\n${blocks.listArchives(setup)}`)}
  return
}

${section('The mailboxes of the project', `${listIfMissing(setup)}${blocks.mailboxList(setup, true)}`)}

if ($Do -eq 'Remove') {
${indented(blocks.remove(setup))}
  return
}

if ($Do -eq 'SetUp') {
${[
  ['The application', blocks.register(setup)],
  ['Permission and consent', blocks.permit()],
  ['How it proves who it is', credentialBlock],
  ['Known to Exchange', blocks.registerInExchange()],
  ['The mailboxes', blocks.openMailboxes(setup)],
]
  .map(([title = '', commands = '']) => indented(section(title, commands)))
  .join('\n\n')}
}
if (-not $application) { throw ${whyNothing(setup)} }

${section('What is still missing; permissions take up to an hour to be known everywhere', blocks.verify())}

${section('For the project file', blocks.tellValues())}
`;
}

/** A project without a list takes all mailboxes. */
function listIfMissing(setup: TenantSetup): string {
  if (setup.mailboxes.length > 0) return '';
  const file = powerShellLiteral(`./${setup.csv.file}`);
  return `if (-not (Test-Path -LiteralPath ${file})) {\n${indented(blocks.listMailboxes(setup))}\n}\n`;
}

function whyNothing(setup: TenantSetup): string {
  return powerShellLiteral(
    `There is no application "${applicationName(setup)}" here yet: run this script with -Do SetUp first.`,
  );
}

function section(title: string, commands: string): string {
  return `# ${title}\n${commands}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
