import { EventEmitter, once } from 'node:events';
import { relative } from 'node:path';
import { Writable } from 'node:stream';
import { processIo, type Io, type Output } from '../../client/io.ts';
import { main } from '../../client/main.ts';
import type { ExitCode } from '../../model/refusals.ts';
import type { Screen } from './screen.ts';

/** Runs `mailferry` as a person at a terminal would. */
export interface Commands {
  /** Prints the command and what it says; rejects when it does not end with the exit code that is expected. */
  readonly run: (args: readonly string[], expected?: ExitCode) => Promise<void>;
  /** Starts a command that goes on until the demonstration is stopped. */
  readonly startUp: () => RunningUp;
}

/** `mailferry up` in this process. */
export interface RunningUp {
  /** Resolves when it has said that it is up; rejects when it ended instead. */
  readonly ready: Promise<void>;
  /** Stops it, and resolves when it has stopped. */
  readonly stop: () => Promise<void>;
}

export interface CommandSettings {
  /** The state directory. */
  readonly home: string;
  /** Temporal's configuration file to be used in the place of the user's own. */
  readonly configFile: string;
  readonly screen: Screen;
  /** Aborted when the demonstration is interrupted. */
  readonly signal: AbortSignal;
}

/** So much of a long answer is shown: its beginning and its end. */
const SHOWN_LINES = { first: 18, last: 24 } as const;

export function createCommands({ home, configFile, screen, signal }: CommandSettings): Commands {
  const outer = processIo();
  const shown = ['--home', relative(outer.cwd, home) || '.'];
  const base: Io = { ...outer, env: ownEnvironment(outer.env, configFile), interactive: false };

  function echo(args: readonly string[]): void {
    screen.clear();
    screen.print(`\n${screen.theme.bold(`$ npx mailferry ${[...args, ...shown].map(shellWord).join(' ')}`)}`);
  }

  async function run(args: readonly string[], expected: ExitCode = 0): Promise<void> {
    echo(args);
    const said = new Transcript(screen.live);
    const exit = await main([...args, '--home', home], { ...base, ...streams(said), onInterrupt: listenTo(signal) });
    screen.print(`${shorten(said.text)}\n`);
    signal.throwIfAborted();
    if (exit === expected) return;
    throw new Error(`mailferry ${args[0] ?? ''} ended with exit code ${exit}, and not ${expected}`);
  }

  function startUp(): RunningUp {
    echo(['up']);
    const stopping = new AbortController();
    const said = new Transcript(false);
    const io = { ...base, ...streams(said), onInterrupt: listenTo(stopping.signal) };
    const ended = main(['up', '--home', home], io);
    const endedEarly = ended.then((exit): never => {
      throw new Error(`mailferry up ended with exit code ${exit}:\n${said.text}`);
    });
    const ready = Promise.race([said.answered, endedEarly]);
    ready.catch(() => undefined);
    return {
      ready,
      stop: async () => {
        stopping.abort();
        await ended;
      },
    };
  }

  return { run, startUp };
}

/** The user's own Temporal is left alone: neither its address nor its credentials reach these commands. */
function ownEnvironment(env: Io['env'], configFile: string): Io['env'] {
  const kept = Object.entries(env).filter(
    ([name]) => name === 'TEMPORAL_CLI_PATH' || !/^(?:TEMPORAL|MAILFERRY)_/.test(name),
  );
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: configFile };
}

function streams({ stdout, stderr }: Transcript): Pick<Io, 'stdout' | 'stderr'> {
  return { stdout, stderr };
}

function listenTo(signal: AbortSignal): Io['onInterrupt'] {
  return (listener) => {
    if (signal.aborted) listener();
    signal.addEventListener('abort', listener, { once: true });
    return () => signal.removeEventListener('abort', listener);
  };
}

function shorten(text: string): string {
  const lines = text.split('\n');
  const { first, last } = SHOWN_LINES;
  const left = lines.length - first - last;
  if (left <= 1) return text;
  return [...lines.slice(0, first), `  … ${left} lines more …`, ...lines.slice(-last)].join('\n');
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** What a command writes, both streams in the order in which it came. */
class Transcript {
  readonly #chunks: Buffer[] = [];
  readonly stdout: Output;
  readonly stderr: Output;
  /** Resolves with the first data on stdout. */
  readonly answered: Promise<void>;

  constructor(colours: boolean) {
    this.stderr = this.#stream(() => undefined);
    const { stdout, answered } = this.#answering();
    this.stdout = Object.assign(stdout, { isTTY: colours });
    this.answered = answered;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8').trimEnd();
  }

  #answering(): { readonly stdout: Writable; readonly answered: Promise<void> } {
    const begin = new EventEmitter();
    return {
      stdout: this.#stream(() => begin.emit('data')),
      answered: once(begin, 'data').then(() => undefined),
    };
  }

  #stream(written: () => void): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#chunks.push(chunk);
        written();
        done();
      },
    });
  }
}
