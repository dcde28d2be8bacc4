import type { MailboxReport } from '../../model/mailbox.ts';
import { shardWorkflowId } from '../../model/ids.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import * as messages from '../../workflows/messages.ts';
import { mapAtOnce } from '../parallel.ts';
import { askProject, projectHandle } from './project.ts';
import type { Remote } from './temporal.ts';

const SHARDS_AT_ONCE = 4;

/** A row of a running project, and the shard that has it. */
export interface RunningRow {
  readonly row: MailboxRow;
  readonly shard: number;
}

/** What a running project was told to do. */
export interface RunningProject {
  readonly settings: ProjectSettings;
  readonly rows: readonly RunningRow[];
}

/** Asks the project and its shards. Rejects as `askProject` does. */
export async function readRunning(remote: Remote, project: string, now: number): Promise<RunningProject> {
  const view = await askProject(remote, project, now);
  const settings = await remote.call(() => projectHandle(remote, project).query(messages.settings));
  const shards = Array.from({ length: view.shards }, (_, index) => index);
  const rows = await mapAtOnce(shards, SHARDS_AT_ONCE, (shard) => rowsOfShard(remote, project, shard));
  return { settings, rows: rows.flat() };
}

async function rowsOfShard(remote: Remote, project: string, shard: number): Promise<readonly RunningRow[]> {
  const handle = remote.client.workflow.getHandle(shardWorkflowId(project, shard));
  const [rows, reports] = await remote.call(() =>
    Promise.all([handle.query(messages.shardRows), handle.query(messages.shardReports)]),
  );
  const gone = new Set(reports.filter(hasLeft).map(({ id }) => id));
  return rows.flatMap((row) => (gone.has(row.id) ? [] : [{ row, shard }]));
}

/** A mailbox that was removed stays in its shard's account, and may be added again. */
function hasLeft({ phase, ended }: MailboxReport): boolean {
  return ended && phase === 'cancelled';
}
