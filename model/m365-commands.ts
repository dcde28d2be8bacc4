/**
 * PowerShell for the administrator of a Microsoft 365 tenant (Exchange Online PowerShell, module ExchangeOnlineManagement;
 * cmdlets as in Microsoft's reference of it). Pure text, ready to paste: every value that comes from a project is written
 * as a literal, so that a mailbox's name can never become a command. Each function gives lines; later ones use the
 * variables that earlier ones set.
 */

/** What PowerShell reads as a single quotation mark: the ASCII one and its four typographic kinds (about_Quoting_Rules). */
const QUOTES = /['\u2018\u2019\u201a\u201b]/g;

/** What a terminal, an editor or an eye would not take for what it is: controls, formats (bidirectional marks), separators. */
const HIDDEN = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+)/u;

/** A text as a PowerShell expression that is exactly this text, whatever stands in it, on one line. */
export function powerShellLiteral(text: string): string {
  const parts = text.split(HIDDEN).filter((part) => part !== '');
  const written = parts.flatMap((part) => (HIDDEN.test(part) ? hiddenCharacters(part) : [quoted(part)]));
  if (written.length === 1 && !HIDDEN.test(text)) return written[0] ?? "''";
  return written.length === 0 ? "''" : `(-join @(${written.join(', ')}))`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(QUOTES, (quote) => quote + quote)}'`;
}

/** UTF-16 units, since `[char]` is one of them. */
function hiddenCharacters(text: string): readonly string[] {
  return text.split('').map((unit) => `[char]0x${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Opens the session in which all other commands run; `environment` as in `-ExchangeEnvironmentName`, for national clouds. */
export function connectExchange(environment?: string): readonly string[] {
  const named = environment === undefined ? '' : ` -ExchangeEnvironmentName ${powerShellLiteral(environment)}`;
  return [`Connect-ExchangeOnline -ShowBanner:$false${named}`];
}

/** Sets `$applicationId` and `$principal`: what Exchange Online knows of the application, which may be nothing. */
export function findPrincipal(clientId: string): readonly string[] {
  return [
    `$applicationId = ${powerShellLiteral(clientId)}`,
    '$principal = Get-ServicePrincipal | Where-Object { $_.AppId -eq $applicationId }',
  ];
}

/**
 * Sets `$enterpriseId`, the Object ID of the enterprise application, which is another one than that of the app
 * registration, and shows it beside the one with which the application is registered in Exchange Online. `environment` as
 * in `Connect-MgGraph -Environment`, for national clouds.
 */
export function comparePrincipal(environment?: string): readonly string[] {
  const named = environment === undefined ? '' : ` -Environment ${powerShellLiteral(environment)}`;
  return [
    `Connect-MgGraph -NoWelcome -Scopes 'Application.Read.All'${named}`,
    '$enterpriseId = (Get-MgServicePrincipal -Filter "appId eq \'$applicationId\'").Id',
    '[pscustomobject]@{ EnterpriseApplication = $enterpriseId; RegisteredInExchange = $principal.ObjectId }',
  ];
}

/** Registers the application in Exchange Online with `$enterpriseId`, in place of a registration with another ID. */
export function registerPrincipal(displayName: string): readonly string[] {
  return [
    'if ($principal -and $principal.ObjectId -ne $enterpriseId) {',
    '  Remove-ServicePrincipal -Identity $principal.ObjectId -Confirm:$false',
    '  $principal = $null',
    '}',
    'if (-not $principal) {',
    `  $principal = New-ServicePrincipal -AppId $applicationId -ObjectId $enterpriseId -DisplayName ${powerShellLiteral(displayName)}`,
    '}',
  ];
}

/** Sets `$mailboxes` to these. */
export function listMailboxes(mailboxes: readonly string[]): readonly string[] {
  return ['$mailboxes = @(', ...mailboxes.map((mailbox) => `  ${powerShellLiteral(mailbox)}`), ')'];
}

/** Shows of each of `$mailboxes` whether it exists, whether IMAP is on, and whether the application may open it. */
export function verifyMailboxes(): readonly string[] {
  return [
    '$mailboxes | ForEach-Object {',
    '  $address = $_',
    '  $found = Get-Mailbox -Identity $address -ErrorAction SilentlyContinue',
    '  [pscustomobject]@{',
    '    Mailbox     = $address',
    '    Exists      = $null -ne $found',
    '    Address     = $found.PrimarySmtpAddress',
    '    ImapEnabled = if ($found) { (Get-CASMailbox -Identity $address).ImapEnabled }',
    '    FullAccess  = if ($found -and $principal) {',
    '      $null -ne (Get-MailboxPermission -Identity $address | Where-Object {',
    '        "$($_.User)" -like "*$($principal.ObjectId)*" -and "$($_.AccessRights)" -match \'FullAccess\'',
    '      })',
    '    }',
    '  }',
    '} | Format-Table -AutoSize',
  ];
}

/** Lets the application open each of `$mailboxes`. */
export function grantFullAccess(): readonly string[] {
  return [
    '$mailboxes | ForEach-Object {',
    '  Add-MailboxPermission -Identity $_ -User $principal.ObjectId -AccessRights FullAccess -AutoMapping $false',
    '}',
  ];
}

/** Turns IMAP on for each of `$mailboxes`. */
export function enableImap(): readonly string[] {
  return ['$mailboxes | ForEach-Object { Set-CASMailbox -Identity $_ -ImapEnabled $true }'];
}
