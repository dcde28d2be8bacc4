import { causeLines } from '../../model/access-causes.ts';
import { refusal } from '../../model/refusals.ts';
import type { ProjectPhase } from '../../model/saga.ts';
import type { Screen } from '../printer.ts';
import type { StatusReport } from '../remote/status.ts';
import type { MailboxTrouble } from '../remote/visibility.ts';
import type { Theme } from '../theme.ts';
import { credentialLines } from './credentials.ts';
import { clock, countOf, size, table, thousands } from './format.ts';

/** How far a project is, what it waits for, who needs attention and what to do now. */
export function statusScreen(report: StatusReport): Screen<StatusReport> {
  return { data: report, text: statusText };
}

/** The same on one line, for a watch that is not on a terminal. */
export function statusLine(report: StatusReport): Screen<StatusReport> {
  return { data: report, text: ({ project, ...rest }) => [project, headline(rest), mailboxLine(rest)].join(': ') };
}

const PHASE_WORDS: Readonly<Record<ProjectPhase, string>> = {
  loading: 'loading',
  prepare: 'preparing',
  prestage: 'pre-stage',
  ready: 'ready for the cutover',
  final: 'final delta',
  tail: 'tail',
  finished: 'finished',
  cancelled: 'cancelled',
};

function statusText(report: StatusReport, theme: Theme): string {
  const { counts, page } = report;
  const facts = [
    ['mailboxes', mailboxLine(report)],
    ...(counts === undefined ? [] : [['messages', messageLine(counts)]]),
    ['started', clock(report.startedAt)],
    ...(report.readyAt === undefined ? [] : [['ready', clock(report.readyAt)]]),
    ...(report.cutoverAt === undefined ? [] : [['cutover', clock(report.cutoverAt)]]),
    ...(page === undefined ? [] : [['Web UI', page]]),
  ];
  return [
    `${theme.bold(report.project)}  ${toned(report, theme)}`,
    `  ${report.now}`,
    '',
    table(facts),
    ...workerLines(report, theme),
    ...problemLines(report, theme),
    ...credentialLines(report.credentials, theme),
    ...troubleLines(report, theme),
    ...nextLines(report),
  ].join('\n');
}

function toned(report: StatusReport, theme: Theme): string {
  const words = headline(report);
  if (report.paused || report.worker !== 'answers') return theme.warn(words);
  if (report.workflow === 'terminated' || report.workflow === 'failed') return theme.bad(words);
  return report.phase === 'finished' ? theme.good(words) : words;
}

function headline({ phase, paused, workflow }: Omit<StatusReport, 'project'>): string {
  const broken = workflow === 'terminated' || workflow === 'failed' || workflow === 'timed-out';
  const words = phase === undefined ? 'not taken up yet' : PHASE_WORDS[phase];
  return `${words}${broken ? `, ${workflow}` : ''}${paused ? ', paused' : ''}`;
}

function mailboxLine({ mailboxes, phases }: Pick<StatusReport, 'mailboxes' | 'phases'>): string {
  const parts = Object.entries(phases).map(([phase, number]) => `${thousands(number)} ${phase}`);
  return parts.length === 0 ? thousands(mailboxes) : `${thousands(mailboxes)}: ${parts.join(', ')}`;
}

function messageLine(counts: NonNullable<StatusReport['counts']>): string {
  const handled = counts.copied + counts.adopted;
  return [
    `${thousands(handled)} of ${thousands(counts.messages)} are at the destination`,
    `${thousands(counts.copied)} copied (${size(counts.bytes)})`,
    ...(counts.adopted > 0 ? [`${thousands(counts.adopted)} were there already`] : []),
    ...(counts.aside > 0 ? [`${thousands(counts.aside)} put aside`] : []),
    ...(counts.missing > 0 ? [`${thousands(counts.missing)} missing`] : []),
    ...(counts.doubled > 0 ? [`${thousands(counts.doubled)} doubled`] : []),
  ].join(', ');
}

function workerLines({ worker, workflow }: StatusReport, theme: Theme): readonly string[] {
  if (worker === 'answers' || workflow !== 'running') return [];
  const what =
    worker === 'none'
      ? 'No worker is running: nothing moves. Start one with `mailferry up` or `mailferry worker`.'
      : 'No worker answered in time: it is busy, was stopped lately, or is cut off.';
  return ['', theme.warn(`! ${what}`), '  The numbers are those that were reported last.'];
}

function problemLines({ project, problem, gates }: StatusReport, theme: Theme): readonly string[] {
  if (problem === undefined) return [];
  const { causes = [], fault } = gates.find(({ code }) => code === problem.code) ?? {};
  const isYoung = fault === 'propagation';
  const server = problem.serverText === undefined ? [] : [`  server: ${problem.serverText}`];
  const likely = isYoung
    ? 'Permissions given less than an hour ago look like this. Should it last, in order of likelihood:'
    : 'In order of likelihood:';
  const next = isYoung
    ? `nothing yet; it is tried again by itself, and \`mailferry retry ${project}\` tries at once`
    : refusal(problem.code).next;
  return [
    '',
    (isYoung ? theme.warn : theme.bad)(`${problem.code}: ${problem.text}`),
    ...server,
    ...(causes.length === 0 ? [] : [`  ${likely}`, ...causeLines(causes).map((line) => `    ${line}`)]),
    `  next: ${next}`,
  ];
}

function troubleLines({ project, troubles, troubled }: StatusReport, theme: Theme): readonly string[] {
  if (troubled === 0) return [];
  const title = theme.bold(`${countOf(troubled, 'mailbox', 'mailboxes')} with a problem`);
  if (troubles.length === 0) {
    return ['', title, `  Temporal did not name them in time; \`mailferry status ${project}\` asks again.`];
  }
  const more = troubled - troubles.length;
  return [
    '',
    title,
    ...troubles.flatMap((trouble) => troubleText(trouble, theme)),
    ...(more > 0 ? [`  … and ${thousands(more)} more`] : []),
  ];
}

function troubleText({ id, phase, now, problem }: MailboxTrouble, theme: Theme): readonly string[] {
  const mark = phase === 'attention' ? theme.bad('!') : theme.warn('~');
  return [
    `${mark} ${id}  ${theme.dim(problem.code)}`,
    `    ${problem.text}`,
    ...(problem.serverText === undefined ? [] : [`    server: ${problem.serverText}`]),
    ...(phase === 'attention' || now === '' ? [] : [`    now: ${now}`]),
    `    next: ${refusal(problem.code).next}`,
  ];
}

function nextLines({ project, phase, paused, workflow, worker }: StatusReport): readonly string[] {
  if (workflow !== 'running') return [];
  if (paused) return ['', `next: mailferry resume ${project}`];
  if (phase === 'ready') {
    return ['', `next: point the MX record to the new side, then: mailferry cutover ${project} --confirm ${project}`];
  }
  if (phase === 'tail') return ['', `next: nothing; \`mailferry finish ${project}\` ends the tail early`];
  return worker === 'answers' ? ['', `next: nothing; \`mailferry status ${project} --watch\` follows it`] : [];
}
