import { setMaxListeners } from 'node:events';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../model/refusals.ts';
import { homeDirectory, type Context, type GlobalOptions } from './context.ts';
import { reportOf } from './exit.ts';
import { processIo, type Io } from './io.ts';
import { jsonPrinter, textPrinter } from './printer.ts';
import { buildProgram, type Job } from './program.ts';

/**
 * Runs one command line (without node's own two arguments) and resolves with its exit code. Prints every error itself;
 * never rejects.
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<ExitCode> {
  let debug = argv.includes('--debug');
  let format = asksForJson(argv) ? jsonPrinter : textPrinter;
  try {
    const planned: Job[] = [];
    const program = await buildProgram(argv, io, (job) => void planned.push(job));
    if (argv.length === 0) {
      program.outputHelp();
      return EXIT.usage;
    }
    await program.parseAsync(argv, { from: 'user' });
    const [job] = planned;
    if (job === undefined) return EXIT.done;
    const options = program.opts<GlobalOptions>();
    debug = options.debug === true;
    format = options.output === 'json' ? jsonPrinter : textPrinter;
    return await perform(job, io, options);
  } catch (error) {
    if (isHelp(error)) return EXIT.done;
    const report = reportOf(error, debug);
    format(io).fail(report);
    return report.exit;
  }
}

async function perform(job: Job, io: Io, options: GlobalOptions): Promise<ExitCode> {
  const interruption = new AbortController();
  // Several calls and waits at a time listen to it.
  setMaxListeners(100, interruption.signal);
  const stopListening = io.onInterrupt(() => interruption.abort());
  const context: Context = {
    io,
    printer: options.output === 'json' ? jsonPrinter(io) : textPrinter(io),
    options,
    home: homeDirectory(io, options.home),
    signal: interruption.signal,
  };
  try {
    return await job(context);
  } finally {
    stopListening();
  }
}

/** Commander ends a call for help or for the version by an error whose exit code is 0. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** Before the options are parsed, since what is wrong with them has to be printed in the format that was asked for. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    if (word === '-ojson' || word === '--output=json') return true;
    return word === 'json' && ['-o', '--output'].includes(argv[index - 1] ?? '');
  });
}
