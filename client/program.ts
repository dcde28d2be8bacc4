import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { ExitCode } from '../model/refusals.ts';
import type { Context } from './context.ts';
import type { Io } from './io.ts';

/** A parsed command, ready to be run. */
export type Job = (context: Context) => Promise<ExitCode>;

/** Takes what the command line asked for. */
export type Plan = (job: Job) => void;

/** A command's own file: its arguments, options and help, and what it does. */
export interface CommandFile {
  readonly configure: (command: Command, plan: Plan) => void;
}

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<CommandFile>;
}

/** All commands, in the order of a project's life; files are loaded only for the command that is called. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  up: { summary: 'start Temporal, its Web UI and a worker on this machine', load: () => import('./commands/up.ts') },
  worker: { summary: 'start a worker for a Temporal elsewhere', load: () => import('./commands/worker.ts') },
  init: { summary: 'write a commented project file', load: () => import('./commands/init.ts') },
  setup: {
    summary: 'print how a Microsoft 365 tenant is opened to mailferry, ready to paste',
    load: () => import('./commands/setup.ts'),
  },
  folders: {
    summary: 'show which folder of a mailbox goes where, without writing anything',
    load: () => import('./commands/folders.ts'),
  },
  doctor: {
    summary: 'look at how mailboxes are opened: token, role, a few logins, and what is at fault',
    load: () => import('./commands/doctor.ts'),
  },
  start: { summary: 'look at both sides of every mailbox, ask, and start', load: () => import('./commands/start.ts') },
  status: { summary: 'show how far a project is and what needs attention', load: () => import('./commands/status.ts') },
  show: { summary: 'show one mailbox: folders, passes, what it waits for', load: () => import('./commands/show.ts') },
  aside: {
    summary: 'list the messages that could not be copied, and write them as files',
    load: () => import('./commands/aside.ts'),
  },
  apply: { summary: 'change a running project to what its file says now', load: () => import('./commands/apply.ts') },
  pause: {
    summary: 'stop after the batch in hand and free all connections',
    load: () => import('./commands/pause.ts'),
  },
  resume: { summary: 'go on after a pause', load: () => import('./commands/resume.ts') },
  cutover: { summary: 'say that the MX record has moved', load: () => import('./commands/cutover.ts') },
  retry: { summary: 'try again what was refused or needs attention', load: () => import('./commands/retry.ts') },
  finish: { summary: 'end the tail: compare both sides and finish', load: () => import('./commands/finish.ts') },
  cancel: { summary: 'end a project; copied mail stays where it is', load: () => import('./commands/cancel.ts') },
  list: { summary: 'list all projects', load: () => import('./commands/list.ts') },
  wait: { summary: 'wait until a project is ready or finished', load: () => import('./commands/wait.ts') },
  explain: { summary: 'say what a refusal means and what to do about it', load: () => import('./commands/explain.ts') },
  schema: { summary: 'print the JSON schema of the project file', load: () => import('./commands/schema.ts') },
  backup: { summary: 'copy the ledger and the key to a safe place', load: () => import('./commands/backup.ts') },
};

const EXIT_CODES = `
Exit codes: 0 done, 1 bug, 2 usage or configuration, 3 finished with exceptions, 4 credentials or permissions,
5 Temporal or a server unreachable, 6 not confirmed, 130 interrupted.`;

/**
 * The whole command line, with the options of only the command that `argv` names. `plan` is told what to do when it is
 * parsed.
 */
export async function buildProgram(argv: readonly string[], io: Io, plan: Plan): Promise<Command> {
  const called = calledCommand(argv);
  const program = globalOptions(new Command('mailferry'), io);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${sentence(summary)}.`);
    if (name === called) (await load()).configure(command, plan);
    else command.allowUnknownOption().allowExcessArguments();
  }
  return program;
}

export const commandNames: readonly string[] = Object.keys(COMMANDS);

function globalOptions(program: Command, { stdout, stderr }: Io): Command {
  return program
    .description("Moves an organisation's mailboxes from one mail platform to another over IMAP.")
    .version(version(), '-V, --version', 'print the version')
    .option(
      '--address <host:port>',
      'Temporal’s address (else TEMPORAL_ADDRESS, its profile, or the `up` running here)',
    )
    .option('--namespace <name>', 'Temporal’s namespace')
    .option('--profile <name>', 'the profile of Temporal’s configuration file')
    .option('--home <directory>', 'the state directory (else MAILFERRY_HOME, or .mailferry here)')
    .addOption(new Option('-o, --output <format>', 'how data is printed').choices(['text', 'json']).default('text'))
    .option('--debug', 'print where an unexpected error came from')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      // Errors are printed by the one switch, with their code and next step.
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? 120,
      getErrHelpWidth: () => stderr.columns ?? 120,
    });
}

/** The command that the words name, found with a parser that knows only the options which stand anywhere. */
function calledCommand(argv: readonly string[]): string | undefined {
  const operands = argv.filter((word, index) => !word.startsWith('-') && !takesValue(argv[index - 1]));
  return operands[0] === 'help' ? operands[1] : operands[0];
}

function takesValue(word: string | undefined): boolean {
  return ['--address', '--namespace', '--profile', '--home', '-o', '--output'].includes(word ?? '');
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Read from the package beside which this room lies, also when it was built into `dist/`. */
function version(): string {
  for (const place of ['../package.json', '../../package.json']) {
    const text = readIfThere(new URL(place, import.meta.url));
    if (text === undefined) continue;
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
  }
  throw new Error('mailferry’s package.json is not where it should be');
}

function readIfThere(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
