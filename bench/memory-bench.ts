import { buildProcesses, type Build } from './build.ts';
import type { CorpusPlan } from './corpus.ts';
import { MEMORY_BYTES, runOnce } from './one-run.ts';
import type { EngineReport } from './processes/engine.ts';
import { startServers } from './servers.ts';
import { markdownTable, number } from './table.ts';
import { mailferry } from './tools/own.ts';

export interface MemoryBenchOptions {
  readonly scale: number;
  readonly say: (line: string) => void;
}

/** The memory of one process that copied one folder through one connection to each side. */
export interface MemoryResult {
  readonly case: 'many' | 'huge';
  readonly messages: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Before anything was copied: Node and the program itself. */
  readonly restRssBytes: number;
  readonly peakRssBytes: number;
  /** The most that the copy held, of everything; in a run of its own. */
  readonly liveBytes: number;
}

const FOLDERS = [{ path: 'INBOX', share: 1 }] as const;
const CORPORA: readonly (readonly [name: MemoryResult['case'], corpus: CorpusPlan])[] = [
  ['many', { seed: 11, messages: 500_000, bytes: 500_000_000, spread: 0.1, folders: FOLDERS }],
  ['huge', { seed: 12, messages: 1, bytes: 150_000_000, spread: 0, folders: FOLDERS }],
];

/** Copies very many messages, and a very large one. */
export async function memoryBench({ scale, say }: MemoryBenchOptions): Promise<readonly MemoryResult[]> {
  const build = await buildProcesses();
  const results: MemoryResult[] = [];
  try {
    for (const [name, corpus] of CORPORA) {
      say(`${name}: filling the source`);
      results.push(await copyCorpus(build, name, corpus.messages === 1 ? corpus : reduced(corpus, scale)));
      say(`${name}: done`);
    }
  } finally {
    await build.remove();
  }
  return results;
}

/** Fewer messages of the same size. */
function reduced(corpus: CorpusPlan, scale: number): CorpusPlan {
  const messages = Math.max(1, Math.round(corpus.messages * scale));
  return { ...corpus, messages, bytes: Math.round((corpus.bytes / corpus.messages) * messages) };
}

async function copyCorpus(build: Build, name: MemoryResult['case'], corpus: CorpusPlan): Promise<MemoryResult> {
  const servers = await startServers({ corpus, unannounced: [], runs: 2 });
  try {
    const ports = { source: servers.source.port, destination: servers.destinationPort };
    const situation = { build, servers, ports, connections: 1 };
    const { seconds, stdout } = await runOnce(situation, mailferry);
    const { restRssBytes, peakRssBytes }: EngineReport = JSON.parse(stdout);
    const collected = await runOnce({ ...situation, collects: true }, mailferry);
    const { liveBytes = 0 }: EngineReport = JSON.parse(collected.stdout);
    return { case: name, ...servers.holding, seconds, restRssBytes, peakRssBytes, liveBytes };
  } finally {
    await servers.stop();
  }
}

export function memoryReport(results: readonly MemoryResult[]): string {
  const headings = ['case', 'messages', 'MB', 'seconds', 'held MB', 'RSS at rest MB', 'peak RSS MB', 'more MB'];
  const rows = results.map(({ case: name, messages, bytes, seconds, restRssBytes, peakRssBytes, liveBytes }) => [
    name,
    number(messages),
    megabytes(bytes),
    seconds.toFixed(1),
    megabytes(liveBytes),
    megabytes(restRssBytes),
    megabytes(peakRssBytes),
    megabytes(peakRssBytes - restRssBytes),
  ]);
  const about =
    `Bodies held at one time: at most ${megabytes(MEMORY_BYTES)} MB. "held" is all that the copy held at one time, bodies and ` +
    'everything else, when what nobody held any more had been collected; in a run of its own.';
  return `${about}\n\n${markdownTable(headings, rows)}`;
}

function megabytes(bytes: number): string {
  return number(bytes / 1e6);
}
