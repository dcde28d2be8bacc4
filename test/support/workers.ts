import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What a worker's process is told. */
export type WorkerOrder =
  | {
      readonly kind: 'start';
      readonly address: string;
      readonly taskQueue: string;
      readonly stateDir: string;
      readonly bundlePath: string;
      readonly identity: string;
    }
  | { readonly kind: 'shutdown' };

/** What it says. */
export interface WorkerMessage {
  readonly kind: 'ready';
}

export type WorkerSettings = Omit<Extract<WorkerOrder, { readonly kind: 'start' }>, 'kind'> & {
  /** What the process says on stdout and stderr. */
  readonly logFile: string;
};

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly identity: string;
  readonly pid: number;
  /** Asks it to end gracefully and resolves when it has; rejects when it ended with an error. */
  readonly shutdown: () => Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
  /** SIGSTOP: the process stands still in the middle of whatever it does. */
  readonly freeze: () => void;
  /** SIGCONT. */
  readonly thaw: () => void;
  readonly logText: () => Promise<string>;
}

const ENTRY = fileURLToPath(new URL('worker-process.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a worker and resolves when it takes tasks. It dies with this process. */
export async function startWorkerProcess({ logFile, ...settings }: WorkerSettings): Promise<WorkerProcess> {
  const log = await open(logFile, 'a');
  const child = spawn(process.execPath, ['--import', 'tsx', ENTRY], {
    cwd: ROOT,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  const logText = (): Promise<string> => readFile(logFile, 'utf8');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  order(child, { kind: 'start', ...settings });
  await Promise.race([ready(child), endedEarly(exited, logText)]);
  return {
    identity: settings.identity,
    pid: child.pid ?? 0,
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    logText,
    shutdown: async () => {
      order(child, { kind: 'shutdown' });
      const code = await exited;
      if (code !== 0) throw new Error(`the worker ended with ${String(code)}:\n${await logText()}`);
    },
  };
}

function order(child: ChildProcess, message: WorkerOrder): void {
  child.send(message);
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') resolve();
    });
  });
}

async function endedEarly(exited: Promise<number | null>, logText: () => Promise<string>): Promise<never> {
  const code = await exited;
  throw new Error(`the worker ended with ${String(code)} before it was ready:\n${await logText()}`);
}
