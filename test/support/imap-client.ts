/**
 * An IMAP client for tests and for the demo's comparison. It shares no code with the engine that it judges.
 * @module
 */
export { ImapConnection, ImapRefusal } from './imap-connection.ts';
export type { ImapAccess, ImapResponse } from './imap-connection.ts';
export { instantOf, quoted, readMailbox } from './imap-read.ts';
export type { ReadFolder, ReadMailbox, ReadMessage } from './imap-read.ts';
export { seedMailbox } from './imap-seed.ts';
export type { AppendMode, SeedFolder, SeedMessage } from './imap-seed.ts';
export { compareMailboxes } from './mailbox-comparison.ts';
export type { Difference, DifferentMessage, FoundMessage, MailboxComparison } from './mailbox-comparison.ts';
