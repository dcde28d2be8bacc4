import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import * as messages from '../../workflows/messages.ts';
import type { Context } from '../context.ts';
import type { Plan } from '../program.ts';
import { projectName, updateProject } from '../remote/project.ts';
import { withTemporal } from '../remote/temporal.ts';
import { actionScreen } from '../screens/action.ts';

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .addHelpText('after', '\nEvery mailbox makes one last delta, both sides are compared, and the project ends.')
    .action((name: string) => plan((context) => finish(context, name)));
}

async function finish(context: Context, name: string): Promise<ExitCode> {
  const project = projectName(name);
  const view = await withTemporal(context, (remote) =>
    updateProject(remote, project, context.io.now(), (handle) => handle.executeUpdate(messages.finish)),
  );
  context.printer.show(
    actionScreen({
      project,
      done: 'finish',
      inEffect: true,
      concerned: view.totals.mailboxes,
      lines: [`Project "${project}" ends its tail and compares both sides.`, `next: mailferry wait ${project}`],
    }),
  );
  return EXIT.done;
}
