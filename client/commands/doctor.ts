import type { Command } from 'commander';
import type { DoctorFinding, DoctorResult, DoctorTask } from '../../model/doctor-run.ts';
import { doctorGates, doctorLogins } from '../../model/doctor-run.ts';
import { EXIT, refusal, type ExitCode } from '../../model/refusals.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import type { Context } from '../context.ts';
import { worseExit } from '../exit.ts';
import { liveLine } from '../live-line.ts';
import type { Plan } from '../program.ts';
import { readProject, type SealedProject } from '../project-file.ts';
import { examineAll } from '../remote/doctor-all.ts';
import { examine } from '../remote/doctor.ts';
import { withTemporal, type Remote } from '../remote/temporal.ts';
import {
  diagnosisScreen,
  doctorScreen,
  examinedSide,
  problemsOf,
  sideScreen,
  stepScreen,
  stepsOf,
} from '../screens/doctor.ts';
import { countOf, thousands } from '../screens/format.ts';

interface DoctorOptions {
  readonly all?: boolean;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<file>', 'the project file')
    .option('--all', 'once some mailboxes are let in, try every other one as well')
    .addHelpText(
      'after',
      '\nFor each side: the access token, its audience and its role; then a few mailboxes log in. Tells whether the tenant is' +
        '\nset up, whether it is worth waiting, or which mailboxes alone are at fault, with the PowerShell that mends it.' +
        '\nWrites nothing, and needs no running project. Exit code 4 when something is refused, 5 when a server or the token' +
        '\nservice cannot be reached.',
    )
    .action((file: string, options: DoctorOptions) => plan((context) => doctor(context, file, options)));
}

async function doctor(context: Context, file: string, { all = false }: DoctorOptions): Promise<ExitCode> {
  const project = await readProject(context, file);
  const findings = await withTemporal(context, async (remote) => {
    await ensureSearchAttributes(remote.connection, remote.namespace);
    return await look(context, remote, project, all);
  });
  const sides = findings.map((finding) => examinedSide(finding, project.settings));
  const exit = exitOf(findings);
  const { printer } = context;
  if (printer.format === 'json') {
    printer.show(doctorScreen({ project: project.settings.name, fine: exit === EXIT.done, sides }));
  }
  return exit;
}

async function look(
  context: Context,
  remote: Remote,
  { settings, rows }: SealedProject,
  all: boolean,
): Promise<DoctorResult> {
  const tasks: readonly DoctorTask[] = [...doctorGates(settings, rows), ...doctorLogins(settings, rows)];
  const told = teller(context, settings);
  const first = await examine(context, remote, settings, tasks, told.steps);
  const findings = all ? await lookAtAll(context, remote, { settings, rows }, first) : first;
  told.end(findings);
  return findings;
}

async function lookAtAll(
  context: Context,
  remote: Remote,
  project: Pick<SealedProject, 'settings' | 'rows'>,
  first: DoctorResult,
): Promise<DoctorResult> {
  const line = liveLine(context);
  try {
    return await examineAll(context, remote, project, first, (done, of) =>
      line.update(`Tried ${thousands(done)} of ${countOf(of, 'more mailbox', 'more mailboxes')} …`),
    );
  } finally {
    line.end();
  }
}

interface Teller {
  readonly steps: (findings: DoctorResult) => void;
  readonly end: (findings: DoctorResult) => void;
}

/** Prints each step once, in the order of the sides, as it becomes known. */
function teller({ printer, io }: Context, settings: SealedProject['settings']): Teller {
  const printed = new Map<number, number>();
  let at = 0;
  const sideSteps = (finding: DoctorFinding): void => {
    const before = printed.get(at);
    if (before === undefined) printer.show(sideScreen(finding, settings));
    const { auth } = settings[finding.side];
    const steps = stepsOf(finding, auth.kind === 'oauth2' ? auth.scope : undefined);
    for (const step of steps.slice(before ?? 0)) printer.show(stepScreen(step));
    printed.set(at, steps.length);
  };
  const steps = (findings: DoctorResult): void => {
    if (printer.format === 'json') return;
    for (let finding = findings[at]; finding !== undefined; finding = findings[at]) {
      sideSteps(finding);
      // The next side's turn comes when this one is through.
      if (finding.diagnosis === undefined || at + 1 >= findings.length) return;
      at += 1;
    }
  };
  const end = (findings: DoctorResult): void => {
    if (printer.format === 'json') return;
    for (const finding of findings) {
      printer.show({ data: undefined, text: () => '' });
      printer.show(diagnosisScreen(examinedSide(finding, settings), io.now()));
    }
  };
  return { steps, end };
}

function exitOf(findings: DoctorResult): ExitCode {
  const codes = findings.flatMap(({ diagnosis }) => problemsOf(diagnosis).map(({ code }) => refusal(code).exit));
  return codes.reduce(worseExit, EXIT.done);
}
