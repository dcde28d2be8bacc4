import { buildProcesses, type Build } from './build.ts';
import { benchCase } from './cases.ts';
import { check, jobFor, runOnce, type Situation } from './one-run.ts';
import { spanOf, type PassStep } from './pass-steps.ts';
import type { EngineReport } from './processes/engine.ts';
import { median } from './results.ts';
import { describe, startServers } from './servers.ts';
import { markdownTable, number } from './table.ts';
import { startTemporalStage, type TemporalStage } from './temporal-stage.ts';
import { mailferry } from './tools/own.ts';

export interface WorkflowBenchOptions {
  readonly runs: number;
  readonly scale: number;
  readonly connections: number;
  readonly say: (line: string) => void;
}

/** Medians, in seconds. */
export interface WorkflowResult {
  readonly messages: number;
  readonly bytes: number;
  /** Without Temporal, in a process of its own that has started already: from the first login to the last logout. */
  readonly engineSeconds: number;
  /** By the workflow: from the first copy of a folder that it asked for to the end of the last one. */
  readonly copySeconds: number;
  /** Its whole first pass, which begins with what the engine is spared: a first login, the survey, making the folders. */
  readonly passSeconds: number;
  /** What came before the first copy, by activity, and the waits between them. */
  readonly before: readonly { readonly what: string; readonly seconds: number }[];
}

/** What the workflow may add. */
const MOST_ADDED = 0.1;
const COPY = 'copyFolder';

/** Copies the mixed corpus with the engine alone and through Temporal, in turn; the first time of each is not counted. */
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
  const servers = await startServers({ ...benchCase('mixed', scale), runs: 2 * (runs + 1) });
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
  say('warming up');
  await runOnce(situation, mailferry);
  await throughWorkflow(situation, stage, 'bench-warm-up');
  const engine: number[] = [];
  const passes: (readonly PassStep[])[] = [];
  for (let round = 1; round <= runs; round++) {
    const { copySeconds }: EngineReport = JSON.parse((await runOnce(situation, mailferry)).stdout);
    engine.push(copySeconds);
    say(`${round}/${runs}: engine alone ${copySeconds.toFixed(2)} s`);
    const steps = await throughWorkflow(situation, stage, `bench-${round}`);
    passes.push(steps);
    say(`${round}/${runs}: workflow ${copyTime(steps).toFixed(2)} s, its whole pass ${passTime(steps).toFixed(2)} s`);
  }
  return {
    ...situation.servers.holding,
    engineSeconds: median(engine),
    copySeconds: median(passes.map(copyTime)),
    passSeconds: median(passes.map(passTime)),
    before: beforeCopies(passes),
  };
}

async function throughWorkflow(
  situation: Situation,
  stage: TemporalStage,
  project: string,
): Promise<readonly PassStep[]> {
  const destination = await situation.servers.freshDestination();
  try {
    const steps = await stage.copy(project, jobFor(situation, destination));
    check(await destination.holding(), situation.servers.holding, mailferry);
    return steps;
  } finally {
    await destination.remove();
  }
}

function passTime(steps: readonly PassStep[]): number {
  return spanOf(steps) / 1_000;
}

function copyTime(steps: readonly PassStep[]): number {
  return passTime(steps.filter(({ activity }) => activity === COPY));
}

/** Medians. What is left of the time until the first copy is spent between the activities. */
function beforeCopies(passes: readonly (readonly PassStep[])[]): WorkflowResult['before'] {
  const first = passes[0]?.filter(({ activity }) => activity !== COPY) ?? [];
  const activities = first.map(({ activity }) => ({
    what: activity,
    seconds: median(passes.map((steps) => passTime(steps.filter((step) => step.activity === activity)))),
  }));
  const all = median(passes.map((steps) => passTime(steps) - copyTime(steps)));
  const within = activities.reduce((sum, step) => sum + step.seconds, 0);
  return [...activities, { what: 'between them', seconds: Math.max(0, all - within) }];
}

export function workflowReport(result: WorkflowResult): string {
  const { messages, bytes, engineSeconds, copySeconds, passSeconds, before } = result;
  const row = (what: string, seconds: number): readonly string[] => [
    what,
    seconds.toFixed(2),
    percentOver(seconds, engineSeconds),
  ];
  const verdict = copySeconds / engineSeconds - 1 <= MOST_ADDED ? 'met' : 'NOT MET';
  return [
    `${number(messages)} messages, ${number(bytes / 1e6)} MB, in three folders.`,
    markdownTable(
      ['what', 'seconds', 'more than the engine'],
      [
        row('engine alone', engineSeconds),
        row('copies by the workflow', copySeconds),
        row('its whole first pass', passSeconds),
      ],
    ),
    `- Copies by the workflow take at most ${number(MOST_ADDED * 100)} % more: ${verdict}`,
    `- Before them: ${before.map(({ what, seconds }) => `${what} ${(seconds * 1_000).toFixed(0)} ms`).join(', ')}`,
  ].join('\n\n');
}

function percentOver(seconds: number, base: number): string {
  return `${((seconds / base - 1) * 100).toFixed(0)} %`;
}
