import type { Change } from '../../project/describe-changes.ts';
import type { MailboxList } from '../../project/types.ts';
import type { Screen } from '../printer.ts';
import type { Theme } from '../theme.ts';
import { countOf, thousands } from './format.ts';

/** What `apply` would do, or did. */
export interface ApplyReport {
  readonly project: string;
  /** The file of mailboxes and what it was taken for. */
  readonly list?: MailboxList;
  readonly changes: readonly Change[];
  readonly applied: boolean;
}

const SHOWN = 100;

export function differenceScreen(report: ApplyReport): Screen<ApplyReport> {
  return { data: report, text: differenceText };
}

function differenceText({ project, changes, applied }: ApplyReport, theme: Theme): string {
  if (changes.length === 0) return `Project "${project}" is as its file says; nothing was changed.`;
  const more = changes.length - SHOWN;
  return [
    theme.bold(`${countOf(changes.length, 'change')} ${applied ? 'made' : 'to make'} in project "${project}"`),
    ...changes.slice(0, SHOWN).map((change) => changeLine(change, theme)),
    ...(more > 0 ? [`  … and ${thousands(more)} more`] : []),
  ].join('\n');
}

function changeLine({ kind, text }: Change, theme: Theme): string {
  switch (kind) {
    case 'mailbox-added':
      return theme.good(`+ ${text}`);
    case 'mailbox-removed':
      return theme.bad(`- ${text}`);
    case 'setting':
    case 'secret':
    case 'mailbox-changed':
    case 'mailbox-secret':
      return theme.warn(`~ ${text}`);
  }
}
