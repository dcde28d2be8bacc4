import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import type { PreflightRow } from '../../model/preflight.ts';
import type { MailboxRow } from '../../model/project.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { liveLine } from '../live-line.ts';
import type { Plan } from '../program.ts';
import { readProject, type SealedProject } from '../project-file.ts';
import { preflight } from '../remote/preflight.ts';
import { withTemporal } from '../remote/temporal.ts';
import { foldersScreen } from '../screens/folders.ts';

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<file>', 'the project file')
    .argument('<mailbox>', 'the user name at the destination; with a folder prefix: user#prefix')
    .addHelpText(
      'after',
      '\nLogs in to both sides of the mailbox and shows where each folder goes under the rules of the file, what is left' +
        '\nout and why. Writes nothing, and needs no running project. Exit code 4 when the mailbox is refused, 5 when a' +
        '\nserver cannot be reached.',
    )
    .action((file: string, mailbox: string) => plan((context) => folders(context, file, mailbox)));
}

async function folders(context: Context, file: string, mailbox: string): Promise<ExitCode> {
  const project = await readProject(context, file);
  const row = rowOf(project, mailbox);
  const looked = await withTemporal(context, async (remote) => {
    await ensureSearchAttributes(remote.connection, remote.namespace);
    const line = liveLine(context);
    line.update(`Looking at both sides of ${row.id} …`);
    try {
      return await preflight(context, remote, project.settings, [row], () => undefined);
    } finally {
      line.end();
    }
  });
  const { name, source, destination } = project.settings;
  const [found] = looked;
  if (found === undefined) throw new Error(`the preflight of ${row.id} has no result`);
  if (!found.ok) throw refusedFailure(found);
  context.printer.show(foldersScreen({ project: name, source: source.host, destination: destination.host, ...found }));
  return EXIT.done;
}

/** One mailbox of the source may be copied to several. */
const SHOWN_COPIES = 3;

function rowOf({ settings, rows }: SealedProject, mailbox: string): MailboxRow {
  const row = rows.find(({ id }) => id === mailbox.toLowerCase());
  if (row !== undefined) return row;
  const copies = rows.filter(({ source }) => source.user.toLowerCase() === mailbox.toLowerCase());
  throw new Failure('project.mailbox-unknown', `The project file of "${settings.name}" has no mailbox "${mailbox}".`, {
    why: [
      'Mailboxes are named by the user name at the destination.',
      ...copies.slice(0, SHOWN_COPIES).map(({ id }) => `This one of the source goes to "${id}".`),
    ],
  });
}

function refusedFailure({ id, side, problem }: Extract<PreflightRow, { readonly ok: false }>): Failure {
  return new Failure(problem.code, `${id} (${side}): ${problem.text}`, {
    why: problem.serverText === undefined ? [] : [`server: ${problem.serverText}`],
  });
}
