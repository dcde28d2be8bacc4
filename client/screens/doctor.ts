import { CAUSES, causeLines, type CauseName } from '../../model/access-causes.ts';
import {
  IMAP_ROLE,
  diagnoseToken,
  type CanaryEvidence,
  type Diagnosis,
  type MailboxFault,
} from '../../model/doctor.ts';
import type { DoctorFinding } from '../../model/doctor-run.ts';
import type { Problem } from '../../model/mailbox.ts';
import type { ProjectSettings } from '../../model/project.ts';
import { refusal } from '../../model/refusals.ts';
import { repairBlocks, type RepairBlock } from '../m365/repair.ts';
import type { Screen } from '../printer.ts';
import type { Theme } from '../theme.ts';
import { clock, countOf, duration } from './format.ts';

/** What the doctor found about one way in: an application, or the logins of one side. */
export interface ExaminedSide extends DoctorFinding {
  readonly host: string;
  /** For the administrator of the tenant: only for the mailboxes that are refused. */
  readonly commands: readonly RepairBlock[];
}

export interface DoctorReport {
  readonly project: string;
  readonly fine: boolean;
  readonly sides: readonly ExaminedSide[];
}

/** One thing that was looked at. */
export interface DoctorStep {
  readonly good: boolean;
  readonly text: string;
  readonly problem?: Problem;
}

export function examinedSide(finding: DoctorFinding, settings: ProjectSettings): ExaminedSide {
  const { host } = settings[finding.side];
  return { ...finding, host, commands: repairBlocks(finding, settings.name, host) };
}

/** All at once, for programs. */
export function doctorScreen(report: DoctorReport): Screen<DoctorReport> {
  return { data: report, text: ({ fine }) => (fine ? 'fine' : 'not fine') };
}

/** The line above the steps of one way in. */
export function sideScreen(finding: DoctorFinding, settings: ProjectSettings): Screen<{ readonly line: string }> {
  const { side, auth, application, mailboxes } = finding;
  const tenant = application?.tenant === undefined ? '' : ` of tenant ${application.tenant}`;
  const by = {
    oauth2: `application ${application?.clientId ?? ''}${tenant}`,
    admin: 'an administrator',
    password: 'each mailbox’s own password',
  }[auth];
  const line = `${countOf(mailboxes, 'mailbox', 'mailboxes')} at ${settings[side].host}, opened by ${by}`;
  return { data: { line }, text: (data, theme) => `${theme.bold(side)}: ${data.line}` };
}

/** What has been looked at, in order; grows while the doctor is at it, and never changes otherwise. */
export function stepsOf({ token, canaries }: DoctorFinding, scope: string | undefined): readonly DoctorStep[] {
  return [...(token === undefined ? [] : tokenSteps(token, scope ?? '')), ...canaries.map(canaryStep)];
}

function tokenSteps(token: NonNullable<DoctorFinding['token']>, scope: string): readonly DoctorStep[] {
  if (!token.ok) return [{ good: false, text: 'access token', problem: token.problem }];
  const { expiresAt, audience, roles } = token;
  const got = { good: true, text: `access token, until ${clock(expiresAt)}` };
  if (audience === '') return [got];
  const found = diagnoseToken(token, scope);
  const problem = found === undefined || found.kind === 'open' ? undefined : found.problem;
  if (problem?.code === 'access.audience') return [got, { good: false, text: `audience ${audience}`, problem }];
  const heard = { good: true, text: `audience ${audience}` };
  if (problem !== undefined) return [got, heard, { good: false, text: `role ${IMAP_ROLE}`, problem }];
  return roles.includes(IMAP_ROLE) ? [got, heard, { good: true, text: `role ${IMAP_ROLE}` }] : [got, heard];
}

function canaryStep({ user, problem }: CanaryEvidence): DoctorStep {
  return problem === undefined ? { good: true, text: user } : { good: false, text: user, problem };
}

export function stepScreen(step: DoctorStep): Screen<DoctorStep> {
  return {
    data: step,
    text: ({ good, text, problem }, theme) =>
      [
        `  ${good ? theme.good('ok') : theme.bad('no')}  ${text}${problem === undefined ? '' : `: ${theme.dim(problem.code)}`}`,
        ...(problem === undefined ? [] : [`        ${problem.text}`]),
        ...(problem?.serverText === undefined ? [] : [`        server: ${problem.serverText}`]),
      ].join('\n'),
  };
}

/** What it means, what to do, and the commands for it. */
export function diagnosisScreen(side: ExaminedSide, now: number): Screen<ExaminedSide> {
  return {
    data: side,
    text: (data, theme) => [...diagnosisLines(data, now, theme), ...commandLines(data, theme)].join('\n'),
  };
}

function diagnosisLines(side: ExaminedSide, now: number, theme: Theme): readonly string[] {
  const { diagnosis, canaries } = side;
  switch (diagnosis?.kind) {
    case undefined:
      return [];
    case 'open':
      return diagnosis.refused.length === 0
        ? [theme.good(`  The ${side.side} is fine: ${openWords(canaries.length, side.mailboxes)}.`)]
        : refusedLines(diagnosis.refused, side.auth, theme);
    case 'propagation':
      return [
        theme.warn(`  Wait: ${diagnosis.problem.text}`),
        `  ${CAUSES.propagation.check} \`mailferry start\` waits for them by itself.`,
        ...causeSection('If they were given longer ago than that, in order of likelihood:', diagnosis.causes),
      ];
    case 'tenant':
      return [
        theme.bad(`  The set-up of the ${side.side} is at fault: ${diagnosis.problem.text}`),
        ...sinceLine(side.refusedSince, now),
        ...causeSection('In order of likelihood:', diagnosis.causes),
        `  next: ${nextStep(side)}`,
      ];
    case 'unclear':
      return [
        theme.warn(`  Nothing can be said about the ${side.side}: ${diagnosis.problem.text}`),
        `  next: ${refusal(diagnosis.problem.code).next}`,
      ];
  }
}

function openWords(tried: number, mailboxes: number): string {
  return tried < mailboxes
    ? `${tried} of ${countOf(mailboxes, 'mailbox', 'mailboxes')} tried`
    : 'every mailbox was tried';
}

function sinceLine(since: number | undefined, now: number): readonly string[] {
  return since === undefined || now - since < 60_000 ? [] : [`  Refused for ${duration(now - since)} now.`];
}

/** The table points to the doctor, who is speaking. */
function nextStep({ diagnosis, commands }: ExaminedSide): string {
  const [problem] = problemsOf(diagnosis);
  if (commands.length > 0 || problem === undefined) return 'go through them with the commands below, then ask again.';
  return refusal(problem.code).next;
}

/** So many mailboxes with one and the same fault are named; `-o json` has all of them. */
const NAMED = 100;

function refusedLines(refused: readonly MailboxFault[], auth: ExaminedSide['auth'], theme: Theme): readonly string[] {
  const others = auth === 'oauth2' ? '; the tenant lets others in' : '';
  const alike = new Map<string, MailboxFault[]>();
  for (const fault of refused) {
    const key = [fault.problem.code, ...fault.causes].join();
    const same = alike.get(key) ?? [];
    same.push(fault);
    alike.set(key, same);
  }
  return [
    theme.bad(`  ${countOf(refused.length, 'mailbox is', 'mailboxes are')} refused${others}:`),
    ...[...alike.values()].flatMap((faults) => alikeLines(faults, theme)),
  ];
}

function alikeLines(faults: readonly MailboxFault[], theme: Theme): readonly string[] {
  const [first] = faults;
  if (first === undefined) return [];
  const more = faults.length - NAMED;
  const { code } = first.problem;
  return [
    ...faults.slice(0, NAMED).map(({ user }) => `  ${theme.bad('!')} ${user}  ${theme.dim(code)}`),
    ...(more > 0 ? [`    … and ${countOf(more, 'more mailbox', 'more mailboxes')}`] : []),
    ...(first.causes.length === 0
      ? [`    next: ${refusal(code).next}`]
      : causeLines(first.causes).map((line) => `    ${line}`)),
  ];
}

function causeSection(title: string, causes: readonly CauseName[]): readonly string[] {
  return causes.length === 0 ? [] : [`  ${title}`, ...causeLines(causes).map((line) => `    ${line}`)];
}

function commandLines({ commands }: ExaminedSide, theme: Theme): readonly string[] {
  if (commands.length === 0) return [];
  return [
    '',
    theme.bold('For the administrator of the tenant, in PowerShell (module ExchangeOnlineManagement):'),
    ...commands.flatMap(({ title, commands: lines }) => ['', `# ${title}`, ...lines]),
  ];
}

/** The problems for which a command ends with another code than 0. */
export function problemsOf(diagnosis: Diagnosis | undefined): readonly Problem[] {
  if (diagnosis === undefined) return [];
  return diagnosis.kind === 'open' ? diagnosis.refused.map(({ problem }) => problem) : [diagnosis.problem];
}
