import { buildProcesses, type Build } from './build.ts';
import { benchCase } from './cases.ts';
import { check, jobFor, runOnce, type Situation } from './one-run.ts';
import type { EngineReport } from './processes/engine.ts';
import { median } from './results.ts';
import { describe, startServers } from './servers.ts';
import { number } from './table.ts';
import { startTemporalStage, type TemporalStage } from './temporal-stage.ts';
import { mailferry } from './tools/own.ts';

export interface WorkflowBenchOptions {
  readonly runs: number;
  readonly scale: number;
  readonly connections: number;
  readonly say: (line: string) => void;
}

/** Medians, in seconds: from the first login to the end of the last folder. */
export interface WorkflowResult {
  readonly messages: number;
  readonly bytes: number;
  /** Without Temporal, in a process of its own that has started already. */
  readonly engineSeconds: number;
  /** The first pass of the mailbox's workflow: logging in, survey, making folders, copying. */
  readonly workflowSeconds: number;
}

/** What the workflow may add. */
const MOST_ADDED = 0.1;

/** Copies the mixed corpus with the engine alone and through Temporal, in turn. */
export async function workflowBench(options: WorkflowBenchOptions): Promise<WorkflowResult> {
  const build = await buildProcesses();
  try {
    return await withServers(build, options);
  } finally {
    await build.remove();
  }
}

async function withServers(build: Build, options: WorkflowBenchOptions): Promise<WorkflowResult> {
  const { say, runs, scale, connections } = options;
  say('filling the source');
  const servers = await startServers({ ...benchCase('mixed', scale), runs: 2 * runs });
  try {
    say(`${describe(servers.holding)}; starting Temporal`);
    const stage = await startTemporalStage(say);
    const ports = { source: servers.source.port, destination: servers.destinationPort };
    try {
      return await inTurn({ build, servers, ports, connections }, stage, options);
    } finally {
      await stage.stop();
    }
  } finally {
    await servers.stop();
  }
}

async function inTurn(
  situation: Situation,
  stage: TemporalStage,
  { runs, say }: WorkflowBenchOptions,
): Promise<WorkflowResult> {
  const engine: number[] = [];
  const workflow: number[] = [];
  for (let round = 1; round <= runs; round++) {
    const { copySeconds }: EngineReport = JSON.parse((await runOnce(situation, mailferry)).stdout);
    engine.push(copySeconds);
    say(`${round}/${runs}: engine alone ${copySeconds.toFixed(2)} s`);
    const seconds = await throughWorkflow(situation, stage, `bench-${round}`);
    workflow.push(seconds);
    say(`${round}/${runs}: workflow ${seconds.toFixed(2)} s`);
  }
  return { ...situation.servers.holding, engineSeconds: median(engine), workflowSeconds: median(workflow) };
}

async function throughWorkflow(situation: Situation, stage: TemporalStage, project: string): Promise<number> {
  const destination = await situation.servers.freshDestination();
  try {
    const { startedAt, endedAt } = await stage.copy(project, jobFor(situation, destination));
    check(await destination.holding(), situation.servers.holding, mailferry);
    return (endedAt - startedAt) / 1_000;
  } finally {
    await destination.remove();
  }
}

export function workflowReport({ messages, bytes, engineSeconds, workflowSeconds }: WorkflowResult): string {
  const added = workflowSeconds / engineSeconds - 1;
  const verdict = added <= MOST_ADDED ? 'met' : 'NOT MET';
  return [
    `${number(messages)} messages, ${number(bytes / 1e6)} MB, in three folders.`,
    '',
    `- engine alone: ${engineSeconds.toFixed(2)} s`,
    `- by the mailbox's workflow: ${workflowSeconds.toFixed(2)} s, ${number(added * 100)} % more`,
    `- at most ${number(MOST_ADDED * 100)} % more: ${verdict}`,
  ].join('\n');
}
