import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { confirm, type Context } from '../context.ts';
import { differenceOf, type Difference } from '../difference.ts';
import { Failure } from '../failure.ts';
import type { Plan } from '../program.ts';
import { readProject } from '../project-file.ts';
import { applyDifference } from '../remote/applying.ts';
import { readRunning } from '../remote/running.ts';
import { withTemporal } from '../remote/temporal.ts';
import { differenceScreen, type ApplyReport } from '../screens/difference.ts';
import { countOf } from '../screens/format.ts';

interface ApplyOptions {
  readonly yes?: boolean;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('<file>', 'the project file')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\nChanges secrets, limits, rules and timing, adds and removes mailboxes, and wakes what was waiting for it. Name,' +
        '\nservers and the source of a mailbox cannot change in a running project.',
    )
    .action((file: string, options: ApplyOptions) => plan((context) => apply(context, file, options)));
}

async function apply(context: Context, file: string, { yes = false }: ApplyOptions): Promise<ExitCode> {
  const wanted = await readProject(context, file);
  const { list } = wanted;
  const about = { project: wanted.settings.name, ...(list && { list }) };
  const { project } = about;
  await withTemporal(context, async (remote) => {
    const running = await readRunning(remote, project, context.io.now());
    const difference = differenceOf(running, wanted, wanted.keys);
    await settle(context, about, difference, yes);
    await applyDifference(remote, project, difference);
    const { printer } = context;
    const { changes } = difference;
    if (printer.format === 'json') printer.show(differenceScreen({ ...about, changes, applied: true }));
    else if (changes.length > 0) printer.say(`Done; \`mailferry status ${project}\` shows what comes of it.`);
  });
  return EXIT.done;
}

/** Shows what would change and gets the person's word; rejects when it is not to be done, or cannot be. */
async function settle(
  context: Context,
  about: Pick<ApplyReport, 'project' | 'list'>,
  { changes }: Difference,
  yes: boolean,
): Promise<void> {
  const { printer } = context;
  if (printer.format === 'text') printer.show(differenceScreen({ ...about, changes, applied: false }));
  const refused = changes.flatMap((change) =>
    change.refused === undefined ? [] : [`${change.text}. ${change.refused}`],
  );
  if (refused.length > 0) {
    if (printer.format === 'json') printer.show(differenceScreen({ ...about, changes, applied: false }));
    throw new Failure('project.change', `${countOf(refused.length, 'change')} cannot be made; nothing was changed.`, {
      why: refused,
    });
  }
  if (changes.length === 0 || yes) return;
  await confirm(context, `Make ${changes.length === 1 ? 'this change' : 'these changes'}?`, '--yes');
}
