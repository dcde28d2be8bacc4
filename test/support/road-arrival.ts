import { expect } from 'vitest';
import { mailboxId } from '../../model/ids.ts';
import type { MailboxView } from '../../model/mailbox.ts';
import { allArrived } from './road-mail.ts';
import type { Road } from './whole-road.ts';

export interface Arrival {
  readonly user: string;
  /** How many messages its source has, and so its destination. */
  readonly messages: number;
  /** The road's own project when absent. */
  readonly project?: string;
  /** Where a folder of the source is at the destination; the same path when absent. */
  readonly folderMap?: (path: string) => string;
}

/**
 * Expects every message to have arrived once, byte for byte. What the mailbox tells of itself comes first, and stands beside
 * every difference: it says why, and a message that is missing does not. Needs a worker.
 */
export async function expectArrived(road: Road, { user, messages, project, folderMap }: Arrival): Promise<void> {
  const view = await road.admin.mailboxIs(project ?? road.name, mailboxId({ user }), () => true);
  const told = toldBy(view);
  expect(asideIn(view), told).toEqual([]);
  expect(await road.compare(user, folderMap), told).toEqual(allArrived(messages));
}

/** Each message put aside on a line: folder, UID, code, and the server's words where they are kept. */
function asideIn({ folders }: MailboxView): readonly string[] {
  return folders.flatMap(({ source, aside }) =>
    aside.map(({ uid, code, words }) => [source, uid, code, ...(words === undefined ? [] : [words])].join(' ')),
  );
}

/** For the failure of a comparison: why something is missing or doubled, the mailbox may know. */
export function toldBy({ id, phase, counts, problem, notes, passes }: MailboxView): string {
  return `${id} tells of itself: ${JSON.stringify({ phase, counts, problem, notes, passes })}`;
}
