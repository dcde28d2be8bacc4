import { EXCHANGE_CAPABILITIES } from '../capabilities.ts';
import type { PartialSettings } from '../settings.ts';
import type { Texts } from '../texts.ts';
import { refusedName } from './default-folders.ts';
import { TOO_MANY_BAD } from './exchange-faults.ts';
import { estimatedSize, rewritten } from './rewriting.ts';

/** The words of Exchange Online's IMAP, seen in issue threads and FAQs of migration tools. */
const TEXTS: Partial<Texts> = {
  greeting: 'The Microsoft Exchange IMAP4 service is ready. [UwBBAE4ARABCAE8AWAAuAEUAWABBAE0AUABMAEUA]',
  bye: 'Microsoft Exchange Server IMAP4 server signing off.',
  loggedIn: 'AUTHENTICATE completed.',
  authenticationFailed: 'NO {command} failed.',
  authorizationFailed: 'NO {command} failed.',
  passwordsRefused: 'NO {command} failed. LogonDenied-BasicAuthBlocked',
  mechanismUnknown: 'NO {command} failed.',
  notConnected: 'BAD User is authenticated but not connected.',
  unknownCommand: 'BAD Command Error. 12',
  badArguments: 'BAD Command Argument Error. 12',
  notSelected: 'BAD Command received in Invalid state.',
  nonexistent: 'NO Mailbox does not exist.',
  tryCreate: 'NO [TRYCREATE] Folder is not found.',
  alreadyExists: 'NO Mailbox already exists.',
  invalidName: 'NO Folder name is invalid.',
  tooBig: 'NO Maximum size of appendable message has been exceeded',
  flagsDropped: 'NO Keywords are not supported!',
  overQuota: 'NO Server Unavailable. 15',
  folderLost: 'BYE Mailbox has been deleted or moved.',
  tooManyBadCommands: `BYE ${TOO_MANY_BAD}`,
};

/** "Exchange Online limits": messages of 35 MB are taken unless MaxReceiveSize says otherwise (150 MB at most). */
export const DEFAULT_MESSAGE_BYTES = 35 * 1024 * 1024;

/** How Exchange Online's IMAP behaves with everybody, apart from who may come in and how much they may ask for. */
export function exchangeSettings(): PartialSettings {
  return {
    capabilities: EXCHANGE_CAPABILITIES,
    texts: TEXTS,
    announceCapabilities: false,
    id: { name: 'Microsoft.Exchange.Imap4.Imap4Server', version: '15.20' },
    delimiter: '/',
    caseSensitiveNames: false,
    permanentFlags: ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', '$MDNSent'],
    otherFlags: 'drop-announced',
    lostOnAppend: ['\\Flagged'],
    // "Deprecation of Basic authentication in Exchange Online".
    acceptsPasswords: false,
    // "Authenticate an IMAP, POP or SMTP connection using OAuth" shows the refusal without a challenge before it.
    tokenChallenge: null,
    excessConnections: 'leave-unconnected',
    connectionsPerUser: 20,
    badCommandsAllowed: 2,
    refuseName: refusedName,
    refuseMessage: (body) => (isIndigestible(body) ? 'BAD Command Argument Error. 11' : undefined),
    rewrite: rewritten,
    reportedSize: estimatedSize,
  };
}

/** The longest line that APPEND takes, as users of migration tools have found it. */
const LONGEST_LINE_BYTES = 9_900;

/** What APPEND refuses without a reason: NUL, and lines that are too long. */
function isIndigestible(body: Buffer): boolean {
  if (body.includes(0)) return true;
  let start = 0;
  for (let end = body.indexOf(0x0a); end >= 0; end = body.indexOf(0x0a, start)) {
    if (end - start > LONGEST_LINE_BYTES) return true;
    start = end + 1;
  }
  return body.length - start > LONGEST_LINE_BYTES;
}
