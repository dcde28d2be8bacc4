import type { DoctorFinding } from '../../model/doctor-run.ts';
import type { PreflightResult } from '../../model/preflight.ts';
import type { MailboxList } from '../../project/types.ts';
import type { Screen } from '../printer.ts';
import { countOf } from './format.ts';

/** What came of a `start`. */
export interface StartReport {
  readonly project: string;
  readonly source: string;
  readonly destination: string;
  /** The file of mailboxes and what it was taken for. */
  readonly list?: MailboxList;
  readonly started: boolean;
  readonly mailboxes: number;
  /** What was found before; absent with `--no-preflight`. */
  readonly preflight: PreflightResult | undefined;
  /** Applications that no mailbox lets in: those behind them were not looked at. */
  readonly closed?: readonly DoctorFinding[];
  readonly page?: string;
}

export function startScreen(report: StartReport): Screen<StartReport> {
  return {
    data: report,
    text: ({ project, mailboxes, page }, theme) =>
      [
        theme.good(`Project "${project}" has started with ${countOf(mailboxes, 'mailbox', 'mailboxes')}.`),
        ...(page === undefined ? [] : [`Web UI: ${page}`]),
        `next: mailferry status ${project} --watch`,
      ].join('\n'),
  };
}
