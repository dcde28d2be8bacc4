import type { CurrentPass, FolderState } from '../../model/saga.ts';
import { update, type Mailbox } from './mailbox.ts';

/** Changes what is carried for one folder. */
export function patchFolder(mailbox: Mailbox, source: string, change: Partial<FolderState>): void {
  const folders = mailbox.state.folders.map((folder) => (folder.source === source ? { ...folder, ...change } : folder));
  update(mailbox, { folders });
}

/** The pass that is under way; only to be asked within one. */
export function currentPass(mailbox: Mailbox): CurrentPass {
  const { current } = mailbox.state;
  if (current === undefined) throw new Error('a folder is copied outside a pass');
  return current;
}
