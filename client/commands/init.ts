import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { PROJECT_NAME } from '../../model/ids.ts';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { csvTemplate, projectTemplate, type AuthAnswer, type ProjectAnswers } from '../../project/template.ts';
import { askLine, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import type { Plan } from '../program.ts';
import { initScreen } from '../screens/init.ts';

const CSV_FILE = 'mailboxes.csv';
const KINDS = ['password', 'administrator', 'oauth2'] as const;
type Kind = (typeof KINDS)[number];

interface InitOptions {
  readonly name?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly sourceKind?: Kind;
  readonly destinationKind?: Kind;
  readonly force?: boolean;
}

export function configure(command: Command, plan: Plan): void {
  command
    .argument('[file]', 'where to write it', 'project.yaml')
    .option('--name <name>', 'the project’s name')
    .option('--source <host>', 'the server that mailboxes leave')
    .option('--destination <host>', 'the server that they go to')
    .addOption(new Option('--source-kind <kind>', 'how its mailboxes are opened').choices(KINDS))
    .addOption(new Option('--destination-kind <kind>', 'the same for the destination').choices(KINDS))
    .option('--force', 'overwrite what is there')
    .addHelpText('after', '\nOn a terminal it asks for what the options do not say; elsewhere it writes examples.')
    .action((file: string, options: InitOptions) => plan((context) => init(context, file, options)));
}

async function init(context: Context, file: string, options: InitOptions): Promise<ExitCode> {
  const path = resolve(context.io.cwd, file);
  const answers = await answersFrom(context, options);
  const csv = join(dirname(path), CSV_FILE);
  await writeNew(path, projectTemplate(answers), options.force === true);
  const csvWritten = await writeUnlessThere(csv, csvTemplate(answers));
  context.printer.show(initScreen({ project: answers.name, file: path, csv, csvWritten }));
  return EXIT.done;
}

async function answersFrom(context: Context, options: InitOptions): Promise<ProjectAnswers> {
  const asked = async (given: string | undefined, question: string, usual: string): Promise<string> => {
    if (given !== undefined || !context.io.interactive) return given ?? usual;
    return (await askLine(context, `${question} [${usual}]: `)) || usual;
  };
  const name = validName(await asked(options.name, 'Name of the project', 'my-move'));
  const source = await asked(options.source, 'Server that mailboxes leave', 'imap.old.example');
  const sourceKind = await askKind(asked, options.sourceKind);
  const destination = await asked(options.destination, 'Server that they go to', 'imap.new.example');
  const destinationKind = await askKind(asked, options.destinationKind);
  return {
    name,
    source: { host: source, authentication: exampleAuth(sourceKind) },
    destination: { host: destination, authentication: exampleAuth(destinationKind) },
    csv: CSV_FILE,
  };
}

async function askKind(
  asked: (given: string | undefined, question: string, usual: string) => Promise<string>,
  given: Kind | undefined,
): Promise<Kind> {
  const answer = await asked(given, `  opened by: ${KINDS.join(', ')}`, 'password');
  const kind = KINDS.find((known) => known === answer);
  if (kind !== undefined) return kind;
  throw new Failure('command.usage', `"${answer}" is none of ${KINDS.join(', ')}.`);
}

/** What only the administrator knows stands in the file as an example to be replaced. */
function exampleAuth(kind: Kind): AuthAnswer {
  switch (kind) {
    case 'password':
      return { kind };
    case 'administrator':
      return { kind, form: 'sasl-plain', user: 'administrator' };
    case 'oauth2':
      return {
        kind,
        tenant: '00000000-0000-0000-0000-000000000000',
        clientId: '00000000-0000-0000-0000-000000000000',
      };
  }
}

function validName(name: string): string {
  if (PROJECT_NAME.test(name)) return name;
  throw new Failure('command.usage', `"${name}" cannot be a project's name.`, {
    why: [
      'Names are made of lower-case letters, digits and hyphens, at most 63, and neither begin nor end with a hyphen.',
    ],
  });
}

async function writeNew(path: string, text: string, force: boolean): Promise<void> {
  if (await write(path, text, force ? 'w' : 'wx')) return;
  throw new Failure('command.file', `${path} is there already; nothing was written.`, {
    next: 'Choose another name, or overwrite it with --force.',
  });
}

/** The list of mailboxes is never overwritten: it is the administrator's own. */
async function writeUnlessThere(path: string, text: string): Promise<boolean> {
  return write(path, text, 'wx');
}

/** Whether it was written; false when a file is in the way. CSVs hold passwords: for this user only. */
async function write(path: string, text: string, flag: 'w' | 'wx'): Promise<boolean> {
  try {
    await writeFile(path, text, { flag, mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
