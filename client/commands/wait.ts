import { Option, type Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { pause, type Context } from '../context.ts';
import { parseDuration } from '../options.ts';
import { Failure } from '../failure.ts';
import type { Plan } from '../program.ts';
import { projectName } from '../remote/project.ts';
import { readStatus, type StatusReport } from '../remote/status.ts';
import { withTemporal } from '../remote/temporal.ts';
import { duration } from '../screens/format.ts';
import { statusScreen } from '../screens/status.ts';

const LOOK_MS = 1_000;
/** A retry that was sent a moment ago shows only after its mailboxes have told of it. */
const SETTLED_MS = 4_000;

export type Goal = 'ready' | 'finished';

interface WaitOptions {
  readonly for: Goal;
  readonly timeout?: number;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .addOption(new Option('--for <goal>', 'what to wait for').choices(['ready', 'finished']).default('finished'))
    .option('--timeout <duration>', 'for so long at most, such as 90s, 10m, 2h (else without an end)', parseDuration)
    .addHelpText(
      'after',
      '\nExit code 0 when it is reached; 3 when it is reached with exceptions, when the project was cancelled, or when' +
        '\nnothing moves any more because mailboxes need attention; 5 when the time is over.',
    )
    .action((name: string, options: WaitOptions) => plan((context) => wait(context, name, options)));
}

async function wait(context: Context, name: string, options: WaitOptions): Promise<ExitCode> {
  const project = projectName(name);
  const deadline = context.io.now() + (options.timeout ?? Infinity);
  return withTemporal(context, async (remote) => {
    let exceptionsSince: number | undefined;
    let saidNoWorker = false;
    for (;;) {
      const report = await readStatus(remote, project, context.io.now());
      const now = context.io.now();
      const outcome = outcomeOf(report, options.for);
      const mayPass = outcome === EXIT.exceptions && report.workflow === 'running';
      exceptionsSince = mayPass ? (exceptionsSince ?? now) : undefined;
      const settled = exceptionsSince === undefined || now - exceptionsSince >= SETTLED_MS;
      if (outcome !== undefined && settled) {
        context.printer.show(statusScreen(report));
        return outcome;
      }
      if (report.worker === 'none' && !saidNoWorker) {
        context.printer.say(
          'No worker is running: nothing moves until one starts (`mailferry up`, `mailferry worker`).',
        );
        saidNoWorker = true;
      }
      const left = deadline - now;
      if (left <= 0) throw timedOut(report, options);
      await pause(Math.min(LOOK_MS, left), context.signal);
    }
  });
}

/** The exit code when there is nothing more to wait for. */
export function outcomeOf(report: StatusReport, goal: Goal): ExitCode | undefined {
  const { workflow, phase, exceptions, phases } = report;
  const attention = phases['attention'] ?? 0;
  if (workflow === 'completed') return byResult(phase !== 'finished' || exceptions > 0 || attention > 0);
  if (workflow !== 'running') return EXIT.exceptions;
  const reached = phase === 'ready' || phase === 'final' || phase === 'tail' || phase === 'finished';
  if (goal === 'ready' && reached) return byResult(attention > 0);
  return isStuck(report, goal) ? EXIT.exceptions : undefined;
}

function byResult(failed: boolean): ExitCode {
  return failed ? EXIT.exceptions : EXIT.done;
}

/** Whether all that is left waits for a person: for attention, or (when the end is waited for) for the cutover. */
export function isStuck({ phases, mailboxes, phase, paused, worker }: StatusReport, goal: Goal): boolean {
  if (paused || worker !== 'answers' || (phases['attention'] ?? 0) === 0) return false;
  const resting = ['attention', 'done', 'cancelled', ...(goal === 'ready' || phase === 'ready' ? ['ready'] : [])];
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + (phases[name] ?? 0), 0);
  const all = sum(Object.keys(phases));
  return all >= mailboxes && sum(resting) === all;
}

function timedOut(report: StatusReport, { for: goal, timeout }: WaitOptions): Failure {
  return new Failure('command.timeout', `Project "${report.project}" is not ${goal} after ${duration(timeout ?? 0)}.`, {
    why: [
      report.now,
      ...report.troubles.slice(0, 3).map(({ id, problem }) => `${id}: ${problem.code}: ${problem.text}`),
    ],
  });
}
