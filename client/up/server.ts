import { createServer } from 'node:net';
import { join } from 'node:path';
import { startDevServer, type DevServer } from '../../temporal/dev-server.ts';
import { freePort } from '../../temporal/free-port.ts';
import { Failure } from '../failure.ts';
import { LEDGER_FILE } from './backup.ts';
import { whileFrozen } from './freeze.ts';

/** Temporal under the care of `up`: restarted when it crashes, stopped for good when asked. */
export interface KeptServer {
  readonly address: string;
  readonly uiUrl: string;
  /** Rejects when the server does not stay up. */
  readonly failed: Promise<never>;
  /** Does `work` while the server does not touch its files. */
  readonly whileStill: <T>(work: () => Promise<T>) => Promise<T>;
  readonly stop: () => Promise<void>;
}

export interface KeptServerOptions {
  readonly cliPath: string;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly port: number;
  readonly uiPort: number;
  readonly now: () => number;
  readonly say: (line: string) => void;
}

export const LOG_FILE = 'temporal.log';
/** More crashes than this within the time mean that a restart does not help. */
const CRASHES = 3;
const CRASHES_WITHIN_MS = 10 * 60_000;

/** Starts the development server on its SQLite file and keeps it running. */
export async function keepServer(options: KeptServerOptions): Promise<KeptServer> {
  const { home, port, uiPort, cliPath, platform } = options;
  const launch = (): Promise<DevServer> =>
    startDevServer({ cliPath, port, uiPort, dbFile: join(home, LEDGER_FILE), logFile: join(home, LOG_FILE) });
  let server = await launch();
  let wanted = true;
  /** The end of the last thing that was done to the server: one at a time. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const failed = keepUp(
    () => server,
    (work) => inTurn(work),
    async () => {
      if (wanted) server = await launch();
      return wanted;
    },
    options,
  );
  failed.catch(() => undefined);
  return {
    address: server.address,
    uiUrl: server.uiUrl ?? `http://127.0.0.1:${uiPort}`,
    failed,
    whileStill: (work) =>
      inTurn(async () => {
        if (platform !== 'win32') return whileFrozen(server.pid, platform, work);
        // Windows cannot halt a process: there the server is away for the moment of the copy.
        const still = server;
        await still.stop();
        try {
          return await work();
        } finally {
          server = await launch();
        }
      }),
    stop: () =>
      inTurn(async () => {
        wanted = false;
        await server.stop();
      }),
  };
}

/** Follows one server process after the other; settles only by rejecting. */
async function keepUp(
  current: () => DevServer,
  inTurn: (work: () => Promise<boolean>) => Promise<boolean>,
  relaunch: () => Promise<boolean>,
  { now, say, home }: KeptServerOptions,
): Promise<never> {
  const crashes: number[] = [];
  for (;;) {
    const followed = current();
    const { code, signal } = await followed.exited;
    const ended = `Temporal ended by itself (${signal ?? `exit code ${code ?? 'unknown'}`})`;
    const goesOn = await inTurn(async () => {
      if (current() !== followed) return true;
      crashes.push(now());
      const recent = crashes.filter((time) => now() - time < CRASHES_WITHIN_MS).length;
      if (recent > CRASHES) {
        throw new Failure('temporal.server', `${ended} ${recent} times in ${CRASHES_WITHIN_MS / 60_000} minutes.`, {
          why: [`Its log is ${join(home, LOG_FILE)}.`],
        });
      }
      const again = await relaunch();
      if (again) say(`${ended} and was started again; nothing is lost.`);
      return again;
    });
    if (!goesOn) return new Promise<never>(() => undefined);
  }
}

/** The usual port, so that bookmarks and other tools find it; another one where it is taken. */
export async function portFor(wanted: number | undefined, usual: number): Promise<number> {
  if (wanted !== undefined && wanted !== 0) return wanted;
  if (wanted === undefined && (await isFree(usual))) return usual;
  return freePort();
}

async function isFree(port: number): Promise<boolean> {
  try {
    await listenOn(port);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['EADDRINUSE', 'EACCES'].includes(String(error.code)))
      return false;
    throw error;
  }
}

async function listenOn(port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}
