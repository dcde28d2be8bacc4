import { setTimeout } from 'node:timers/promises';
import { join, resolve } from 'node:path';
import { clean } from './clean.ts';
import { Failure, interrupted } from './failure.ts';
import type { Io } from './io.ts';
import type { Printer } from './printer.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
  readonly home?: string;
  readonly output: 'text' | 'json';
  readonly debug?: boolean;
}

/** What a command is given. */
export interface Context {
  readonly io: Io;
  readonly printer: Printer;
  readonly options: GlobalOptions;
  /** The state directory: ledger, key, logs, copies. */
  readonly home: string;
  /** Aborted at the first Ctrl-C; a command finishes or undoes its step in hand and ends. */
  readonly signal: AbortSignal;
}

/** `--home`, `MAILFERRY_HOME`, or `.mailferry` in the current directory. */
export function homeDirectory(io: Pick<Io, 'cwd' | 'env'>, option: string | undefined): string {
  const named = option ?? io.env['MAILFERRY_HOME'];
  return named === undefined || named === '' ? join(io.cwd, '.mailferry') : resolve(io.cwd, named);
}

/** Waits; rejects at once when the command is interrupted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? interrupted() : error;
  }
}

/** The promise's ending, or the rejection that an interruption is, whichever comes first. */
export async function unlessInterrupted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    // Nobody waits for it any more; unheard, its rejection would end the process.
    promise.catch(() => undefined);
    throw interrupted();
  }
  const over = new AbortController();
  const abort = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(interrupted()), { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([promise, abort]);
  } finally {
    over.abort();
  }
}

/** Asks a question whose answer is a line of text; rejects where nobody can answer. */
export async function askLine(
  { io, signal }: Context,
  question: string,
  options: { readonly hidden?: boolean } = {},
): Promise<string> {
  const answer = await io.ask(clean(question), { ...options, signal });
  if (signal.aborted) throw interrupted();
  if (answer === undefined)
    throw new Failure('command.not-confirmed', 'The input ended before the question was answered.');
  return answer.trim();
}

/**
 * Resolves when the person says yes. Where nobody is there to ask, it is refused with the option that says so
 * beforehand.
 */
export async function confirm(context: Context, question: string, option: string): Promise<void> {
  if (!context.io.interactive) {
    throw new Failure('command.not-confirmed', `Nobody is there to ask: ${question}`, {
      next: `Nothing was changed. Repeat the command with ${option}.`,
    });
  }
  const answer = await askLine(context, `${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer)) throw new Failure('command.not-confirmed', 'Not confirmed.');
}

/** For what cannot be taken back: the project's name has to be given or typed. */
export async function confirmByName(
  context: Context,
  project: string,
  given: string | undefined,
  what: string,
): Promise<void> {
  if (given === undefined && !context.io.interactive) {
    throw new Failure('command.not-confirmed', `The ${what} of project "${project}" has to be confirmed.`, {
      next: `Nothing was changed. Repeat the command with --confirm ${project}.`,
    });
  }
  const name = given ?? (await askLine(context, `To confirm the ${what} of project "${project}", type its name: `));
  if (name !== project) {
    throw new Failure('command.not-confirmed', `The name given to confirm, "${name}", is not "${project}".`);
  }
}
