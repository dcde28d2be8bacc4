import type { FolderView, MailboxView, Problem } from '../../model/mailbox.ts';
import { isRefusalCode, refusal } from '../../model/refusals.ts';
import type { Screen } from '../printer.ts';
import type { MailboxReportView } from '../remote/mailbox.ts';
import type { Theme } from '../theme.ts';
import { credentialLines } from './credentials.ts';
import { clock, countOf, duration, size, table, thousands } from './format.ts';

/** One mailbox: what it does now, its folders, its passes, what was put aside. */
export function mailboxScreen(report: MailboxReportView): Screen<MailboxReportView> {
  return { data: report, text: mailboxText };
}

function mailboxText(report: MailboxReportView, theme: Theme): string {
  const { view, page } = report;
  return [
    ...(view === undefined ? lastTold(report, theme) : viewLines(view, theme)),
    ...report.activities.map(({ type, attempt, progress, lastFailure }) => {
      const said = [progress, attempt > 1 ? `attempt ${attempt}` : undefined, lastFailure];
      return `  ${type}: ${said.filter((part) => part !== undefined).join('; ') || 'has begun'}`;
    }),
    ...credentialLines(report.credentials, theme),
    ...(page === undefined ? [] : ['', `Web UI: ${page}`]),
  ].join('\n');
}

function viewLines(view: MailboxView, theme: Theme): readonly string[] {
  return [
    `${theme.bold(view.sourceUser)} → ${theme.bold(view.destinationUser)}  ${view.phase}${view.paused ? ', paused' : ''}`,
    `  ${view.now}`,
    ...(view.nextAt === undefined ? [] : [`  next: ${clock(view.nextAt)}`]),
    ...(view.list === undefined ? [] : [`  from ${view.list}`]),
    ...problemLines(view.problem, theme),
    ...section('Folders', view.folders.length === 0 ? undefined : folderTable(view.folders), theme),
    ...view.folders.flatMap(folderTroubles),
    ...section('Left out', leftOutTable(view), theme),
    ...section('Passes', passTable(view), theme),
    ...section('Comparison', comparison(view), theme),
    ...section('Notes', noteTable(view), theme),
  ];
}

function lastTold(report: MailboxReportView, theme: Theme): readonly string[] {
  const { lastTold: told } = report;
  const [phase, now] = [told?.['phase'], told?.['now']];
  return [
    `${theme.bold(report.mailbox)}  ${typeof phase === 'string' ? phase : report.workflow}`,
    `  ${typeof now === 'string' ? now : 'has not told anything yet'}`,
    ...problemLines(toldProblem(told?.['problem']), theme),
    '',
    theme.warn('! No worker answered: this is what the mailbox told last.'),
  ];
}

function toldProblem(value: unknown): Problem | undefined {
  if (typeof value !== 'object' || value === null || !('code' in value) || !('text' in value)) return undefined;
  const { code, text } = value;
  if (typeof code !== 'string' || typeof text !== 'string' || !isRefusalCode(code)) return undefined;
  return { code, text };
}

function problemLines(problem: Problem | undefined, theme: Theme): readonly string[] {
  if (problem === undefined) return [];
  return [
    '',
    theme.bad(`${problem.code}: ${problem.text}`),
    ...(problem.serverText === undefined ? [] : [`  server: ${problem.serverText}`]),
    `  next: ${refusal(problem.code).next}`,
  ];
}

function section(title: string, body: string | undefined, theme: Theme): readonly string[] {
  return body === undefined ? [] : ['', theme.bold(title), body];
}

function folderTable(folders: readonly FolderView[]): string {
  const rows = folders.map((folder) => [
    folder.source === folder.destination ? folder.source : `${folder.source} → ${folder.destination}`,
    thousands(folder.handled),
    'of',
    thousands(folder.messages),
    folder.aside.length === 0 ? '' : `${thousands(folder.aside.length)} put aside`,
    folder.goneFromSource === undefined ? '' : `${thousands(folder.goneFromSource)} deleted on the source, kept`,
  ]);
  return table(rows, [1, 3]);
}

function folderTroubles(folder: FolderView): readonly string[] {
  const asides = folder.aside.slice(0, 20).map(({ uid, code }) => `  ${folder.source} UID ${uid}: ${code}`);
  const more = folder.aside.length - asides.length;
  return [
    ...(folder.problem === undefined ? [] : [`  ${folder.source}: ${folder.problem.code}: ${folder.problem.text}`]),
    ...asides,
    ...(more > 0 ? [`  ${folder.source}: … and ${thousands(more)} more`] : []),
  ];
}

function leftOutTable({ leftOut }: MailboxView): string | undefined {
  if (leftOut.length === 0) return undefined;
  return table(leftOut.map(({ sourcePath, messages, reason }) => [sourcePath, countOf(messages, 'message'), reason]));
}

function passTable({ passes }: MailboxView): string | undefined {
  if (passes.length === 0) return undefined;
  return table(
    passes.map(({ kind, startedAt, endedAt, counts }) => [
      kind,
      clock(startedAt),
      duration(endedAt - startedAt),
      `${thousands(counts.copied)} copied (${size(counts.bytes)})`,
      `${thousands(counts.adopted)} adopted`,
      `${thousands(counts.moved)} moved`,
      `${thousands(counts.flagsChanged)} flags`,
    ]),
  );
}

function comparison({ verification }: MailboxView): string | undefined {
  if (verification === undefined) return undefined;
  const { messages, identical, missing, doubled, movedByUser, at } = verification;
  const parts = [
    `${countOf(messages, 'message')}: ${thousands(identical)} identical`,
    `${thousands(missing)} missing`,
    `${thousands(doubled)} doubled`,
    `${thousands(movedByUser)} moved or deleted by the user`,
  ];
  return `  ${parts.join(', ')} (${clock(at)})`;
}

function noteTable({ notes }: MailboxView): string | undefined {
  const entries = Object.entries(notes);
  if (entries.length === 0) return undefined;
  return table(
    entries.map(([code, times]) => [`${thousands(times)} ×`, code, isRefusalCode(code) ? refusal(code).meaning : '']),
  );
}
