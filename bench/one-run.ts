import type { Build } from './build.ts';
import { measure, type Measured } from './measure.ts';
import type { CopyJob } from './processes/job.ts';
import { makeScratch } from './scratch.ts';
import { describe, type BenchServers, type Destination, type Holding } from './servers.ts';
import type { Tool } from './tools/tool.ts';

/** Between which servers a tool is run, and how. */
export interface Situation {
  readonly build: Build;
  readonly servers: BenchServers;
  /** Where tools connect: the servers, or the wires before them. */
  readonly ports: { readonly source: number; readonly destination: number };
  readonly connections: number;
  /** What is held is looked for; of mailferry only. */
  readonly collects?: boolean;
}

/** Of bodies, held by one copy of one folder: the default of projects. */
export const MEMORY_BYTES = 32 * 1024 * 1024;
const RUN_TIMEOUT_MS = 20 * 60_000;

/** Runs a tool into a fresh mailbox. Rejects when it did not copy everything, however fast it was. */
export async function runOnce(situation: Situation, tool: Tool): Promise<Measured> {
  const { servers, build } = situation;
  const destination = await servers.freshDestination();
  const scratch = await makeScratch();
  try {
    const job = jobFor(situation, destination);
    const run = await measure(
      await tool.program({ job, build, servers, destination, scratch: scratch.path }),
      RUN_TIMEOUT_MS,
    );
    check(await destination.holding(), servers.holding, tool);
    return run;
  } finally {
    await scratch.remove();
    await destination.remove();
  }
}

export function jobFor({ servers, ports, connections, collects }: Situation, { user, password }: Destination): CopyJob {
  return {
    source: { ...servers.source, port: ports.source },
    destination: { port: ports.destination, user, password },
    folders: servers.folders,
    connections,
    memoryBytes: MEMORY_BYTES,
    ...(collects === true && { collects }),
  };
}

/** Throws unless all has been copied. */
export function check(
  copied: Holding,
  { messages, bytes }: Holding,
  { addedBytes = 0 }: Pick<Tool, 'addedBytes'>,
): void {
  const wanted = { messages, bytes: bytes + messages * addedBytes };
  if (copied.messages === wanted.messages && copied.bytes === wanted.bytes) return;
  throw new Error(`the destination has ${describe(copied)} instead of ${describe(wanted)}`);
}
