/**
 * Why Exchange Online refuses an application that has a token, as far as its words tell: one text has several causes, so they
 * are named in order of likelihood. From Microsoft's documentation "Authenticate an IMAP, POP or SMTP connection using
 * OAuth" and from what the same texts turned out to mean in reports about other clients.
 */

export interface Cause {
  /** What is wrong, so that it can be told from the others. */
  readonly name: string;
  /** What to look at, and where. */
  readonly check: string;
}

export const CAUSES = {
  propagation: {
    name: 'the permissions are on their way',
    check: 'Consent and permissions that were given a short time ago take minutes to about an hour to take effect.',
  },
  principal: {
    name: 'the service principal is not registered in Exchange Online',
    check: '`Get-ServicePrincipal` must list the application; `New-ServicePrincipal` registers it.',
  },
  objectId: {
    name: 'the service principal is registered with the wrong Object ID',
    check:
      'It must be the Object ID of the enterprise application (Entra, Enterprise applications), not that of the app registration.',
  },
  conditionalAccess: {
    name: 'Conditional Access blocks the application',
    check: 'Entra, Sign-in logs, Service principal sign-ins: look for policies that apply to workload identities.',
  },
  fullAccess: {
    name: 'the application has no FullAccess to the mailbox',
    check: '`Get-MailboxPermission` must list the service principal; `Add-MailboxPermission` gives it.',
  },
  imapDisabled: {
    name: 'IMAP is disabled for the mailbox',
    check: '`Get-CASMailbox` must show ImapEnabled; `Set-CASMailbox -ImapEnabled $true` turns it on.',
  },
  noMailbox: {
    name: 'there is no such mailbox',
    check: 'Compare the address with `Get-Mailbox`: a wrong address, an account without a mailbox, or a deleted one.',
  },
  consent: {
    name: 'admin consent for IMAP.AccessAsApp is missing',
    check:
      'Entra, App registrations, API permissions: add the application permission IMAP.AccessAsApp of Office 365 Exchange Online and grant admin consent.',
  },
  delegated: {
    name: 'the permission is a delegated one',
    check:
      'A delegated permission needs a user who signs in. Add the application permission IMAP.AccessAsApp of Office 365 Exchange Online, and grant admin consent.',
  },
  scope: {
    name: 'the scope asks for another resource',
    check: 'For Exchange Online `scope` is https://outlook.office365.com/.default (national clouds have their own).',
  },
} as const satisfies Record<string, Cause>;

export type CauseName = keyof typeof CAUSES;

/** Exchange knows the application and does not let it into the mailbox. */
const NOT_CONNECTED = /authenticated but not connected/i;

/** Exchange's own words for every other refusal of a login. */
const AUTHENTICATE_FAILED = /\bAUTHENTICATE failed/;

/**
 * Why all mailboxes that were tried are refused, the likeliest first; none where it is not Exchange Online that refuses.
 * `serverTexts`: what the server said to each.
 */
export function tenantCauses(serverTexts: readonly string[]): readonly CauseName[] {
  if (serverTexts.some((text) => NOT_CONNECTED.test(text))) {
    return ['fullAccess', 'objectId', 'imapDisabled', 'conditionalAccess'];
  }
  return serverTexts.some((text) => AUTHENTICATE_FAILED.test(text))
    ? ['principal', 'objectId', 'conditionalAccess', 'imapDisabled', 'fullAccess']
    : [];
}

/** Why this mailbox is refused while others of the same application are in, the likeliest first. */
export function mailboxCauses(serverText: string): readonly CauseName[] {
  if (NOT_CONNECTED.test(serverText)) return ['fullAccess', 'imapDisabled', 'noMailbox'];
  return AUTHENTICATE_FAILED.test(serverText) ? ['imapDisabled', 'noMailbox', 'fullAccess'] : [];
}

/** Causes for a person to go through, a line each, the likeliest first. */
export function causeLines(causes: readonly CauseName[]): readonly string[] {
  return causes.map((cause, at) => `${at + 1}. ${CAUSES[cause].name}. ${CAUSES[cause].check}`);
}

/** The same on one line, without what to look at; empty where nothing is known. */
export function likelyInWords(causes: readonly CauseName[]): string {
  return causes.length === 0 ? '' : `likely ${causes.map((cause) => CAUSES[cause].name).join(', or ')}`;
}
