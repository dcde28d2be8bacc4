import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import type { Plan } from '../program.ts';
import { setPaused } from '../remote/pausing.ts';
import { projectName } from '../remote/project.ts';
import { withTemporal } from '../remote/temporal.ts';
import { actionScreen } from '../screens/action.ts';

export function configure(command: Command, plan: Plan): void {
  command.argument('<name>', 'the project').action((name: string) => plan((context) => pause(context, name)));
}

async function pause(context: Context, name: string): Promise<ExitCode> {
  const project = projectName(name);
  const action = await withTemporal(context, (remote) => setPaused(context, remote, project, true));
  context.printer.show(actionScreen(action));
  return EXIT.done;
}
