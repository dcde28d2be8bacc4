import { CAUSES, causeLines } from '../../model/access-causes.ts';
import type { DoctorFinding } from '../../model/doctor-run.ts';
import { sharedBy } from '../../model/mailbox-print.ts';
import type { PreflightFolder, PreflightResult, PreflightRow } from '../../model/preflight.ts';
import { refusal, type RefusalCode } from '../../model/refusals.ts';
import type { MailboxList } from '../../project/types.ts';
import type { Screen } from '../printer.ts';
import type { Theme } from '../theme.ts';
import { problemsOf } from './doctor.ts';
import { countOf, table, thousands } from './format.ts';

/** What was found on both sides, mailbox by mailbox. */
export interface PreflightReport {
  readonly project: string;
  readonly source: string;
  readonly destination: string;
  /** The file of mailboxes and what it was taken for. */
  readonly list?: MailboxList;
  readonly rows: PreflightResult;
  /** Applications that no mailbox lets in: those behind them were not looked at. */
  readonly closed?: readonly DoctorFinding[];
}

type Accepted = Extract<PreflightRow, { readonly ok: true }>;
type Refused = Extract<PreflightRow, { readonly ok: false }>;

/** So many mailboxes and folders are shown in text; `-o json` has all of them. */
const SHOWN_MAILBOXES = 50;
const SHOWN_FOLDERS = 12;
const SHOWN_REFUSALS = 100;
const SHOWN_NOTES = 20;
const SHOWN_SHARING = 5;

export function preflightScreen(report: PreflightReport): Screen<PreflightReport> {
  return { data: report, text: preflightText };
}

export function acceptedRows(rows: PreflightResult): readonly Accepted[] {
  return rows.filter((row): row is Accepted => row.ok);
}

export function refusedRows(rows: PreflightResult): readonly Refused[] {
  return rows.filter((row): row is Refused => !row.ok);
}

function preflightText({ project, source, destination, rows, closed = [] }: PreflightReport, theme: Theme): string {
  const accepted = acceptedRows(rows);
  const refused = refusedRows(rows);
  return [
    `${theme.bold(project)}  ${source} → ${destination}`,
    ...mailboxLines(accepted, theme),
    ...section('Left out', leftOutLines(accepted), theme),
    ...section('Notes', noteLines(accepted), theme),
    ...refusalLines(refused, theme),
    ...closed.flatMap((finding) => closedLines(finding, theme)),
    '',
    summary(accepted, refused, closed),
  ].join('\n');
}

function mailboxLines(rows: readonly Accepted[], theme: Theme): readonly string[] {
  const more = rows.length - SHOWN_MAILBOXES;
  const mailboxText = ({ id, messages, folders }: Accepted): string =>
    ['', `${theme.bold(id)}  ${countOf(messages, 'message')} in ${countOf(folders.length, 'folder')}`]
      .concat(folderLines(folders))
      .join('\n');
  return [
    ...rows.slice(0, SHOWN_MAILBOXES).map(mailboxText),
    ...(more > 0 ? ['', `… and ${countOf(more, 'more mailbox', 'more mailboxes')}; -o json lists all of them`] : []),
  ];
}

function folderLines(folders: readonly PreflightFolder[]): readonly string[] {
  if (folders.length === 0) return [];
  const shown = folders.slice(0, SHOWN_FOLDERS);
  const more = folders.length - shown.length;
  const cells = shown.map(({ source, destination, messages }) => [source, '→', destination, thousands(messages)]);
  return [table(cells, [3]), ...(more > 0 ? [`  … and ${countOf(more, 'more folder')}`] : [])];
}

/** What is to be said of several mailboxes is said once. */
function leftOutLines(rows: readonly Accepted[]): readonly string[] {
  const found = new Map<
    string,
    { readonly path: string; readonly reason: string; readonly ids: string[]; messages: number }
  >();
  for (const { id, leftOut } of rows) {
    for (const { sourcePath: path, messages, reason } of leftOut) {
      const key = JSON.stringify([path, reason]);
      const same = found.get(key) ?? { path, reason, ids: [], messages: 0 };
      same.ids.push(id);
      same.messages += messages;
      found.set(key, same);
    }
  }
  return [...found.values()].map(
    ({ path, reason, ids, messages }) => `${named(ids)}: ${path} (${countOf(messages, 'message')}): ${reason}`,
  );
}

function noteLines(rows: readonly Accepted[]): readonly string[] {
  const byNote = new Map<string, string[]>();
  for (const { id, notes } of rows) for (const note of notes) byNote.set(note, [...(byNote.get(note) ?? []), id]);
  return [...sharedBy(rows).map(sharedLine), ...[...byNote].map(([note, ids]) => `${named(ids)}: ${note}`)];
}

function sharedLine(group: readonly Accepted[]): string {
  return `${named(group.map(({ id }) => id))}: the source shows one mailbox for all of them (aliases, or a login that opens another’s mailbox)`;
}

function named(ids: readonly string[]): string {
  const more = ids.length - SHOWN_SHARING;
  const shown = ids.slice(0, SHOWN_SHARING).join(', ');
  return more > 0 ? `${shown} and ${thousands(more)} more` : shown;
}

function section(title: string, lines: readonly string[], theme: Theme): readonly string[] {
  if (lines.length === 0) return [];
  const more = lines.length - SHOWN_NOTES;
  return [
    '',
    theme.bold(title),
    ...lines.slice(0, SHOWN_NOTES).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${thousands(more)} more`] : []),
  ];
}

function refusalLines(rows: readonly Refused[], theme: Theme): readonly string[] {
  if (rows.length === 0) return [];
  const more = rows.length - SHOWN_REFUSALS;
  return [
    '',
    theme.bold(`Cannot be opened: ${countOf(rows.length, 'mailbox', 'mailboxes')}`),
    ...rows.slice(0, SHOWN_REFUSALS).map((row) => refusalText(row, theme)),
    ...(more > 0 ? [`  … and ${countOf(more, 'more mailbox', 'more mailboxes')}`] : []),
  ];
}

function refusalText({ id, side, problem }: Refused, theme: Theme): string {
  const server = problem.serverText === undefined ? [] : [`    server: ${problem.serverText}`];
  return [`${theme.bad('!')} ${id}  ${side}  ${theme.dim(problem.code)}`, `    ${problem.text}`]
    .concat(server, `    next: ${nextBeforeStart(problem.code)}`)
    .join('\n');
}

/** What mends a refusal ends with what to tell a project that runs; before the start there is none. */
export function nextBeforeStart(code: RefusalCode): string {
  return refusal(code).next.replaceAll(/`mailferry (?:retry|apply)`/g, '`mailferry start`');
}

/** What a doctor found, without its commands. */
function closedLines(finding: DoctorFinding, theme: Theme): readonly string[] {
  const [problem] = problemsOf(finding.diagnosis);
  const { diagnosis, side, mailboxes } = finding;
  if (problem === undefined || diagnosis === undefined || diagnosis.kind === 'open') return [];
  const causes = diagnosis.kind === 'unclear' ? [] : diagnosis.causes;
  const server = problem.serverText === undefined ? [] : [`    server: ${problem.serverText}`];
  return [
    '',
    theme.bold(`Not looked at: ${countOf(mailboxes, 'mailbox', 'mailboxes')}`),
    `${theme.bad('!')} ${side}  ${theme.dim(problem.code)}`,
    `    ${problem.text}`,
    ...server,
    ...(diagnosis.kind === 'propagation' ? [`    ${CAUSES.propagation.check} Else, in order of likelihood:`] : []),
    ...causeLines(causes).map((line) => `    ${line}`),
  ];
}

function summary(accepted: readonly Accepted[], refused: readonly Refused[], closed: readonly DoctorFinding[]): string {
  const messages = accepted.reduce((sum, row) => sum + row.messages, 0);
  const folders = accepted.reduce((sum, row) => sum + row.folders.length, 0);
  const found = `${countOf(accepted.length, 'mailbox', 'mailboxes')} with ${countOf(messages, 'message')} in ${countOf(folders, 'folder')}`;
  const others = closed.length === 0 ? '' : ' The others were not looked at.';
  return `${found}${refused.length === 0 ? '' : `; ${thousands(refused.length)} cannot be opened`}.${others}`;
}
