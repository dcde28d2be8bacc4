import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { AsidePage, DescribedFolder } from '../../model/aside.ts';
import type { Problem } from '../../model/mailbox.ts';
import { EXIT, refusal, type ExitCode } from '../../model/refusals.ts';
import { EmlFiles } from '../aside/eml-files.ts';
import type { Context } from '../context.ts';
import { worseExit } from '../exit.ts';
import { liveLine } from '../live-line.ts';
import type { Plan } from '../program.ts';
import { asidePages, describePage, mailboxesWithAside, type AsideMailbox } from '../remote/aside.ts';
import { projectName } from '../remote/project.ts';
import { withTemporal, type Remote } from '../remote/temporal.ts';
import { asideScreen, type AsideReport } from '../screens/aside.ts';

interface AsideOptions {
  readonly export?: string;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<name>', 'the project')
    .argument('[mailbox]', 'one mailbox: the user name at the destination; with a folder prefix: user#prefix')
    .option('--export <directory>', 'write the messages as .eml files, byte for byte, readable by you alone')
    .addHelpText(
      'after',
      '\nLists the messages that could not be copied: where they are, what they are, why, and what to do. A worker asks the' +
        '\nsource for their headers. With --export this command itself logs in to the source and reads the messages, with the' +
        '\nkey in its state directory: mail does not pass through Temporal. Files that are there already are kept.',
    )
    .action((name: string, mailbox: string | undefined, options: AsideOptions) =>
      plan((context) => aside(context, name, mailbox, options)),
    );
}

async function aside(
  context: Context,
  name: string,
  mailbox: string | undefined,
  options: AsideOptions,
): Promise<ExitCode> {
  const project = projectName(name);
  const files = options.export === undefined ? undefined : new EmlFiles(resolve(context.io.cwd, options.export));
  const mailboxes = await withTemporal(context, async (remote) => {
    const ids = mailbox === undefined ? await mailboxesWithAside(context, remote, project) : [mailbox.toLowerCase()];
    const line = liveLine(context);
    try {
      const looked: AsideMailbox[] = [];
      for (const id of ids) {
        line.update(`Asking about ${id} (${looked.length + 1} of ${ids.length}) …`);
        looked.push(await look(context, remote, project, id, files));
      }
      return looked;
    } finally {
      line.end();
    }
  });
  const report: AsideReport = { project, mailboxes, ...(files !== undefined && { exported: files.summary }) };
  context.printer.show(asideScreen(report));
  return mailboxes.reduce<ExitCode>(
    (worst, { problem }) => (problem === undefined ? worst : worseExit(worst, refusal(problem.code).exit)),
    EXIT.done,
  );
}

async function look(
  context: Context,
  remote: Remote,
  project: string,
  mailbox: string,
  files: EmlFiles | undefined,
): Promise<AsideMailbox> {
  const folders: DescribedFolder[] = [];
  let total = 0;
  for await (const page of asidePages(context, remote, project, mailbox)) {
    total = page.total;
    if (page.folders.length === 0) continue;
    const described = await describePage(context, remote, page);
    const problem = described.ok ? await exported(context, page, files) : described.problem;
    if (described.ok) folders.push(...described.folders);
    if (problem !== undefined) return { mailbox, total, folders, problem };
  }
  return { mailbox, total, folders };
}

/** Only here the command line loads what it takes to read mail. */
async function exported(context: Context, page: AsidePage, files: EmlFiles | undefined): Promise<Problem | undefined> {
  if (files === undefined) return undefined;
  const { exportAside } = await import('../../worker/aside.ts');
  const { home, io, signal } = context;
  return exportAside(
    { stateDir: home, env: io.env },
    { settings: page.settings, row: page.row, folders: files.missing(page) },
    (message) => files.write(page.row.id, message),
    signal,
  );
}
