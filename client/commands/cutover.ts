import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import * as messages from '../../workflows/messages.ts';
import { confirmByName, type Context } from '../context.ts';
import type { Plan } from '../program.ts';
import { projectName, updateProject } from '../remote/project.ts';
import { withTemporal } from '../remote/temporal.ts';
import { actionScreen } from '../screens/action.ts';

interface CutoverOptions {
  readonly confirm?: string;
  readonly force?: boolean;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .option('--confirm <name>', 'the project’s name again, in the place of the question')
    .option('--force', 'also before every mailbox is through its pre-stage')
    .addHelpText(
      'after',
      '\nSay this when new mail arrives at the new side. The final delta then copies everything that is not there yet.',
    )
    .action((name: string, options: CutoverOptions) => plan((context) => cutover(context, name, options)));
}

async function cutover(context: Context, name: string, { confirm, force = false }: CutoverOptions): Promise<ExitCode> {
  const project = projectName(name);
  await confirmByName(context, project, confirm, 'cutover');
  const view = await withTemporal(context, (remote) =>
    updateProject(remote, project, context.io.now(), (handle) =>
      handle.executeUpdate(messages.cutover, { args: [{ force }] }),
    ),
  );
  context.printer.show(
    actionScreen({
      project,
      done: 'cutover',
      inEffect: true,
      concerned: view.totals.mailboxes,
      lines: [`The final delta of project "${project}" has begun.`, `next: mailferry status ${project} --watch`],
    }),
  );
  return EXIT.done;
}
