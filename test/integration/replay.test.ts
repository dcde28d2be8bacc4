/** Projects that are under way survive new versions: what earlier ones left in Temporal is replayed by the workflows of today. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { WORKFLOW } from '../../workflows/messages.ts';
import { workflowBundlePath } from '../support/context.ts';

const FOLDER = join(import.meta.dirname, '..', 'histories');

interface RecordedRun {
  readonly file: string;
  readonly workflowId: string;
  readonly type: string;
  readonly history: unknown;
}

Runtime.install({ logger: new DefaultLogger('ERROR') });

async function recordedRuns(): Promise<readonly RecordedRun[]> {
  const names = await readdir(FOLDER, { recursive: true });
  const files = names.filter((name) => name.endsWith('.json')).toSorted();
  return Promise.all(files.map(async (file) => parseRun(file, await readFile(join(FOLDER, file), 'utf8'))));
}

function parseRun(file: string, text: string): RecordedRun {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`${file} holds no recorded run`);
  if (!('workflowId' in parsed) || !('type' in parsed) || !('history' in parsed))
    throw new Error(`${file} is not whole`);
  return { file, workflowId: String(parsed.workflowId), type: String(parsed.type), history: parsed.history };
}

test('every recorded run of every version is replayed without a difference', async () => {
  const runs = await recordedRuns();
  expect(new Set(runs.map(({ type }) => type))).toEqual(new Set(Object.values(WORKFLOW)));
  const options = { workflowBundle: { codePath: workflowBundlePath() } };
  const differences: string[] = [];
  for (const { file, workflowId, history } of runs) {
    for await (const { error } of Worker.runReplayHistories(options, [{ workflowId, history }])) {
      if (error !== undefined) differences.push(`${file}: ${error.message}`);
    }
  }
  expect(differences).toEqual([]);
});
