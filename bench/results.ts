import type { CaseName } from './cases.ts';
import type { Holding } from './servers.ts';

/** The median of several runs of one tool in one case; this is what `--json` prints. */
export interface BenchResult extends Holding {
  readonly case: CaseName;
  readonly tool: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/** One run. */
export type BenchRun = Pick<BenchResult, 'seconds' | 'cpuSeconds' | 'peakRssBytes'>;

/** The middle value, or the mean of the two middle ones. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('there is no median of nothing');
  return (lower + upper) / 2;
}

/** Each quantity has its own median. */
export function medianRun(runs: readonly BenchRun[]): BenchRun {
  return {
    seconds: median(runs.map(({ seconds }) => seconds)),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    peakRssBytes: median(runs.map(({ peakRssBytes }) => peakRssBytes)),
  };
}

/** The speed that is wanted of mailferry, as a multiple of another tool's in the same case. */
export interface Requirement {
  readonly case: CaseName;
  readonly than: string;
  readonly atLeast: number;
  /** What is hoped for. */
  readonly aim?: number;
}

/** So much slower than the bare lane may an engine be that keeps its promises. */
const OF_THE_LIMIT = 1 / 1.4;

export const REQUIREMENTS: readonly Requirement[] = [
  { case: 'small', than: 'interimap', atLeast: 1.5, aim: 2 },
  { case: 'mixed', than: 'interimap', atLeast: 1.1 },
  { case: 'wan', than: 'interimap', atLeast: 6 },
  { case: 'wan-pipelined', than: 'mbsync', atLeast: 5 },
  { case: 'small', than: 'limit', atLeast: OF_THE_LIMIT },
  { case: 'mixed', than: 'limit', atLeast: OF_THE_LIMIT },
  { case: 'wan', than: 'limit', atLeast: OF_THE_LIMIT },
  { case: 'wan-pipelined', than: 'limit', atLeast: OF_THE_LIMIT },
];

/** How often as fast as another tool mailferry was; undefined where one of them did not run. */
export function speedUp(results: readonly BenchResult[], name: CaseName, than: string): number | undefined {
  const secondsOf = (tool: string): number | undefined =>
    results.find((result) => result.case === name && result.tool === tool)?.seconds;
  const own = secondsOf('mailferry');
  const other = secondsOf(than);
  return own === undefined || other === undefined ? undefined : other / own;
}

export interface Judged {
  readonly requirement: Requirement;
  readonly measured: number;
  readonly met: boolean;
}

/** Those requirements for which both tools ran. */
export function judge(results: readonly BenchResult[]): readonly Judged[] {
  return REQUIREMENTS.flatMap((requirement) => {
    const measured = speedUp(results, requirement.case, requirement.than);
    return measured === undefined ? [] : [{ requirement, measured, met: measured >= requirement.atLeast }];
  });
}
