import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const MAILFERRY = join(import.meta.dirname, '..', '..', 'bin', 'mailferry.mjs');

export interface CliEnding {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A running `mailferry`. */
export interface CliProcess {
  readonly child: ChildProcess;
  /** Resolves when stdout holds this. */
  readonly printed: (text: string | RegExp) => Promise<void>;
  readonly ended: Promise<CliEnding>;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the real command line in a process of its own, without a terminal and without this machine's Temporal settings. */
export function startCli(args: readonly string[], { cwd, env = {} }: CliOptions): CliProcess {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:TEMPORAL_|MAILFERRY_)/.test(name));
  const child = spawn(process.execPath, [MAILFERRY, ...args], {
    cwd,
    env: { ...Object.fromEntries(own), TEMPORAL_CONFIG_FILE: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  const watchers = new Set<() => void>();
  const look = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<CliEnding>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, out, err });
      look();
    });
  });
  return {
    child,
    ended,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          const found = typeof text === 'string' ? out.includes(text) : text.test(out);
          if (!found && child.exitCode === null && child.signalCode === null) return;
          watchers.delete(watcher);
          if (found) resolve();
          else reject(new Error(`mailferry ended before it printed ${String(text)}: ${out}\n${err}`));
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}

/** Runs it to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliEnding> {
  return startCli(args, options).ended;
}
