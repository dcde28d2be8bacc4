import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { pause, type Context } from '../context.ts';
import { interrupted } from '../failure.ts';
import { projectName } from '../remote/project.ts';
import { readStatus, type StatusReport } from '../remote/status.ts';
import { withTemporal, type Remote } from '../remote/temporal.ts';
import { statusLine, statusScreen } from '../screens/status.ts';
import type { Plan } from '../program.ts';

/** From the first to the last moment of the process there is an answer within two seconds; some of them have gone by. */
const ANSWER_MS = 1_600;
const LEAST_FOR_WORKER_MS = 250;
/** Between two looks of a watch. */
const WATCH_MS = 1_000;

interface StatusOptions {
  readonly watch?: boolean;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .option('-w, --watch', 'follow it until it ends; Ctrl-C detaches')
    .addHelpText(
      'after',
      '\nAnswers within two seconds, also when no worker runs; then the numbers are the last reported.',
    )
    .action((name: string, options: StatusOptions) => plan((context) => status(context, name, options)));
}

async function status(context: Context, name: string, { watch }: StatusOptions): Promise<ExitCode> {
  const project = projectName(name);
  return withTemporal(context, async (remote) => {
    if (watch === true) return follow(context, remote, project);
    const { io, printer } = context;
    const forWorker = Math.max(LEAST_FOR_WORKER_MS, ANSWER_MS - io.uptime());
    printer.show(statusScreen(await readStatus(remote, project, io.now(), forWorker)));
    return EXIT.done;
  });
}

async function follow(context: Context, remote: Remote, project: string): Promise<ExitCode> {
  const show = await watchScreen(context);
  try {
    for (;;) {
      const report = await readStatus(remote, project, context.io.now());
      show.update(report);
      if (report.workflow !== 'running') return EXIT.done;
      await pause(WATCH_MS, context.signal);
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    show.end();
    context.printer.say(`Detached. Project "${project}" goes on; mailferry status ${project} shows it again.`);
    return interrupted().exit;
  } finally {
    show.end();
  }
}

interface WatchScreen {
  readonly update: (report: StatusReport) => void;
  readonly end: () => void;
}

/** Redraws in place on a terminal; elsewhere prints a line, or an object, whenever something has changed. */
async function watchScreen({ io, printer }: Context): Promise<WatchScreen> {
  if (printer.format === 'text' && io.stdout.isTTY === true) {
    const { createLogUpdate } = await import('log-update');
    const redraw = createLogUpdate(io.stdout);
    return { update: (report) => redraw(printer.render(statusScreen(report))), end: () => redraw.done() };
  }
  let last = '';
  return {
    update: (report) => {
      const screen = statusLine(report);
      const line = printer.render(screen);
      if (line !== last) printer.showLine(screen);
      last = line;
    },
    end: () => undefined,
  };
}
