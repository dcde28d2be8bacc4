import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { connect, hasGrpcCode } from './connection.ts';
import { freePort } from './free-port.ts';

export interface DevServerOptions {
  readonly cliPath: string;
  /** The SQLite file that keeps everything; without one, all is gone when the server stops. */
  readonly dbFile?: string;
  /** Free ones unless given. */
  readonly port?: number;
  /** The Web UI is served only where this is given; `'free'` lets the kernel choose. */
  readonly uiPort?: number | 'free';
  readonly namespace?: string;
  /** More of the server's dynamic configuration, over {@link dynamicConfig}. */
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
  /** What the server says is appended here. */
  readonly logFile: string;
  /** Days for which closed workflows are kept. */
  readonly retentionDays?: number;
}

export interface DevServer {
  /** `host:port` of the gRPC frontend. */
  readonly address: string;
  readonly uiUrl: string | undefined;
  /** The server's own process. */
  readonly pid: number;
  /** Stops it and resolves when it is gone; killed when it does not end within {@link stopGraceMs}. Repeatable. */
  readonly stop: () => Promise<void>;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<DevServerExit>;
}

export interface DevServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The server ended, or did not serve, before it could be used. */
export class DevServerFailed extends Error {
  override readonly name = 'DevServerFailed';
}

/** Only this machine: the development server knows no authentication. */
const ip = '127.0.0.1';
const defaultRetentionDays = 90;
const startDeadlineMs = 30_000;
const stopGraceMs = 10_000;
const pollEveryMs = 50;
const notFound = 5;

/** What differs from the development server's defaults: without fairness, its fairness keys are ignored. */
const dynamicConfig: NonNullable<DevServerOptions['dynamicConfig']> = { 'matching.enableFairness': true };

/**
 * Becomes the server, beside a guard in the same process group that waits on file descriptor 3 for the parent's end: a
 * pipe that nobody writes to and that the kernel closes however the parent dies. The guard then stops the group. It is
 * a member of the group, so the group's number cannot have been given to anybody else.
 */
const guarded = `
(trap '' TERM; read -r _ <&3; kill -TERM -$$
 for second in 1 2 3 4 5; do kill -0 $$ && sleep 1; done 2>/dev/null; kill -KILL -$$) &
exec "$@" 3<&-`;

/**
 * Starts Temporal's development server and resolves when its namespace can be used. It runs in a process group of its
 * own, so that a Ctrl-C on the terminal reaches only the caller, who stops workers before the server. It does not
 * outlive this process, even after SIGKILL (on Windows, Node's job object sees to that). Rejects with
 * {@link DevServerFailed}, quoting the end of its log, and leaves nothing running.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const namespace = options.namespace ?? 'default';
  const port = await portFor(options.port ?? 0);
  const uiPort =
    options.uiPort === undefined ? undefined : await portFor(options.uiPort === 'free' ? 0 : options.uiPort);
  const { child, pid, exited } = await launch(options, commandLine(options, namespace, port, uiPort));
  const server: DevServer = {
    address: `${ip}:${port}`,
    uiUrl: uiPort === undefined ? undefined : `http://${ip}:${uiPort}`,
    pid,
    stop: () => stop(child, exited),
    exited,
  };
  try {
    await Promise.race([
      untilServing(server.address, namespace, options.retentionDays ?? defaultRetentionDays),
      failed(exited),
    ]);
    return server;
  } catch (error) {
    await server.stop();
    const said = await lastLines(options.logFile);
    throw new DevServerFailed(`Temporal's development server did not start on ${server.address}. It said:\n${said}`, {
      cause: error,
    });
  }
}

function commandLine(
  options: DevServerOptions,
  namespace: string,
  port: number,
  uiPort: number | undefined,
): readonly string[] {
  const settings = Object.entries({ ...dynamicConfig, ...options.dynamicConfig });
  const ui = uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-disable-news-fetch'];
  const db = options.dbFile === undefined ? [] : ['--db-filename', options.dbFile];
  const dynamic = settings.flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]);
  const network = ['--ip', ip, '--port', String(port), '--namespace', namespace];
  return ['server', 'start-dev', ...network, ...ui, ...db, ...dynamic, '--log-level', 'warn'];
}

interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<DevServerExit>;
}

async function launch({ cliPath, logFile }: DevServerOptions, args: readonly string[]): Promise<Launched> {
  const windows = process.platform === 'win32';
  const command = windows ? cliPath : '/bin/sh';
  const log = await open(logFile, 'a', 0o600);
  const child = spawn(command, windows ? args : ['-c', guarded, 'temporal', cliPath, ...args], {
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
    detached: !windows,
  });
  const exited = new Promise<DevServerExit>((resolve) => {
    child.once('exit', (code, signal) => {
      releaseGuard(child);
      resolve({ code, signal });
    });
  });
  const spawned = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new DevServerFailed(`${command} cannot be run`, { cause: error })));
  });
  try {
    await spawned;
  } finally {
    await log.close();
  }
  if (child.pid === undefined) throw new DevServerFailed(`${command} has no process`);
  return { child, pid: child.pid, exited };
}

async function failed(exited: Promise<DevServerExit>): Promise<never> {
  const { code, signal } = await exited;
  throw new Error(`it ended with ${signal ?? `exit code ${code}`}`);
}

async function untilServing(address: string, namespace: string, retentionDays: number): Promise<void> {
  const connection = await connect({ address, connection: { address } }, startDeadlineMs);
  try {
    await setRetention(connection, namespace, retentionDays);
  } finally {
    await connection.close();
  }
}

/** A frontend that answers may not have read the namespace yet that the server has just made. */
async function setRetention(connection: Connection, namespace: string, days: number): Promise<void> {
  const config = { workflowExecutionRetentionTtl: msToTs(days * 86_400_000) };
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    try {
      await connection.workflowService.updateNamespace({ namespace, config });
      return;
    } catch (error) {
      const unknownYet = hasGrpcCode(error, notFound);
      if (!unknownYet || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
}

async function stop(child: ChildProcess, exited: Promise<DevServerExit>): Promise<void> {
  child.kill('SIGTERM');
  // A stopped (SIGSTOP) server does not see the first signal.
  const timer = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
  await exited;
  clearTimeout(timer);
}

/** The server is gone: its guard, still in its group, has nothing left to do. */
function releaseGuard(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === 'win32') return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // The group is empty when the guard was killed from outside.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * The port asked for, or one chosen by the kernel for 0. A port in use must be refused here: what listens there may be
 * another Temporal server, which would answer in the place of the one that is being started.
 */
async function portFor(wanted: number): Promise<number> {
  if (wanted === 0) return freePort();
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => {
      reject(new DevServerFailed(`port ${wanted} of ${ip} cannot be used: ${error.message}`, { cause: error }));
    });
    probe.listen(wanted, ip, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
  return wanted;
}

async function lastLines(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8');
  return log.trim().split('\n').slice(-10).join('\n');
}
