import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { bytesWithin } from './canaries.ts';

/** All that Temporal shows of every workflow of a namespace: each run's history, its memo and its search attributes. */
export interface TemporalEvidence {
  readonly histories: Buffer;
  readonly visibility: Buffer;
  /** How many runs that were, by workflow type. */
  readonly runs: Readonly<Record<string, number>>;
}

export async function evidenceOf(client: Client): Promise<TemporalEvidence> {
  const histories: Buffer[] = [];
  const visibility: Buffer[] = [];
  const runs: Record<string, number> = {};
  for await (const listed of client.workflow.list()) {
    const handle = client.workflow.getHandle(listed.workflowId, listed.runId);
    histories.push(bytesWithin(await handle.fetchHistory()));
    visibility.push(bytesWithin(listed.raw), bytesWithin((await handle.describe()).raw));
    runs[listed.type] = (runs[listed.type] ?? 0) + 1;
  }
  return { histories: Buffer.concat(histories), visibility: Buffer.concat(visibility), runs };
}

/** The contents of every file below a folder, one after another. */
export async function filesBelow(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
}
