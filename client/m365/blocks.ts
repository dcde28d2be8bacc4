/**
 * PowerShell for the administrator of a Microsoft 365 tenant, for Windows PowerShell 5.1 and PowerShell 7, with Microsoft Graph
 * PowerShell and the Exchange Online module. Each block uses variables of those before it, and changes nothing when it
 * is run again.
 *
 * Sources, Microsoft's documentation: "Authenticate an IMAP, POP or SMTP connection using OAuth" (permission, service principal,
 * FullAccess), "New-ServicePrincipal", "Add-MailboxPermission", "Set-CASMailbox", "Get-Mailbox", "New-MgApplication",
 * "New-MgServicePrincipalAppRoleAssignment", "Connect-MgGraph", "Connect-ExchangeOnline".
 */
import { powerShellLiteral } from '../../model/m365-commands.ts';
import type { Cloud } from '../../model/clouds.ts';
import { applicationName, fileStem, type TenantSetup } from './setup.ts';

const GRAPH_ENVIRONMENT: Readonly<Record<Cloud, string | undefined>> = {
  global: undefined,
  china: 'China',
  'gcc-high': 'USGov',
  dod: 'USGovDoD',
};

const EXCHANGE_ENVIRONMENT: Readonly<Record<Cloud, string | undefined>> = {
  global: undefined,
  china: 'O365China',
  'gcc-high': 'O365USGovGCCHigh',
  dod: 'O365USGovDoD',
};

/** Exchange Online's own application, the same in every tenant. */
const EXCHANGE_ONLINE = '00000002-0000-0ff1-ce00-000000000000';

/** Long enough for a migration with its tail, short enough to be forgotten safely. */
export const SECRET_DAYS = 180;

function option(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name} ${powerShellLiteral(value)}`;
}

/** Signs in to both services. */
export function connect({ cloud, tenant }: TenantSetup): string {
  return `foreach ($module in 'Microsoft.Graph.Authentication', 'Microsoft.Graph.Applications', 'ExchangeOnlineManagement') {
  if (-not (Get-Module -ListAvailable -Name $module)) { Install-Module -Name $module -Scope CurrentUser }
}
Connect-MgGraph -NoWelcome -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'${option('-TenantId', tenant)}${option('-Environment', GRAPH_ENVIRONMENT[cloud])}
Connect-ExchangeOnline -ShowBanner:$false${option('-ExchangeEnvironmentName', EXCHANGE_ENVIRONMENT[cloud])}`;
}

/** Finds the application and its enterprise application (service principal). */
export function findApplication(setup: TenantSetup): string {
  const { clientId } = setup;
  const filter =
    clientId === undefined
      ? `"displayName eq '$applicationName'"`
      : powerShellLiteral(`appId eq '${filterText(clientId)}'`);
  return `$applicationName = ${powerShellLiteral(applicationName(setup))}
$application = Get-MgApplication -Filter ${filter} | Select-Object -First 1
$principal = if ($application) { Get-MgServicePrincipal -Filter "appId eq '$($application.AppId)'" }
$exchange = Get-MgServicePrincipal -Filter "appId eq '${EXCHANGE_ONLINE}'"   # Office 365 Exchange Online
$role = $exchange.AppRoles | Where-Object { $_.Value -eq 'IMAP.AccessAsApp' }`;
}

/** OData doubles quotes within its strings. */
function filterText(text: string): string {
  return text.replaceAll("'", "''");
}

/** Registers the application, for this tenant alone, with its enterprise application. */
export function register({ clientId }: TenantSetup): string {
  const missing =
    clientId === undefined
      ? `$application = New-MgApplication -DisplayName $applicationName -SignInAudience 'AzureADMyOrg'`
      : `throw ${powerShellLiteral(`The tenant has no application ${clientId}: correct clientId in the project file, or sign in to the right tenant.`)}`;
  return `if (-not $application) { ${missing} }
if (-not $principal) { $principal = New-MgServicePrincipal -AppId $application.AppId }`;
}

/** Gives the application IMAP.AccessAsApp, and the administrator's consent with it. */
export function permit(): string {
  return `if (-not ($application.RequiredResourceAccess.ResourceAccess.Id -contains $role.Id)) {
  $wanted = @($application.RequiredResourceAccess | Where-Object { $_ }) + @{ ResourceAppId = $exchange.AppId; ResourceAccess = @(@{ Id = $role.Id; Type = 'Role' }) }
  Update-MgApplication -ApplicationId $application.Id -RequiredResourceAccess $wanted
}
$consented = Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All | Where-Object { $_.AppRoleId -eq $role.Id }
if (-not $consented) {
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -PrincipalId $principal.Id -ResourceId $exchange.Id -AppRoleId $role.Id | Out-Null
}`;
}

/** Makes a client secret, unless there is one of ours; its value is shown this once. */
export function makeSecret(setup: TenantSetup): string {
  const file = `${fileStem(setup)}-secret.txt`;
  return `$secret = $application.PasswordCredentials | Where-Object { $_.DisplayName -eq $applicationName -and $_.EndDateTime -gt (Get-Date) }
if ($secret) {
  Write-Host "There is a secret until $($secret[0].EndDateTime); its value cannot be shown again."
} else {
  $secret = Add-MgApplicationPassword -ApplicationId $application.Id -PasswordCredential @{ DisplayName = $applicationName; EndDateTime = (Get-Date).AddDays(${SECRET_DAYS}) }
  Set-Content -LiteralPath ${powerShellLiteral(`./${file}`)} -Value $secret.SecretText -NoNewline
  Write-Host ${powerShellLiteral(`The value of the client secret is in ${file}: hand it over safely, then delete that file.`)}
}`;
}

/** Registers the certificate; those that are there stay. */
export function addCertificate(base64: string): string {
  return `$certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new([Convert]::FromBase64String(${powerShellLiteral(base64)}))
$keys = @($application.KeyCredentials | Where-Object { $_ })
if (-not ($keys | Where-Object { $_.CustomKeyIdentifier -and [BitConverter]::ToString($_.CustomKeyIdentifier).Replace('-', '') -eq $certificate.Thumbprint })) {
  $key = @{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $certificate.RawData; DisplayName = $applicationName }
  Update-MgApplication -ApplicationId $application.Id -KeyCredentials ($keys + $key)
}`;
}

/** Makes the enterprise application known to Exchange, by its own Object ID; a wrong entry is replaced. */
export function registerInExchange(): string {
  return `$known = Get-ServicePrincipal | Where-Object { $_.AppId -eq $application.AppId }
if ($known -and $known.ObjectId -ne $principal.Id) { Remove-ServicePrincipal -Identity $known.ObjectId -Confirm:$false; $known = $null }
if (-not $known) { New-ServicePrincipal -AppId $application.AppId -ObjectId $principal.Id -DisplayName $applicationName | Out-Null }`;
}

/** Most addresses that stand in the commands themselves when a person reads them. */
const SHOWN_MAILBOXES = 50;

/**
 * The addresses: in the commands themselves; when a person is to read them and they are many, in a file of their own; while
 * the project has no list yet, in the list that `listMailboxes` makes.
 */
export function mailboxList(setup: TenantSetup, all: boolean): string {
  const { mailboxes, csv, side } = setup;
  if (mailboxes.length === 0) return imported(csv.file, side);
  return all || !isLong(setup) ? `$mailboxes = ${literalList(mailboxes)}` : imported(mailboxFile(setup), 'Email');
}

/** An array of string literals, one on each line. */
function literalList(texts: readonly string[]): string {
  return `@(\n${texts.map((text) => `  ${powerShellLiteral(text)}`).join('\n')}\n)`;
}

function imported(file: string, column: string): string {
  return `$mailboxes = (Import-Csv -LiteralPath ${powerShellLiteral(`./${file}`)} -Encoding UTF8).${column}`;
}

/** Whether there are more addresses than a person wants to see. */
export function isLong({ mailboxes }: TenantSetup): boolean {
  return mailboxes.length > SHOWN_MAILBOXES;
}

export function mailboxFile(setup: TenantSetup): string {
  return `${fileStem(setup)}-mailboxes.csv`;
}

/** The mailboxes whose IMAP was off before, so that it can be switched off again. */
function imapRecord(setup: TenantSetup): string {
  return powerShellLiteral(`./${fileStem(setup)}-imap-was-off.csv`);
}

/** Opens each mailbox to the application and to IMAP; failures are collected, not fatal. */
export function openMailboxes(setup: TenantSetup): string {
  return `$failed = @()
foreach ($mailbox in $mailboxes) {
  try {
    Add-MailboxPermission -Identity $mailbox -User $principal.Id -AccessRights FullAccess -AutoMapping $false -WarningAction SilentlyContinue -ErrorAction Stop | Out-Null
    if (-not (Get-CASMailbox -Identity $mailbox -ErrorAction Stop).ImapEnabled) {
      Set-CASMailbox -Identity $mailbox -ImapEnabled $true -ErrorAction Stop
      [pscustomobject]@{ Email = $mailbox } | Export-Csv -LiteralPath ${imapRecord(setup)} -NoTypeInformation -Encoding UTF8 -Append
    }
  } catch { $failed += [pscustomobject]@{ Email = $mailbox; Why = $_.Exception.Message } }
}
Write-Host "$(@($mailboxes).Count - $failed.Count) of $(@($mailboxes).Count) mailboxes are open to the application."
$failed | Format-Table -AutoSize -Wrap`;
}

/** Shows what is not as it should be; changes nothing. */
export function verify(): string {
  return `$known = Get-ServicePrincipal | Where-Object { $_.AppId -eq $application.AppId }
Write-Host "Consent to IMAP.AccessAsApp:      $([bool](Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All | Where-Object { $_.AppRoleId -eq $role.Id }))"
Write-Host "Known to Exchange, right Object ID: $([bool]($known -and $known.ObjectId -eq $principal.Id))"
$closed = foreach ($mailbox in $mailboxes) {
  $access = Get-MailboxPermission -Identity $mailbox -User $principal.Id -ErrorAction SilentlyContinue | Where-Object { $_.AccessRights -contains 'FullAccess' -and -not $_.Deny }
  $imap = (Get-CASMailbox -Identity $mailbox -ErrorAction SilentlyContinue).ImapEnabled
  if (-not $access -or -not $imap) { [pscustomobject]@{ Email = $mailbox; FullAccess = [bool]$access; Imap = [bool]$imap } }
}
Write-Host "$(@($closed | Where-Object { $_ }).Count) of $(@($mailboxes).Count) mailboxes are not open yet."
$closed | Format-Table -AutoSize`;
}

/** What belongs into the project file. */
export function tellValues(): string {
  return `Write-Host "tenant: $((Get-MgContext).TenantId)"
Write-Host "clientId: $($application.AppId)"`;
}

/** All user and shared mailboxes of the tenant, in the form of the project's list. */
export function listMailboxes({ csv }: TenantSetup): string {
  const columns = csv.columns.map((column) => {
    const value = column.endsWith('_password') ? "''" : '$_.PrimarySmtpAddress';
    return `@{ Name = ${powerShellLiteral(column)}; Expression = { ${value} } }`;
  });
  return `Get-Mailbox -ResultSize Unlimited -RecipientTypeDetails 'UserMailbox', 'SharedMailbox' | Sort-Object PrimarySmtpAddress |
  Select-Object ${columns.join(', ')} |
  Export-Csv -LiteralPath ${powerShellLiteral(`./${csv.file}`)} -NoTypeInformation -Encoding UTF8 -NoClobber`;
}

/** Mailboxes whose online archive IMAP cannot see. */
export function listArchives(setup: TenantSetup): string {
  return `Get-Mailbox -ResultSize Unlimited -Archive | Sort-Object PrimarySmtpAddress | Select-Object @{ Name = 'Email'; Expression = { $_.PrimarySmtpAddress } }, 'ArchiveName' |
  Export-Csv -LiteralPath ${powerShellLiteral(`./${fileStem(setup)}-archives.csv`)} -NoTypeInformation -Encoding UTF8`;
}

/** Takes everything back that the other blocks gave: permissions, IMAP where it was off, service principal, application. */
export function remove(setup: TenantSetup): string {
  return `foreach ($mailbox in $mailboxes) {
  try { Remove-MailboxPermission -Identity $mailbox -User $principal.Id -AccessRights FullAccess -Confirm:$false -WarningAction SilentlyContinue -ErrorAction Stop }
  catch { Write-Warning "$mailbox\`: $($_.Exception.Message)" }
}
if (Test-Path -LiteralPath ${imapRecord(setup)}) {
  foreach ($row in Import-Csv -LiteralPath ${imapRecord(setup)}) { Set-CASMailbox -Identity $row.Email -ImapEnabled $false }
}
Get-ServicePrincipal | Where-Object { $_.AppId -eq $application.AppId } | ForEach-Object { Remove-ServicePrincipal -Identity $_.ObjectId -Confirm:$false }
if ($application) { Remove-MgApplication -ApplicationId $application.Id }
Disconnect-ExchangeOnline -Confirm:$false
Disconnect-MgGraph | Out-Null`;
}
