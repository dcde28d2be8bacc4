import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { confirmByName, type Context } from '../context.ts';
import { Failure, interrupted } from '../failure.ts';
import type { Plan } from '../program.ts';
import { cancelProject, type Cancellation } from '../remote/cancelling.ts';
import { projectName } from '../remote/project.ts';
import { withTemporal } from '../remote/temporal.ts';
import { actionScreen } from '../screens/action.ts';
import { countOf } from '../screens/format.ts';

/** Copies end after the batch in hand; a worker that has much to end takes longer, and goes on without this command. */
const WAIT_MS = 15_000;

interface CancelOptions {
  readonly confirm?: string;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .option('--confirm <name>', 'the project’s name again, in the place of the question')
    .addHelpText('after', '\nMail that was copied stays at the destination; nothing is deleted on either side.')
    .action((name: string, options: CancelOptions) => plan((context) => cancel(context, name, options)));
}

async function cancel(context: Context, name: string, { confirm }: CancelOptions): Promise<ExitCode> {
  const project = projectName(name);
  await confirmByName(context, project, confirm, 'cancellation');
  const outcome = await withTemporal(context, (remote) => cancelProject(remote, project, WAIT_MS, context.io.now));
  if (!outcome.signalled && outcome.parts === 0) {
    throw new Failure('project.unknown', `No project "${project}" is running.`);
  }
  const inEffect = outcome.stillRunning === 0;
  context.printer.show(
    actionScreen({ project, done: 'cancel', inEffect, concerned: outcome.parts, lines: words(project, outcome) }),
  );
  return context.signal.aborted ? interrupted().exit : EXIT.done;
}

function words(project: string, { parts, signalled, stillRunning }: Cancellation): readonly string[] {
  return [
    `Project "${project}" ${stillRunning === 0 ? 'is cancelled' : 'is being cancelled'}; copied mail stays where it is.`,
    ...(parts > 0
      ? [`${countOf(parts, 'workflow')} without a project workflow ${parts === 1 ? 'was' : 'were'} told to stop.`]
      : []),
    ...(stillRunning > 0
      ? [
          `${countOf(stillRunning, 'workflow')} ${stillRunning === 1 ? 'has' : 'have'} not ended yet${signalled ? '' : ' (is a worker running?)'}; ` +
            'what runs stops after the batch in hand, without a worker as soon as one starts.',
        ]
      : []),
  ];
}
