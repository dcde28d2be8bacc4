import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import type { Plan } from '../program.ts';
import { listProjects } from '../remote/projects.ts';
import { withTemporal } from '../remote/temporal.ts';
import { listScreen } from '../screens/list.ts';

export function configure(command: Command, plan: Plan): void {
  command.action(() => plan(list));
}

async function list(context: Context): Promise<ExitCode> {
  const projects = await withTemporal(context, (remote) => remote.call(() => listProjects(remote)));
  context.printer.show(listScreen(projects));
  return EXIT.done;
}
