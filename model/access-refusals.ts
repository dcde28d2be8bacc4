import type { Problem } from './mailbox.ts';
import type { RefusalCode } from './refusals.ts';

/** A login was understood and refused: by the fault of the mailbox, or of the tenant when it happens to all. */
const REFUSED: ReadonlySet<RefusalCode> = new Set(['access.refused', 'access.password', 'access.administrator']);

/** The login went through; what was refused came after it. */
const BEHIND_THE_LOGIN: ReadonlySet<RefusalCode> = new Set([
  'source.folder-refused',
  'source.folder-gone',
  'source.root-unknown',
  'destination.folder-refused',
  'server.duplicate-folders',
]);

/** True when the server understood who wants in, and said no. */
export function isMailboxRefusal({ code }: Problem): boolean {
  return REFUSED.has(code);
}

/** True when the server has let the mailbox's login in, whatever came of it afterwards. */
export function letsIn(problem: Problem | undefined): boolean {
  return problem === undefined || BEHIND_THE_LOGIN.has(problem.code);
}
