import { randomBytes } from 'node:crypto';
import type { ProjectChange } from '../../model/saga.ts';
import * as messages from '../../workflows/messages.ts';
import { chunksOf } from '../chunks.ts';
import { groupByShard, type Difference } from '../difference.ts';
import { projectHandle } from './project.ts';
import { addMailboxes } from './starting.ts';
import type { Remote } from './temporal.ts';

const CHANGES_PER_MESSAGE = 500;
const MESSAGE_MS = 30_000;

/**
 * Tells a running project what has changed: settings first, so that whatever follows is read with them; then mailboxes
 * that changed or leave, then new ones. Every message can be taken twice without harm; a command that broke off is
 * repeated.
 */
export async function applyDifference(remote: Remote, project: string, difference: Difference): Promise<void> {
  const { settings, shards, added } = difference;
  if (settings !== undefined) await send(remote, project, { settings });
  for (const chunk of chunksOf(shards, CHANGES_PER_MESSAGE)) {
    await send(remote, project, { shards: groupByShard(chunk) });
  }
  // Not made from the rows: a mailbox that was added, removed and is added again is not the same message twice.
  if (added.length > 0) await addMailboxes(remote, project, added, `apply-${randomBytes(6).toString('hex')}`);
}

async function send(remote: Remote, project: string, change: ProjectChange): Promise<void> {
  const handle = projectHandle(remote, project);
  await remote.call(() => handle.executeUpdate(messages.change, { args: [change] }), MESSAGE_MS);
}
