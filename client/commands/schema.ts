import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { projectJsonSchema } from '../../project/schema.ts';
import type { Context } from '../context.ts';
import type { Plan } from '../program.ts';

export function configure(command: Command, plan: Plan): void {
  command
    .addHelpText(
      'after',
      '\nSave it beside the project file and name it there, for completion and checks in your editor.',
    )
    .action(() => plan(schema));
}

function schema({ printer }: Context): Promise<ExitCode> {
  printer.show({ data: projectJsonSchema(), text: (data) => JSON.stringify(data, null, 2) });
  return Promise.resolve(EXIT.done);
}
