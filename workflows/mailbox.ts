import { CancellationScope, isCancellation, setHandler } from '@temporalio/workflow';
import type { MailboxReport } from '../model/mailbox.ts';
import type { MailboxState } from '../model/saga.ts';
import { live, sayEnd } from './mailbox/life.ts';
import { asidePageOf } from './mailbox/aside.ts';
import { newContext, update } from './mailbox/mailbox.ts';
import { reportOf, show, viewOf } from './mailbox/tell.ts';
import { asidePage, changeMailbox, directMailbox, mailboxView } from './messages.ts';

/**
 * One mailbox for the project's whole life, continued as new after each pass. It promises to end only when its mail is
 * over and compared, or when a person has cancelled or given it up; every refusal in between is waited out or shown.
 */
export async function mailboxWorkflow(state: MailboxState): Promise<MailboxReport> {
  const mailbox = newContext(state);
  setHandler(mailboxView, () => viewOf(mailbox));
  setHandler(asidePage, ({ skip }) => asidePageOf(mailbox, skip));
  setHandler(directMailbox, (directive) => {
    if (directive.revision <= mailbox.state.directive.revision) return;
    update(mailbox, { directive });
    show(mailbox);
  });
  setHandler(changeMailbox, ({ settings, row, removed }) => {
    update(mailbox, { ...(settings && { settings }), ...(row && { row }), ...(removed && { removed }) });
  });
  try {
    await sayEnd(mailbox, await live(mailbox));
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => sayEnd(mailbox, 'cancelled'));
    throw error;
  }
  return reportOf(mailbox, true);
}
