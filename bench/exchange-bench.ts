/** What Exchange Online's manners cost: no MULTIAPPEND on a long line, and a mailbox that is throttled beside others. */
import { startSandbox } from '../sandbox/server.ts';
import { Store } from '../sandbox/store/store.ts';
import { systemClock } from '../sandbox/tenant/clock.ts';
import { exchangeSettings } from '../sandbox/tenant/exchange.ts';
import { Throttling } from '../sandbox/tenant/throttling.ts';
import { buildProcesses, type Build, type ProcessName } from './build.ts';
import { benchCase, DELAY_MS } from './cases.ts';
import { drawSizes, messagesOf } from './corpus.ts';
import { startDelayProxy } from './delay-proxy.ts';
import { measure } from './measure.ts';
import { MEMORY_BYTES } from './one-run.ts';
import type { CopyJob } from './processes/job.ts';
import { median } from './results.ts';
import { markdownTable, number } from './table.ts';
import { startTemporalStage, type TemporalStage } from './temporal-stage.ts';

export interface ExchangeBenchOptions {
  readonly runs: number;
  readonly scale: number;
  readonly connections: number;
  readonly say: (line: string) => void;
}

/** Medians, in seconds. */
export interface ExchangeResult {
  /** Copies to Exchange over a round trip of 40 ms. */
  readonly far: { readonly messages: number; readonly mailferry: number; readonly imapflowLoop: number };
  /** The same mailboxes by the worker: alone, and beside one that the server throttles all the time. */
  readonly neighbours: {
    readonly mailboxes: number;
    readonly messages: number;
    readonly alone: number;
    readonly besideThrottled: number;
  };
}

/** How a mailbox is opened costs the same whoever is let in. */
const WITH_PASSWORDS = { ...exchangeSettings(), acceptsPasswords: true } as const;

const LEAST_TIMES = 20;
const MOST_SLOWER = 0.1;
const USER = 'source';
const PASSWORD = 'benchmark';
const NEIGHBOURS = 5;
const RUN_TIMEOUT_MS = 20 * 60_000;
/** Longer than any run. */
const THROTTLED_MS = 3_600_000;

export async function exchangeBench(options: ExchangeBenchOptions): Promise<ExchangeResult> {
  const build = await buildProcesses();
  try {
    return { far: await far(build, options), neighbours: await neighbours(options) };
  } finally {
    await build.remove();
  }
}

/** The same mail for each of these users. */
function filledStore(users: readonly string[], scale: number): Store {
  const store = new Store();
  for (const name of users) store.addUser({ name, password: PASSWORD });
  const { corpus } = benchCase('wan', scale);
  for (const folder of drawSizes(corpus)) {
    for (const { raw, date, flags } of messagesOf(corpus.seed, folder)) {
      for (const { name } of store.users)
        store.user(name).addMessage(folder.path, { body: raw, internalDate: date, flags });
    }
  }
  return store;
}

async function far(build: Build, options: ExchangeBenchOptions): Promise<ExchangeResult['far']> {
  const { runs, scale, connections, say } = options;
  const source = await startSandbox({ store: filledStore([USER], scale) });
  const names = Array.from({ length: 2 * runs + 1 }, (_, at) => `run-${at}`);
  const users = names.map((name) => ({ name, password: PASSWORD }));
  const exchange = await startSandbox({ ...WITH_PASSWORDS, users });
  const wire = await startDelayProxy(exchange.port, DELAY_MS);
  const messages = source.store.user(USER).folder('INBOX').messages.length;
  const run = async (process: ProcessName): Promise<number> => {
    const user = names.pop();
    if (user === undefined) throw new Error('more runs than mailboxes were prepared for');
    const job: CopyJob = {
      source: { port: source.port, user: USER, password: PASSWORD },
      destination: { port: wire.port, user, password: PASSWORD },
      folders: ['INBOX'],
      connections,
      memoryBytes: MEMORY_BYTES,
    };
    const { seconds } = await measure(build.program(process, job), RUN_TIMEOUT_MS);
    const copied = exchange.store.user(user).folder('INBOX').messages.length;
    if (copied !== messages) throw new Error(`${process}: ${copied} of ${messages} messages were copied`);
    exchange.store.removeUser(user);
    say(`far: ${process} ${seconds.toFixed(2)} s`);
    return seconds;
  };
  try {
    say(`far: ${messages} messages; warming up`);
    await run('engine');
    const own: number[] = [];
    const loop: number[] = [];
    for (let round = 0; round < runs; round++) {
      own.push(await run('engine'));
      loop.push(await run('imapflow-loop'));
    }
    return { messages, mailferry: median(own), imapflowLoop: median(loop) };
  } finally {
    await wire.close();
    await Promise.all([source.close(), exchange.close()]);
  }
}

async function neighbours(options: ExchangeBenchOptions): Promise<ExchangeResult['neighbours']> {
  const { runs, scale, say } = options;
  const stage = await startTemporalStage(say);
  try {
    await oneNeighbourhood(stage, options, 'warm-up', false);
    const alone: number[] = [];
    const beside: number[] = [];
    let messages = 0;
    for (let round = 1; round <= runs; round++) {
      const without = await oneNeighbourhood(stage, options, `alone-${round}`, false);
      const along = await oneNeighbourhood(stage, options, `beside-${round}`, true);
      alone.push(without.seconds);
      beside.push(along.seconds);
      messages = without.messages;
      say(`neighbours ${round}/${runs}: alone ${without.seconds.toFixed(2)} s, beside ${along.seconds.toFixed(2)} s`);
    }
    return { mailboxes: NEIGHBOURS, messages, alone: median(alone), besideThrottled: median(beside) };
  } finally {
    say(`scale ${scale}: stopping Temporal`);
    await stage.stop();
  }
}

/** Copies the neighbours at the same time, and with them one that is refused everything, if wanted. */
async function oneNeighbourhood(
  stage: TemporalStage,
  { scale, connections }: ExchangeBenchOptions,
  name: string,
  isBeside: boolean,
): Promise<{ readonly seconds: number; readonly messages: number }> {
  const people = Array.from({ length: NEIGHBOURS + 1 }, (_, at) => `mailbox-${at}`);
  const throttling = new Throttling(systemClock);
  const store = filledStore(people, scale / NEIGHBOURS);
  const source = await startSandbox({ ...WITH_PASSWORDS, gate: throttling, store });
  const destination = await startSandbox({ users: people.map((each) => ({ name: each, password: PASSWORD })) });
  const [throttled = '', ...others] = people;
  const jobOf = (user: string): CopyJob => ({
    source: { port: source.port, user, password: PASSWORD },
    destination: { port: destination.port, user, password: PASSWORD },
    folders: ['INBOX'],
    connections,
    memoryBytes: MEMORY_BYTES,
  });
  try {
    throttling.throttle(THROTTLED_MS, throttled);
    const end = isBeside ? await stage.begin(`${name}-throttled`, jobOf(throttled)) : undefined;
    const began = performance.now();
    await Promise.all(others.map((user) => stage.copy(`${name}-${user}`, jobOf(user))));
    const seconds = (performance.now() - began) / 1_000;
    await end?.();
    return { seconds, messages: store.user(throttled).folder('INBOX').messages.length };
  } finally {
    await Promise.all([source.close(), destination.close()]);
  }
}

export function exchangeReport({ far: reached, neighbours: beside }: ExchangeResult): string {
  const times = reached.imapflowLoop / reached.mailferry;
  const slower = beside.besideThrottled / beside.alone - 1;
  return [
    `${number(reached.messages)} messages to Exchange as it behaves, without MULTIAPPEND, ${2 * DELAY_MS} ms away:`,
    markdownTable(
      ['tool', 'seconds', 'messages a second'],
      [
        ['mailferry', reached.mailferry.toFixed(2), number(reached.messages / reached.mailferry)],
        ['imapflow-loop', reached.imapflowLoop.toFixed(2), number(reached.messages / reached.imapflowLoop)],
      ],
    ),
    `- At least ${LEAST_TIMES} times a plain loop: ${times.toFixed(1)} times, ${times >= LEAST_TIMES ? 'met' : 'NOT MET'}`,
    `${beside.mailboxes} mailboxes with ${number(beside.messages)} messages each, by one worker:`,
    markdownTable(
      ['', 'seconds'],
      [
        ['alone', beside.alone.toFixed(2)],
        ['beside one that is throttled all the time', beside.besideThrottled.toFixed(2)],
      ],
    ),
    `- A throttled mailbox costs the others at most ${percent(MOST_SLOWER)}: ${percent(slower)}, ${slower <= MOST_SLOWER ? 'met' : 'NOT MET'}`,
  ].join('\n\n');
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
