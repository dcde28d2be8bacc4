/** All that Exchange Online and Exchange 2013 to 2019 are known to announce, besides the ways to log in. */
const EXCHANGE = new Set([
  'IMAP4',
  'IMAP4REV1',
  'IMAP4REV2',
  'SASL-IR',
  'UIDPLUS',
  'MOVE',
  'ID',
  'UNSELECT',
  'CHILDREN',
  'CLIENTACCESSRULES',
  'CLIENTNETWORKPRESENCELOCATION',
  'BACKENDAUTHENTICATE',
  'IDLE',
  'NAMESPACE',
  'LITERAL+',
  'LOGINDISABLED',
  'STARTTLS',
]);

/**
 * Whether a server is Exchange, as far as its capabilities (in upper case) tell: it announces UNSELECT and CHILDREN, and
 * nothing that Exchange does not; others announce more (CONDSTORE, ESEARCH, SORT, QUOTA, …).
 */
export function isExchange(capabilities: ReadonlySet<string>): boolean {
  const known = KNOWN.get(capabilities);
  if (known !== undefined) return known;
  const answer = announcesAsExchange(capabilities);
  KNOWN.set(capabilities, answer);
  return answer;
}

/** It is asked for each message. */
const KNOWN = new WeakMap<ReadonlySet<string>, boolean>();

function announcesAsExchange(capabilities: ReadonlySet<string>): boolean {
  if (!capabilities.has('UNSELECT') || !capabilities.has('CHILDREN')) return false;
  return [...capabilities].every((capability) => EXCHANGE.has(capability) || capability.startsWith('AUTH='));
}

/** Of every mailbox that leaves Exchange: IMAP does not show whether there is any of it. */
export const NOT_COVERED =
  'an online archive and public folders cannot be seen over IMAP and are not covered; `mailferry setup m365` lists the mailboxes with an archive';
