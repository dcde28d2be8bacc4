import { buildProcesses, type Build } from './build.ts';
import { benchCase, DELAY_MS, type BenchCase, type CaseName } from './cases.ts';
import { runOnce, type Situation } from './one-run.ts';
import { medianRun, type BenchResult, type BenchRun } from './results.ts';
import { describe, startServers, type BenchServers } from './servers.ts';
import { limit } from './tools/own.ts';
import type { Tool } from './tools/tool.ts';
import { startWire } from './wire.ts';

export interface CopyBenchOptions {
  readonly cases: readonly CaseName[];
  readonly tools: readonly Tool[];
  readonly runs: number;
  readonly scale: number;
  /** Of those tools that can use several: connections to each side. */
  readonly connections: number;
  /** Tells people how far it is. */
  readonly say: (line: string) => void;
}

export interface CopyBenchOutcome {
  readonly results: readonly BenchResult[];
  /** Tools that failed, or did not copy everything; they have no results. */
  readonly failures: readonly string[];
}

/** Runs the tools in turn, each in a process of its own, from one filled server to a fresh mailbox of another. */
export async function copyBench(options: CopyBenchOptions): Promise<CopyBenchOutcome> {
  const build = await buildProcesses();
  const results: BenchResult[] = [];
  const failures: string[] = [];
  try {
    for (const name of options.cases) {
      const outcome = await runCase(build, benchCase(name, options.scale), options);
      results.push(...outcome.results);
      failures.push(...outcome.failures);
    }
  } finally {
    await build.remove();
  }
  return { results, failures };
}

async function runCase(build: Build, situated: BenchCase, options: CopyBenchOptions): Promise<CopyBenchOutcome> {
  const tools = options.tools.filter((tool) => tool.appliesTo(situated));
  options.say(`${situated.name}: filling the source`);
  const servers = await startServers({ ...situated, runs: tools.length * options.runs + 1 });
  const undo: (() => Promise<void>)[] = [servers.stop];
  try {
    const ports = await wires(build, situated, servers, undo);
    const situation: Situation = { build, servers, ports, connections: options.connections };
    options.say(`${situated.name}: ${describe(servers.holding)}; warming up`);
    await runOnce(situation, limit);
    return await runAll(situated, situation, tools, options);
  } finally {
    for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
  }
}

async function wires(
  build: Build,
  { delayed }: BenchCase,
  servers: BenchServers,
  undo: (() => Promise<void>)[],
): Promise<Situation['ports']> {
  const wire = async (port: number, isDelayed: boolean): Promise<number> => {
    if (!isDelayed) return port;
    const { port: own, close } = await startWire(build, port, DELAY_MS);
    undo.push(close);
    return own;
  };
  const source = await wire(servers.source.port, delayed.includes('source'));
  const destination = await wire(servers.destinationPort, delayed.includes('destination'));
  return { source, destination };
}

async function runAll(
  situated: BenchCase,
  situation: Situation,
  tools: readonly Tool[],
  options: CopyBenchOptions,
): Promise<CopyBenchOutcome> {
  const { servers } = situation;
  const runs = new Map<string, BenchRun[]>();
  const failures = new Map<string, string>();
  for (let round = 1; round <= options.runs; round++) {
    for (const tool of tools.filter(({ name }) => !failures.has(name))) {
      try {
        const run = await runOnce(situation, tool);
        runs.set(tool.name, [...(runs.get(tool.name) ?? []), run]);
        options.say(`${situated.name} ${round}/${options.runs}: ${tool.name} ${run.seconds.toFixed(2)} s`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        failures.set(tool.name, `${situated.name}: ${tool.name}: ${why}`);
        options.say(`${situated.name} ${round}/${options.runs}: ${tool.name} failed: ${why}`);
      }
    }
  }
  const results = tools.flatMap(({ name }) => {
    const done = runs.get(name);
    if (done === undefined || failures.has(name)) return [];
    const { seconds, cpuSeconds, peakRssBytes } = medianRun(done);
    return [{ case: situated.name, tool: name, seconds, ...servers.holding, cpuSeconds, peakRssBytes }];
  });
  return { results, failures: [...failures.values()] };
}
