import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../scripts/bundle-imapflow.mjs';
import type { Program } from './measure.ts';
import { jobInput, type CopyJob } from './processes/job.ts';
import { makeScratch } from './scratch.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The bench's own processes, compiled. */
export interface Build {
  readonly program: (name: ProcessName, job: CopyJob) => Program;
  /** A wire to a port, so many milliseconds late. */
  readonly wire: (target: number, delayMs: number) => Program;
  readonly remove: () => Promise<void>;
}

const PROCESSES = ['engine', 'limit', 'imapflow-loop'] as const;
const WIRE = 'wire';
export type ProcessName = (typeof PROCESSES)[number];

/**
 * Compiles each process into one file, with imapflow as an installed mailferry has it: translating at each start, or looking
 * for hundreds of files, would cost as much as copying thousands of messages.
 */
export async function buildProcesses(): Promise<Build> {
  const { path, remove } = await makeScratch();
  const compiled = (name: string): string => join(path, `${name}.mjs`);
  try {
    const entry = (name: string): string => join(ROOT, 'bench', 'processes', `${name}.ts`);
    for (const name of [...PROCESSES, WIRE]) await bundleProgram(entry(name), compiled(name));
  } catch (error) {
    await remove();
    throw new Error(`the processes of the bench cannot be compiled: ${String(error)}`, { cause: error });
  }
  return {
    remove,
    program: (name, job) => ({ command: process.execPath, args: [compiled(name)], stdin: jobInput(job) }),
    wire: (target, delayMs) => ({ command: process.execPath, args: [compiled(WIRE), `${target}`, `${delayMs}`] }),
  };
}
