/** `npm run demo`: moves generated mailboxes from one server to another, and shows what came of it. */
import { join, relative } from 'node:path';
import { readUpState } from '../../client/up/state.ts';
import { createCommands } from './commands.ts';
import type { Verdict } from './comparison.ts';
import { CONFIG_FILE, prepareHome } from './home.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { people } from './people.ts';
import { createScreen, type Screen } from './screen.ts';
import { startMailServers } from './servers.ts';
import { moveEverybody, setTheScene } from './story.ts';

const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Lines that a person reads after the story. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What has been started, undone in the opposite order. */
type Undo = (() => Promise<void>)[];

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (!options.help) return await demonstrate(options);
    process.stdout.write(HELP);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error)) throw error;
    say(`${error.message}\n\n${HELP}`);
    return EXIT.usage;
  }
}

async function demonstrate(options: Options): Promise<number> {
  const screen = createScreen(process.stdout, process.env, () => performance.now());
  const signal = interruptions();
  const undo: Undo = [];
  const ending = await tellStory(options, screen, signal, undo);
  screen.clear();
  const exit = exitOf(ending, signal);
  if (ending.kind === 'failed' && !signal.aborted)
    tellFailure(ending.error, undo.length > 0 ? options.home : undefined);
  if (options.keep && undo.length > 0 && !signal.aborted) {
    if (ending.kind === 'told') screen.print(lastLine(ending.verdict));
    await keep(options, signal);
  }
  const stopped = await undoAll(undo);
  if (ending.kind === 'told' && !options.keep && !signal.aborted) screen.print(lastLine(ending.verdict));
  return stopped ? exit : EXIT.failed;
}

type Ending =
  | { readonly kind: 'told'; readonly verdict: Verdict }
  | { readonly kind: 'failed'; readonly error: unknown };

async function tellStory(options: Options, screen: Screen, signal: AbortSignal, undo: Undo): Promise<Ending> {
  try {
    const { home } = options;
    await prepareHome(home);
    const everybody = people();
    const servers = await startMailServers(everybody, options);
    undo.push(servers.stop);
    screen.tell(`The old and the new side are ${servers.kind}, with TLS`);
    signal.throwIfAborted();
    const commands = createCommands({ home, configFile: join(home, CONFIG_FILE), screen, signal });
    const up = commands.startUp();
    undo.push(up.stop);
    const [mailboxes] = await Promise.all([setTheScene({ everybody, servers, screen, signal }), up.ready]);
    signal.throwIfAborted();
    screen.tell(`Temporal and a worker are up. Web UI: ${screen.theme.bold(await webUi(home))}`);
    const verdict = await moveEverybody({ screen, commands, everybody, servers, home, signal }, mailboxes);
    tellVerdict(verdict, screen);
    screen.tell(`Web UI: ${await webUi(home)}${options.keep ? '' : ', until now; --keep leaves it up'}`);
    return { kind: 'told', verdict };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

function tellVerdict({ messages, identical, missing, doubled, faults }: Verdict, { tell, print, theme }: Screen): void {
  tell(
    `${messages.toLocaleString('en-US')} messages have to be on the new side: ${identical.toLocaleString('en-US')} are there once, ` +
      `with the same bytes, date and flags; ${missing} are missing, ${doubled} doubled`,
  );
  if (faults.length === 0) {
    tell(theme.good('The old side holds what it held; what was moved, deleted and labelled on the new side stayed so'));
  }
  for (const fault of faults) print(theme.bad(`  ${fault}`));
}

/** The demonstration's result, for people and for programs. */
function lastLine({ messages, identical, missing, doubled }: Verdict): string {
  return `demo: ${messages} messages, ${identical} identical, ${missing} missing, ${doubled} doubled`;
}

function exitOf(ending: Ending, signal: AbortSignal): number {
  if (signal.aborted) return EXIT.interrupted;
  if (ending.kind === 'failed') return EXIT.failed;
  const { messages, identical, missing, doubled, faults } = ending.verdict;
  const whole = messages > 0 && identical === messages && missing === 0 && doubled === 0 && faults.length === 0;
  return whole ? EXIT.done : EXIT.failed;
}

/** With the causes; where something had been started, its logs help. */
function tellFailure(error: unknown, home: string | undefined): void {
  say('');
  say(`The demonstration failed: ${wordsOf(error)}`);
  for (let cause = causeOf(error); cause !== undefined; cause = causeOf(cause)) say(`  because: ${wordsOf(cause)}`);
  if (home === undefined) return;
  const logs = relative(process.cwd(), home);
  say(`next: look at worker.log and temporal.log in ${logs}; with --keep the Web UI stays up after a failure too.`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

async function keep({ home }: Options, signal: AbortSignal): Promise<void> {
  const shown = relative(process.cwd(), home);
  say(`Web UI: ${await webUi(home)}`);
  say(`Everything stays up until Ctrl-C; for example: npx mailferry status demo --home ${shown}`);
  say(
    `The mailboxes’ users and passwords are in ${join(shown, 'mailboxes.csv')}, the servers in ${join(shown, 'project.yaml')}.`,
  );
  await new Promise<void>((resolve) => {
    // An abort signal alone keeps no process running.
    const alive = setInterval(() => undefined, 60_000);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

async function webUi(home: string): Promise<string> {
  return (await readUpState(home))?.uiUrl ?? 'not up';
}

/** Every step is taken, whatever becomes of the others. False when one of them failed; its reason has been said. */
async function undoAll(undo: Undo): Promise<boolean> {
  let stopped = true;
  for (const step of undo.toReversed()) {
    try {
      await step();
    } catch (error) {
      stopped = false;
      say(`Not everything could be stopped: ${wordsOf(error)}`);
    }
  }
  return stopped;
}

/** Aborted by the first Ctrl-C. A second one ends this process at once; what it started ends with it. */
function interruptions(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      say('\nStopping …');
      controller.abort();
    });
  }
  return controller.signal;
}
