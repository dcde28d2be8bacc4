import { hostname } from 'node:os';
import { destination, pino, type Logger } from 'pino';
import type { Context } from '../context.ts';
import type { Target } from '../remote/temporal.ts';

/** A worker in this process. */
export interface RunningWorker {
  /** Settles when the worker has ended, whether it was told to or not. */
  readonly finished: Promise<void>;
  /** Lets every activity end its batch, and resolves when all have. */
  readonly shutdown: () => Promise<void>;
}

/** Starts the worker; only here the command line loads what it takes to be one. */
export async function runWorker(context: Context, target: Target, log: Logger): Promise<RunningWorker> {
  const { startWorker } = await import('../../worker/entry.ts');
  return startWorker({
    connection: target.connection,
    namespace: target.namespace,
    stateDir: context.home,
    env: context.io.env,
    log,
    identity: `mailferry ${context.io.pid}@${hostname()}`,
  });
}

/** A log in a file of this user's, a JSON object on each line. */
export function fileLog(file: string): { readonly log: Logger; readonly close: () => void } {
  const out = destination({ dest: file, mkdir: true, sync: true, mode: 0o600 });
  return { log: pino({ name: 'mailferry' }, out), close: () => out.end() };
}

/** The same on stderr, for who runs a worker under a service manager. */
export function stderrLog(context: Context): Logger {
  return pino({ name: 'mailferry', level: context.io.env['MAILFERRY_LOG_LEVEL'] ?? 'info' }, context.io.stderr);
}
