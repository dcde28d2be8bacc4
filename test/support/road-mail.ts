import { generateMailbox } from './corpus.ts';
import type { SeedFolder } from './imap-client.ts';

export const ANNA = 'anna@example.org';
export const BERT = 'bert@example.org';

/** The mail of a generated mailbox, in its folders. */
export function mailboxOf(seed: number, messages: number): readonly SeedFolder[] {
  return generateMailbox(seed, { messages, now: new Date() }).folders;
}

/** The same mail in one folder: one copy, long enough to be disturbed. */
export function inboxOf(seed: number, messages: number): readonly SeedFolder[] {
  return [{ path: 'INBOX', messages: mailboxOf(seed, messages).flatMap((folder) => folder.messages) }];
}

/** What a comparison finds where every message has arrived once, byte for byte. */
export function allArrived(messages: number): object {
  return { messages, identical: messages, missing: [], doubled: [], different: [], extra: [] };
}
