import type { AsideMessage } from '../../model/aside.ts';
import { refusal } from '../../model/refusals.ts';
import type { EmlSummary } from '../aside/eml-files.ts';
import type { Screen } from '../printer.ts';
import type { AsideMailbox } from '../remote/aside.ts';
import type { Theme } from '../theme.ts';
import { countOf, size, thousands } from './format.ts';

/** Messages put aside of a project, or of one of its mailboxes. */
export interface AsideReport {
  readonly project: string;
  readonly mailboxes: readonly AsideMailbox[];
  readonly exported?: EmlSummary;
}

export function asideScreen(report: AsideReport): Screen<AsideReport> {
  return { data: report, text: asideText };
}

function asideText({ project, mailboxes, exported }: AsideReport, theme: Theme): string {
  const total = mailboxes.reduce((sum, mailbox) => sum + mailbox.total, 0);
  const shown = mailboxes.filter((mailbox) => mailbox.total > 0 || mailbox.problem !== undefined);
  return [
    ...shown.flatMap((mailbox) => [...mailboxLines(mailbox, theme), '']),
    ...nextSteps(mailboxes, theme),
    total === 0
      ? `${project}: no message was put aside.`
      : `${project}: ${countOf(total, 'message')} put aside in ${countOf(shown.length, 'mailbox', 'mailboxes')}.`,
    ...(exported === undefined ? [] : [exportLine(exported)]),
  ].join('\n');
}

function mailboxLines({ mailbox, total, folders, problem }: AsideMailbox, theme: Theme): readonly string[] {
  return [
    `${theme.bold(mailbox)}  ${countOf(total, 'message')} put aside`,
    ...folders.flatMap(({ sourcePath, messages }) =>
      messages.flatMap((message) => messageLines(sourcePath, message, theme)),
    ),
    ...(problem === undefined
      ? []
      : [
          `  ${theme.bad(`${problem.code}: ${problem.text}`)}`,
          ...(problem.serverText === undefined ? [] : [`    server: ${problem.serverText}`]),
          `    next: ${refusal(problem.code).next}`,
        ]),
  ];
}

function messageLines(folder: string, message: AsideMessage, theme: Theme): readonly string[] {
  const { uid, code, words, gone, date, from, subject, size: bytes } = message;
  const facts = [date, bytes === undefined ? undefined : size(bytes), from].filter((fact) => fact !== undefined);
  const untold = gone ? 'no longer on the source' : 'the source does not tell its headers';
  const what = gone || facts.length === 0 ? untold : facts.join('  ');
  return [
    `  ${folder} UID ${uid}  ${what}`,
    ...(gone || facts.length === 0 ? [] : [`    “${subject ?? ''}”`]),
    `    ${theme.bad(code)}${words === undefined ? '' : `; server: ${words}`}`,
  ];
}

/** Once for each reason. */
function nextSteps(mailboxes: readonly AsideMailbox[], theme: Theme): readonly string[] {
  const all = mailboxes.flatMap(({ folders }) => folders.flatMap(({ messages }) => messages));
  const codes = [...new Set(all.map(({ code }) => code))].toSorted();
  return codes.flatMap((code) => {
    const { meaning, next } = refusal(code);
    const count = all.filter((message) => message.code === code).length;
    return [`${theme.bold(code)} (${thousands(count)})`, `  ${meaning}`, `  next: ${next}`, ''];
  });
}

function exportLine({ directory, written, kept }: EmlSummary): string {
  return `${countOf(written, 'message')} written to ${directory}${kept > 0 ? `, ${thousands(kept)} were there already` : ''}.`;
}
