import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { defaultCacheDir, obtainTemporalCli } from '../../temporal/binary.ts';
import { connect } from '../../temporal/connection.ts';
import { KEY_VARIABLE, loadKeyring, loadOrCreateKeyFile } from '../../seal/key-file.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { unlessInterrupted, type Context } from '../context.ts';
import { parsePort } from '../options.ts';
import type { Plan } from '../program.ts';
import { reportOf } from '../exit.ts';
import { upScreen } from '../screens/up.ts';
import { backUp, KEY_FILE } from '../up/backup.ts';
import { keepDailyBackups } from '../up/daily.ts';
import { holdHome } from '../up/hold.ts';
import { keepServer, portFor, type KeptServer } from '../up/server.ts';
import { removeUpState, writeUpState } from '../up/state.ts';
import { fileLog, runWorker, type RunningWorker } from '../up/worker.ts';
import { Failure } from '../failure.ts';

const USUAL_PORT = 7233;
const USUAL_UI_PORT = 8233;
const NAMESPACE = 'default';

interface UpOptions {
  readonly port?: number;
  readonly uiPort?: number;
}

export function configure(command: Command, plan: Plan): void {
  command
    .option('--port <port>', `Temporal’s port (else ${USUAL_PORT}, or a free one)`, parsePort)
    .option('--ui-port <port>', `the Web UI’s port (else ${USUAL_UI_PORT}, or a free one)`, parsePort)
    .addHelpText(
      'after',
      '\nEverything is kept in the state directory: stop it with Ctrl-C, start it again, and projects go on where they' +
        '\nwere. A copy of ledger and key is made each day in backups/ there.',
    )
    .action((options: UpOptions) => plan((context) => up(context, options)));
}

type Undo = () => Promise<void>;

async function up(context: Context, options: UpOptions): Promise<ExitCode> {
  const undo: Undo[] = [];
  try {
    const running = await bringUp(context, options, undo);
    await unlessInterrupted(Promise.race([running.server.failed, endedByItself(running.worker)]), context.signal).catch(
      (error: unknown) => {
        if (!context.signal.aborted) throw error;
      },
    );
    context.printer.say('Stopping: copies end the batch in hand …');
    return EXIT.done;
  } finally {
    // The worker goes before the server that it speaks to, and the hold last of all.
    await undoAll(undo.toReversed());
  }
}

/** Every step is taken, whatever becomes of the others; then the first that failed is told. */
async function undoAll(steps: readonly Undo[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

interface Running {
  readonly server: KeptServer;
  readonly worker: RunningWorker;
}

async function bringUp(context: Context, options: UpOptions, undo: Undo[]): Promise<Running> {
  const { home, io, printer, signal } = context;
  const late: { server?: KeptServer } = {};
  undo.push(
    await holdHome(home, io.pid, 'up', {
      '/backup': (body) => {
        if (late.server === undefined) throw new Failure('up.running', 'mailferry up is still starting.');
        return backUp({ home, now: io.now(), whileStill: late.server.whileStill, ...directoryIn(body) });
      },
    }),
  );
  if ((io.env[KEY_VARIABLE] ?? '') === '') await loadOrCreateKeyFile(join(home, KEY_FILE));
  else await loadKeyring(io.env, join(home, KEY_FILE));
  const server = await startTemporal(context, options);
  late.server = server;
  undo.push(server.stop);
  await unlessInterrupted(prepareNamespace(server.address), signal);
  const { log, close } = fileLog(join(home, 'worker.log'));
  undo.push(() => Promise.resolve(close()));
  const worker = await runWorker(context, targetOf(server), log);
  undo.push(worker.shutdown);
  const state = { pid: io.pid, address: server.address, uiUrl: server.uiUrl, startedAt: io.now() };
  await writeUpState(home, state);
  undo.push(() => removeUpState(home));
  undo.push(
    keepDailyBackups({
      home,
      now: io.now,
      whileStill: server.whileStill,
      done: ({ directory }) => printer.say(`Copied ledger and key to ${directory}.`),
      failed: (error) => printer.say(`The daily copy failed: ${reportOf(error, false).what}`),
    }),
  );
  printer.show(upScreen(state));
  return { server, worker };
}

async function startTemporal({ io, home, printer, signal }: Context, options: UpOptions): Promise<KeptServer> {
  const cliPath = await unlessInterrupted(
    obtainTemporalCli({
      env: io.env,
      cacheDir: defaultCacheDir(io.env, { platform: io.platform, home: io.userHome }),
      say: printer.say,
    }),
    signal,
  );
  const port = await portFor(options.port, USUAL_PORT);
  const uiPort = await portFor(options.uiPort, USUAL_UI_PORT);
  return keepServer({ cliPath, home, port, uiPort, platform: io.platform, now: io.now, say: printer.say });
}

function targetOf({ address, uiUrl }: KeptServer): Parameters<typeof runWorker>[1] {
  return { address, uiUrl, namespace: NAMESPACE, connection: { address } };
}

async function prepareNamespace(address: string): Promise<void> {
  const connection = await connect({ address, connection: { address } });
  try {
    await ensureSearchAttributes(connection, NAMESPACE);
  } finally {
    await connection.close();
  }
}

async function endedByItself(worker: RunningWorker): Promise<never> {
  await worker.finished;
  throw new Failure('us.bug', 'The worker ended by itself; its log is worker.log in the state directory.');
}

function directoryIn(body: unknown): { readonly to?: string } {
  const named = typeof body === 'object' && body !== null && 'to' in body && typeof body.to === 'string';
  return named ? { to: String(body.to) } : {};
}
