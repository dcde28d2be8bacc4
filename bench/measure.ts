import { spawn, type ChildProcess } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { peakRssBelow } from './process-tree.ts';

/** A program to run and what it is given. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** One run of a whole process, with its children, from its start to its end. */
export interface Measured {
  readonly seconds: number;
  /** User and system together. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  readonly stdout: string;
}

/** A program did not end well; the message holds the end of what it said. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

/** The shell tells what its children have used (POSIX, times), on a descriptor of its own. */
const SCRIPT = '"$@"; code=$?; times >&3; exit $code';
const LOOK_EVERY_MS = 20;
const TOLD_CHARACTERS = 2_000;

/** Runs a program to its end, and kills it with its children after `timeoutMs`. Rejects with ProgramFailed. */
export async function measure(program: Program, timeoutMs: number): Promise<Measured> {
  const started = performance.now();
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', program.command, ...program.args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...program.env },
  });
  const said = listen(shell);
  const memory = watchMemory(shell.pid ?? 0);
  const timer = setTimeout(() => end(shell), timeoutMs);
  const endWithUs = (): void => end(shell);
  process.once('exit', endWithUs);
  try {
    // A program that does not read its input closes it.
    shell.stdin?.on('error', () => undefined);
    shell.stdin?.end(program.stdin ?? '');
    const code = await ended(shell);
    const seconds = (performance.now() - started) / 1_000;
    const [stdout, stderr, times] = await said;
    if (code !== 0) throw new ProgramFailed(failure(program, code, seconds, `${stderr}\n${stdout}`));
    return { seconds, cpuSeconds: childSeconds(times), peakRssBytes: memory.peak(), stdout };
  } finally {
    clearTimeout(timer);
    memory.stop();
    process.removeListener('exit', endWithUs);
    end(shell);
  }
}

/** The second line of what `times` prints: user and system seconds of the shell's children, such as `0m1.25s 0m0.75s`. */
export function childSeconds(times: string): number {
  const [, children = ''] = times.trim().split('\n');
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`the shell's times cannot be read: ${JSON.stringify(times)}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

function listen(shell: ChildProcess): Promise<readonly [string, string, string]> {
  return Promise.all([textOf(shell.stdout), textOf(shell.stderr), textOf(shell.stdio[3])]);
}

async function textOf(stream: unknown): Promise<string> {
  if (!(stream instanceof Readable)) throw new Error('the shell was started without a pipe');
  return text(stream);
}

function watchMemory(pid: number): { readonly peak: () => number; readonly stop: () => void } {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakRssBelow(pid));
  }, LOOK_EVERY_MS);
  return { peak: () => peak, stop: () => clearInterval(timer) };
}

function ended(shell: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

/** The whole process group, which may be gone already. */
function end({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function failure({ command }: Program, code: number | string, seconds: number, said: string): string {
  const tail = said.trim().slice(-TOLD_CHARACTERS);
  return `${command} ended with ${code} after ${seconds.toFixed(1)} s: ${tail}`;
}
