import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import type { Plan } from '../program.ts';
import { readMailbox } from '../remote/mailbox.ts';
import { projectName } from '../remote/project.ts';
import { withTemporal } from '../remote/temporal.ts';
import { mailboxScreen } from '../screens/mailbox.ts';

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .argument('<mailbox>', 'the user name at the destination; with a folder prefix: user#prefix')
    .action((name: string, mailbox: string) => plan((context) => show(context, name, mailbox)));
}

async function show(context: Context, name: string, mailbox: string): Promise<ExitCode> {
  const project = projectName(name);
  const report = await withTemporal(context, (remote) =>
    readMailbox(remote, project, mailbox.toLowerCase(), context.io.now()),
  );
  context.printer.show(mailboxScreen(report));
  return EXIT.done;
}
