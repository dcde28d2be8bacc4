import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleImapflow } from '../scripts/bundle-imapflow.mjs';
import type { Program } from './measure.ts';
import { jobInput, type CopyJob } from './processes/job.ts';
import { makeScratch } from './scratch.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The bench's own processes, compiled. */
export interface Build {
  readonly program: (name: ProcessName, job: CopyJob) => Program;
  readonly remove: () => Promise<void>;
}

export type ProcessName = 'engine' | 'limit' | 'imapflow-loop';

/**
 * Compiles the processes as an installed mailferry is compiled: translating at each start would cost as much as copying
 * thousands of messages. Inside the checkout, so that packages are found.
 */
export async function buildProcesses(): Promise<Build> {
  const state = join(ROOT, '.mailferry');
  await mkdir(state, { recursive: true, mode: 0o700 });
  const { path, remove } = await makeScratch(state, 'bench-');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    const args = [tsc, '-p', join(ROOT, 'bench', 'tsconfig.json'), '--noCheck', '--outDir', path];
    await promisify(execFile)(process.execPath, args);
    await bundleImapflow(path);
  } catch (error) {
    await remove();
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    throw new Error(`the processes of the bench cannot be compiled: ${said}`, { cause: error });
  }
  return {
    remove,
    program: (name, job) => ({
      command: process.execPath,
      args: [join(path, 'bench', 'processes', `${name}.js`)],
      stdin: jobInput(job),
    }),
  };
}
