import type { Command } from 'commander';
import { EXIT, refusal, type ExitCode } from '../../model/refusals.ts';
import type { DoctorFinding } from '../../model/doctor-run.ts';
import type { PreflightResult } from '../../model/preflight.ts';
import { projectWorkflowId } from '../../model/ids.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { confirm, type Context } from '../context.ts';
import { worseExit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { liveLine } from '../live-line.ts';
import type { Plan } from '../program.ts';
import { readProject, type SealedProject } from '../project-file.ts';
import { firstLook } from '../remote/first-look.ts';
import { requireNoProject, requireWorker, startProject } from '../remote/starting.ts';
import { withTemporal, workflowPage, type Remote } from '../remote/temporal.ts';
import { problemsOf } from '../screens/doctor.ts';
import { countOf, thousands } from '../screens/format.ts';
import { nextBeforeStart, preflightScreen, refusedRows, type PreflightReport } from '../screens/preflight.ts';
import { startScreen } from '../screens/start.ts';

/** So many refusals are told in the error itself; all of them are on stdout. */
const TOLD_REFUSALS = 5;

interface StartOptions {
  readonly yes?: boolean;
  readonly preflight: boolean;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<file>', 'the project file')
    .option('-y, --yes', 'do not ask; refused mailboxes still stop the start')
    .option('--no-preflight', 'do not look at the mailboxes first: refused ones are waited for')
    .addHelpText(
      'after',
      '\nLogs in to both sides of every mailbox without writing anything, shows folders, counts and mapping, and asks.' +
        '\nExit code 4 when mailboxes are refused, 5 when a server cannot be reached, 6 when it was not confirmed.',
    )
    .action((file: string, options: StartOptions) => plan((context) => start(context, file, options)));
}

async function start(context: Context, file: string, options: StartOptions): Promise<ExitCode> {
  const project = await readProject(context, file);
  await withTemporal(context, async (remote) => {
    await ensureSearchAttributes(remote.connection, remote.namespace);
    await requireNoProject(remote, project.settings.name);
    const report = options.preflight ? await look(context, remote, project) : undefined;
    if (report === undefined) await requireWorker(remote, context.io.now());
    await settle(context, file, project, report, options);
    await startProject(context, remote, project.settings, project.rows);
    context.printer.show(startScreen(started(remote, project, report)));
  });
  return EXIT.done;
}

async function look(context: Context, remote: Remote, project: SealedProject): Promise<PreflightReport> {
  const { settings, rows } = project;
  const line = liveLine(context);
  line.update(`Looking at both sides of ${countOf(rows.length, 'mailbox', 'mailboxes')} …`);
  try {
    const looked = await firstLook(context, remote, settings, rows, (done, of, refused) =>
      line.update(
        `Looked at ${thousands(done)} of ${countOf(of, 'mailbox', 'mailboxes')}${refused > 0 ? `, ${thousands(refused)} refused` : ''} …`,
      ),
    );
    return { ...about(project), ...looked };
  } finally {
    line.end();
  }
}

/** Shows what was found and gets the person's word; rejects when the project is not to be started. */
async function settle(
  context: Context,
  file: string,
  project: SealedProject,
  report: PreflightReport | undefined,
  { yes = false }: StartOptions,
): Promise<void> {
  const { printer, io } = context;
  const { settings, rows } = project;
  if (report !== undefined && printer.format === 'text') printer.show(preflightScreen(report));
  try {
    const [closed] = report?.closed ?? [];
    if (closed !== undefined && (yes || !io.interactive)) throw closedFailure(closed, file);
    const refused = refusedRows(report?.rows ?? []).length;
    if (refused > 0 && (yes || !io.interactive)) throw refusedFailure(report?.rows ?? []);
    if (yes) return;
    const all = countOf(rows.length, 'mailbox', 'mailboxes');
    const beginning = `Start moving ${all} from ${settings.source.host} to ${settings.destination.host}?`;
    const doubt =
      closed !== undefined
        ? `${closedWords(closed)}; a few mailboxes would try again until it does. `
        : refused > 0
          ? `${thousands(refused)} of ${all} cannot be opened; they would be tried again for a while. `
          : '';
    await confirm(context, `${doubt}${beginning}`, '--yes');
  } catch (error) {
    if (printer.format === 'json' && report !== undefined) {
      const { rows: preflight, closed } = report;
      const what = { started: false, mailboxes: rows.length, preflight };
      printer.show(startScreen({ ...about(project), ...what, ...(closed && { closed }) }));
    }
    throw error;
  }
}

function closedWords({ side }: DoctorFinding): string {
  return `The ${side} does not let the application in`;
}

/** What is wrong has been shown; here is what to do. */
function closedFailure(closed: DoctorFinding, file: string): Failure {
  const [problem] = problemsOf(closed.diagnosis);
  return new Failure(problem?.code ?? 'access.tenant', `${closedWords(closed)}; nothing was started.`, {
    next: `\`mailferry doctor ${file}\` tells what mends it. To start all the same and wait for permissions: --no-preflight.`,
  });
}

/** The gravest refusal stands for all of them. */
function refusedFailure(rows: PreflightResult): Failure {
  const refused = refusedRows(rows);
  const gravest = refused.reduce((a, b) => {
    const [exitA, exitB] = [refusal(a.problem.code).exit, refusal(b.problem.code).exit];
    return worseExit(exitA, exitB) === exitA ? a : b;
  });
  const told = refused
    .slice(0, TOLD_REFUSALS)
    .map(({ id, side, problem }) => `${id} (${side}): ${problem.code}: ${problem.text}`);
  const more = refused.length - told.length;
  return new Failure(
    gravest.problem.code,
    `${thousands(refused.length)} of ${countOf(rows.length, 'mailbox', 'mailboxes')} cannot be opened on both sides; nothing was started.`,
    {
      why: [...told, ...(more > 0 ? [`… and ${thousands(more)} more`] : [])],
      next: `${nextBeforeStart(gravest.problem.code)} To start all the same and wait for permissions: --no-preflight.`,
    },
  );
}

function about({ settings, list }: SealedProject): Omit<PreflightReport, 'rows'> {
  const { name, source, destination } = settings;
  return { project: name, source: source.host, destination: destination.host, ...(list && { list }) };
}

function started(
  remote: Remote,
  project: SealedProject,
  report: PreflightReport | undefined,
): Parameters<typeof startScreen>[0] {
  const page = workflowPage(remote, projectWorkflowId(project.settings.name));
  return {
    ...about(project),
    started: true,
    mailboxes: project.rows.length,
    preflight: report?.rows,
    ...(page !== undefined && { page }),
  };
}
