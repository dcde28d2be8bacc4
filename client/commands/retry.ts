import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import * as messages from '../../workflows/messages.ts';
import type { Context } from '../context.ts';
import type { Plan } from '../program.ts';
import { projectName, updateProject } from '../remote/project.ts';
import { withTemporal } from '../remote/temporal.ts';
import { actionScreen } from '../screens/action.ts';
import { countOf } from '../screens/format.ts';

interface RetryOptions {
  readonly failed?: boolean;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .option('--failed', 'only what needs attention, not what is waiting for its next try anyway')
    .action((name: string, options: RetryOptions) => plan((context) => retry(context, name, options)));
}

async function retry(context: Context, name: string, { failed = false }: RetryOptions): Promise<ExitCode> {
  const project = projectName(name);
  const concerned = await withTemporal(context, (remote) =>
    updateProject(remote, project, context.io.now(), (handle) =>
      handle.executeUpdate(messages.retry, { args: [{ failedOnly: failed }] }),
    ),
  );
  const line =
    concerned === 0
      ? `Project "${project}" knows of nothing that waits; what was refused a moment ago tries again now.`
      : `${countOf(concerned, 'mailbox tries', 'mailboxes try')} again now.`;
  context.printer.show(actionScreen({ project, done: 'retry', inEffect: true, concerned, lines: [line] }));
  return EXIT.done;
}
