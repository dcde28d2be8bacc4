/** `npm run bench`: what is measured goes to standard output, how it goes on to standard error. */
import { codecBench, codecReport } from './codec-bench.ts';
import { copyBench } from './copy-bench.ts';
import { listsBench, listsReport } from './lists-bench.ts';
import { describeMachine } from './machine.ts';
import { memoryBench, memoryReport } from './memory-bench.ts';
import { BadArguments, parseOptions, USAGE, type BenchOptions } from './options.ts';
import { exchangeBench, exchangeReport } from './exchange-bench.ts';
import { installPeers } from './peers.ts';
import { saveSection } from './record.ts';
import { copyReport } from './table.ts';
import { NOT_PACKAGED } from './tools/all.ts';
import { workflowBench, workflowReport } from './workflow-bench.ts';

/** What a bench found out. */
interface Finding {
  /** For `--json`. */
  readonly results: unknown;
  readonly report: string;
  readonly failures: readonly string[];
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function runBench(options: BenchOptions): Promise<Finding> {
  switch (options.bench) {
    case 'copy':
      return runCopy(options);
    case 'memory': {
      const results = await memoryBench({ ...options, say });
      return { results, report: memoryReport(results), failures: [] };
    }
    case 'codec': {
      const results = codecBench(options.scale);
      return { results, report: codecReport(results), failures: [] };
    }
    case 'lists': {
      const results = await listsBench(options.scale);
      return { results, report: listsReport(results), failures: [] };
    }
    case 'exchange': {
      const results = await exchangeBench({ ...options, say });
      return { results, report: exchangeReport(results), failures: [] };
    }
    case 'workflow': {
      const results = await workflowBench({ ...options, say });
      return { results, report: workflowReport(results), failures: [] };
    }
  }
}

async function runCopy(options: BenchOptions): Promise<Finding> {
  const missing = options.tools.flatMap((tool) => {
    const why = tool.missing();
    return why === undefined ? [] : [`${tool.name}: ${why}`];
  });
  for (const line of missing) say(line);
  for (const name of NOT_PACKAGED) say(`${name}: not run, since Debian does not have it`);
  const tools = options.tools.filter((tool) => tool.missing() === undefined);
  const { results, failures } = await copyBench({ ...options, tools, say });
  return { results, failures, report: copyReport(results) };
}

function describeRun({ bench, runs, scale, connections }: BenchOptions): string {
  const day = new Date().toISOString().slice(0, 10);
  const part = scale === 1 ? 'whole corpora' : `corpora reduced to ${scale}`;
  if (bench === 'codec' || bench === 'lists') return `${day}, ${part}.`;
  return `${day}, ${part}, medians of ${runs} runs in turn, ${connections} connections to each side for mailferry and limit.`;
}

/** Gives the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.installPeers) installPeers(say);
  const { results, report, failures } = await runBench(options);
  process.stdout.write(options.json ? `${JSON.stringify({ results })}\n` : `${report}\n`);
  if (options.save) {
    await saveSection({ title: options.bench, machine: describeMachine(), run: describeRun(options), body: report });
  }
  for (const failure of failures) say(`failed: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

// An exit runs what ends servers and programs; without it a signal would leave them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof BadArguments) {
    say(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
});
