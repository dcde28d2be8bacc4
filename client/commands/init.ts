import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { PROJECT_NAME } from '../../model/ids.ts';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import type { AdminForm } from '../../model/project.ts';
import { glanceAt, type Glance } from '../../project/csv/glance.ts';
import { readFault } from '../../project/files.ts';
import { roadOf, type OpenedBy, type RoadEnd } from '../../project/roads.ts';
import { csvTemplate, projectTemplate, type AuthAnswer, type ProjectAnswers } from '../../project/template.ts';
import { decodeText } from '../../project/text.ts';
import { askLine, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import type { Plan } from '../program.ts';
import { initScreen } from '../screens/init.ts';

const CSV_FILE = 'mailboxes.csv';
const KINDS: readonly Kind[] = ['password', 'administrator', 'oauth2'];
type Kind = OpenedBy;
const FORMS: readonly AdminForm[] = ['sasl-plain', 'dovecot', 'exchange', 'mirapoint'];

interface InitOptions {
  readonly name?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly sourceKind?: Kind;
  readonly destinationKind?: Kind;
  readonly sourceForm: AdminForm;
  readonly destinationForm: AdminForm;
  readonly csv?: string;
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
    .addOption(form('--source-form <form>', 'how an administrator’s login there names the user'))
    .addOption(form('--destination-form <form>', 'the same for the destination'))
    .option(
      '--csv <file>',
      'a list of mailboxes that there is already: ours, Microsoft’s, Exchange’s, InfoSwitch’s, Qboxmail’s',
    )
    .option('--force', 'overwrite what is there')
    .addHelpText('after', '\nOn a terminal it asks for what the options do not say; elsewhere it writes examples.')
    .action((file: string, options: InitOptions) => plan((context) => init(context, file, options)));
}

function form(flags: string, description: string): Option {
  return new Option(flags, description).choices(FORMS).default('sasl-plain');
}

async function init(context: Context, file: string, options: InitOptions): Promise<ExitCode> {
  const path = resolve(context.io.cwd, file);
  const list = await listIn(context, options.csv);
  const csv = list?.path ?? join(dirname(path), CSV_FILE);
  const answers = await answersFrom(context, options, list?.glance, relative(dirname(path), csv));
  await writeNew(path, projectTemplate(answers), options.force === true);
  const csvWritten = list === undefined && (await writeUnlessThere(csv, csvTemplate(answers)));
  context.printer.show(initScreen({ project: answers.name, file: path, csv, csvWritten }));
  return EXIT.done;
}

/** The list that is to be moved, and what it says of the road. */
async function listIn(
  { io }: Context,
  file: string | undefined,
): Promise<{ readonly path: string; readonly glance: Glance } | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(io.cwd, file);
  const decoded = decodeText(await bytesOf(path));
  const glance = decoded.ok ? glanceAt(decoded.text) : undefined;
  if (glance !== undefined) return { path, glance };
  throw new Failure('project.csv', `${path} is no list of mailboxes that is known by its first line.`, {
    next: 'Compare its columns with those in the README, or leave --csv out and get an empty list.',
  });
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Failure('command.file', `${path}: ${readFault(error)}.`, {
      next: 'Name a file that can be read.',
      cause: error,
    });
  }
}

async function answersFrom(
  context: Context,
  options: InitOptions,
  list: Glance | undefined,
  csv: string,
): Promise<ProjectAnswers> {
  const asked = async (given: string | undefined, question: string, usual: string): Promise<string> => {
    if (given !== undefined || !context.io.interactive) return given ?? usual;
    return (await askLine(context, `${question} [${usual}]: `)) || usual;
  };
  const road = roadOf(list);
  const name = validName(await asked(options.name, 'Name of the project', 'my-move'));
  const source = await asked(options.source, 'Server that mailboxes leave', road.source.host);
  const sourceKind = await askKind(asked, options.sourceKind, road.source);
  const destination = await asked(options.destination, 'Server that they go to', road.destination.host);
  const destinationKind = await askKind(asked, options.destinationKind, road.destination);
  return {
    name,
    source: { host: source, authentication: exampleAuth(sourceKind, road.source, options.sourceForm) },
    destination: {
      host: destination,
      authentication: exampleAuth(destinationKind, road.destination, options.destinationForm),
    },
    csv,
    ...(list !== undefined && { listOf: list.dialect.title }),
  };
}

async function askKind(
  asked: (given: string | undefined, question: string, usual: string) => Promise<string>,
  given: Kind | undefined,
  { openedBy }: RoadEnd,
): Promise<Kind> {
  const answer = await asked(given, `  opened by: ${KINDS.join(', ')}`, openedBy);
  const kind = KINDS.find((known) => known === answer);
  if (kind !== undefined) return kind;
  throw new Failure('command.usage', `"${answer}" is none of ${KINDS.join(', ')}.`);
}

/** What only the administrator knows stands in the file as an example to be replaced. */
function exampleAuth(kind: Kind, { rowsApplications, passwordColumn }: RoadEnd, adminForm: AdminForm): AuthAnswer {
  switch (kind) {
    case 'password':
      return { kind, ...(passwordColumn !== undefined && { column: passwordColumn }) };
    case 'administrator':
      return { kind, form: adminForm, user: adminForm === 'exchange' ? 'DOMAIN/administrator' : 'administrator' };
    case 'oauth2':
      if (rowsApplications) return { kind: 'applications' };
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
