import { foldersWithoutMail } from '../../sandbox/tenant/default-folders.ts';
import {
  compareMailboxes,
  readMailbox,
  type MailboxComparison,
  type ReadMailbox,
} from '../../test/support/imap-client.ts';
import { SOURCE_LANGUAGE, type OwnMail } from './mail.ts';

/** What a comparison of all mailboxes found: neither the ledger nor mailferry's code has a part in it. */
export interface Verdict {
  /** Messages that have to be at the destination, each once. */
  readonly messages: number;
  /** Of those: there, in the right folder, with the same bytes, date and flags. */
  readonly identical: number;
  readonly missing: number;
  /** At the destination once too often. */
  readonly doubled: number;
  /** Everything that is not as it should be, in sentences; empty when all is well. */
  readonly faults: readonly string[];
}

/** So many faults of one mailbox are told in full. */
const TOLD_FAULTS = 5;

/**
 * Reads every message of both sides of every mailbox and compares: the source with what was put there, the destination
 * with what has to be there.
 */
export async function compareAll(mailboxes: readonly OwnMail[], signal: AbortSignal): Promise<Verdict> {
  let verdict: Verdict = { messages: 0, identical: 0, missing: 0, doubled: 0, faults: [] };
  for (const own of mailboxes) {
    signal.throwIfAborted();
    const [source, destination] = await Promise.all([readMailbox(own.source), readMailbox(own.destination)]);
    const { sourceUser, destinationUser } = own.person;
    const there = compareMailboxes(own.atDestination.contents, destination);
    const untouched = compareMailboxes(own.atSource.contents, mailOf(source));
    verdict = {
      messages: verdict.messages + there.messages,
      identical: verdict.identical + there.identical,
      missing: verdict.missing + there.missing.length,
      doubled: verdict.doubled + there.doubled.length,
      faults: [...verdict.faults, ...faults(`${sourceUser}, source`, untouched), ...faults(destinationUser, there)],
    };
  }
  return verdict;
}

/** Calendars and their like hold items that nobody put there as mail. */
function mailOf({ folders }: ReadMailbox): ReadMailbox {
  const notMail = new Set(foldersWithoutMail(SOURCE_LANGUAGE));
  return { folders: folders.filter(({ path }) => !notMail.has(path)) };
}

function faults(where: string, comparison: MailboxComparison): readonly string[] {
  const { missing, doubled, different, extra } = comparison;
  const found = [
    ...missing.map(({ folder, message }) => `${where}: missing in ${folder}: ${message.messageId ?? message.sha256}`),
    ...doubled.map(
      ({ folder, message }) => `${where}: once too often in ${folder}: ${message.messageId ?? message.sha256}`,
    ),
    ...different.map(
      ({ first, second, differs }) =>
        `${where}: ${first.message.messageId ?? first.message.sha256} differs in ${differs.join(', ')}: ` +
        `${first.folder} (${first.message.flags.join(' ')}) became ${second.folder} (${second.message.flags.join(' ')})`,
    ),
    ...extra.map(
      ({ folder, message }) => `${where}: nobody put this there, in ${folder}: ${message.messageId ?? message.sha256}`,
    ),
  ];
  const more = found.length - TOLD_FAULTS;
  return [...found.slice(0, TOLD_FAULTS), ...(more > 0 ? [`${where}: and ${more} more`] : [])];
}
