/**
 * The list of capabilities is the one switch for a server's abilities: what is not named in it is not understood either
 * (a command is unknown, a literal malformed), except what RFC 3501 demands of everyone.
 */

/** As a current Dovecot: everything the sandbox can do, but for LITERAL-. */
export const DOVECOT_CAPABILITIES: readonly string[] = [
  'IMAP4rev1',
  'LITERAL+',
  'SASL-IR',
  'AUTH=PLAIN',
  'AUTH=XOAUTH2',
  'ID',
  'ENABLE',
  'IDLE',
  'NAMESPACE',
  'CHILDREN',
  'SPECIAL-USE',
  'UNSELECT',
  'UIDPLUS',
  'MOVE',
  'MULTIAPPEND',
  'ESEARCH',
  'STATUS=SIZE',
];

/** As seen on Exchange Online in sessions of public issue threads: no MULTIAPPEND, SPECIAL-USE or CONDSTORE. */
export const EXCHANGE_CAPABILITIES: readonly string[] = [
  'IMAP4',
  'IMAP4rev1',
  'AUTH=PLAIN',
  'AUTH=XOAUTH2',
  'SASL-IR',
  'UIDPLUS',
  'MOVE',
  'ID',
  'UNSELECT',
  'CHILDREN',
  'IDLE',
  'NAMESPACE',
  'LITERAL+',
];

/** As seen on Gmail, whose folders are labels: a message has one X-GM-MSGID in all of them. */
export const GMAIL_CAPABILITIES: readonly string[] = [
  'IMAP4rev1',
  'LITERAL-',
  'SASL-IR',
  'AUTH=PLAIN',
  'AUTH=XOAUTH2',
  'ID',
  'ENABLE',
  'IDLE',
  'NAMESPACE',
  'CHILDREN',
  'SPECIAL-USE',
  'UNSELECT',
  'UIDPLUS',
  'MOVE',
  'X-GM-EXT-1',
];

/** What RFC 3501 demands, and a way in. */
export const BARE_CAPABILITIES: readonly string[] = ['IMAP4rev1', 'AUTH=PLAIN'];

/** What decides which capabilities are shown at a moment. */
export interface CapabilityMoment {
  readonly authenticated: boolean;
  /** Whether STARTTLS can be asked for now. */
  readonly startTls: boolean;
  /** Whether passwords are refused until TLS is on. */
  readonly loginDisabled: boolean;
}

/** The capabilities shown before and after login (RFC 3501 §§ 6.1.1, 6.2.1, 6.2.3, 7.2.1). */
export function shownCapabilities(all: readonly string[], moment: CapabilityMoment): readonly string[] {
  if (moment.authenticated) return all.filter((each) => !/^(AUTH=|SASL-IR$)/i.test(each));
  const shown = moment.loginDisabled ? all.filter((each) => !/^AUTH=/i.test(each)) : [...all];
  return [...shown, ...(moment.startTls ? ['STARTTLS'] : []), ...(moment.loginDisabled ? ['LOGINDISABLED'] : [])];
}

export function hasCapability(all: readonly string[], name: string): boolean {
  return all.some((each) => each.toUpperCase() === name.toUpperCase());
}

/** The largest message of `APPENDLIMIT=n` (RFC 7889), or undefined. */
export function appendLimit(all: readonly string[]): number | undefined {
  const found = all.map((each) => /^APPENDLIMIT=(\d+)$/i.exec(each)?.[1]).find((value) => value !== undefined);
  return found === undefined ? undefined : Number(found);
}
