import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { EXIT } from '../model/refusals.ts';

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Everything outside that the command line sees and touches; nothing else in this room reads `process`. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The user's home directory. */
  readonly userHome: string;
  readonly pid: number;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the process began. */
  readonly uptime: () => number;
  /** Whether somebody is there who can answer a question. */
  readonly interactive: boolean;
  /**
   * Asks on stderr, so that stdout stays data; with `hidden` the answer is not shown. `undefined` when the input ended
   * or the signal was aborted.
   */
  readonly ask: (question: string, options: AskOptions) => Promise<string | undefined>;
  /** Calls the listener at the first Ctrl-C or SIGTERM; a second one ends the process at once. Returns how to stop listening. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

export interface AskOptions {
  readonly hidden?: boolean;
  readonly signal: AbortSignal;
}

/** The process's own terminal, environment and signals. */
export function processIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  stdout.on('error', leaveWhenNobodyReads);
  return {
    stdout,
    stderr,
    env,
    cwd: process.cwd(),
    userHome: homedir(),
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    now: Date.now,
    uptime: () => performance.now(),
    interactive: stdin.isTTY && stderr.isTTY,
    ask: (question, options) => ask(stdin, stderr, question, options),
    onInterrupt: listenForSignals,
  };
}

/**
 * The handler stays where it is after the first signal: what restores a terminal's cursor ends the process on a signal
 * that nobody else seems to handle.
 */
function listenForSignals(listener: () => void): () => void {
  let told = false;
  const onSignal = (): void => {
    if (told) process.exit(EXIT.interrupted);
    told = true;
    listener();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  };
}

/** `mailferry status NAME | head` is no failure. */
function leaveWhenNobodyReads(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
  process.exit(0);
}

/** One question, one line of answer. */
export async function ask(
  input: Input,
  output: Output,
  question: string,
  { hidden = false, signal }: AskOptions,
): Promise<string | undefined> {
  output.write(question);
  // What readline echoes goes nowhere when the answer is a secret.
  const echo = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : output;
  const lines = createInterface({ input, output: echo, terminal: input.isTTY === true, historySize: 0 });
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(undefined));
      // In raw mode Ctrl-C is a key: hand it on as the signal that it stands for.
      lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      signal.addEventListener('abort', () => lines.close(), { once: true });
      if (signal.aborted) lines.close();
    });
  } finally {
    lines.close();
    if (hidden) output.write('\n');
  }
}
