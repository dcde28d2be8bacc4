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
 * Whether a server hands out the bytes that it was given, and their exact number as RFC822.SIZE. Exchange does neither: it
 * rewrites what is appended and estimates sizes. It is recognised by announcing UNSELECT and CHILDREN, and nothing that
 * Exchange does not; servers that keep bytes announce more (CONDSTORE, ESEARCH, SORT, QUOTA, …). A server taken for Exchange
 * by mistake costs little: equal headers are then enough for two messages to be the same, without equal sizes.
 */
export function keepsBytes(capabilities: ReadonlySet<string>): boolean {
  if (!capabilities.has('UNSELECT') || !capabilities.has('CHILDREN')) return true;
  return [...capabilities].some((capability) => !EXCHANGE.has(capability) && !capability.startsWith('AUTH='));
}
