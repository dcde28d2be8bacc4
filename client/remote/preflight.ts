import { randomBytes } from 'node:crypto';
import { preflightWorkflowId } from '../../model/ids.ts';
import { PREFLIGHT_ROWS, type PreflightInput, type PreflightResult, type PreflightRow } from '../../model/preflight.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import { preflightProgress, WORKFLOW } from '../../workflows/messages.ts';
import { chunksOf } from '../chunks.ts';
import type { Context } from '../context.ts';
import { mapAtOnce } from '../parallel.ts';
import { countOf } from '../screens/format.ts';
import { followProgress, runShortWorkflow } from './short-workflow.ts';
import type { Remote } from './temporal.ts';

const CHUNKS_AT_ONCE = 4;

/** How many rows have been looked at, and of how many; told whenever it changes. */
export type PreflightProgress = (done: number, of: number, refused: number) => void;

/**
 * Has workers look at both sides of every row, by short workflows. Rejects with `temporal.no-worker` when none takes
 * them up. However it ends, none of its workflows goes on.
 */
export async function preflight(
  context: Context,
  remote: Remote,
  settings: ProjectSettings,
  rows: readonly MailboxRow[],
  told: PreflightProgress,
): Promise<PreflightResult> {
  const unique = randomBytes(4).toString('hex');
  const looked = new Map<number, readonly PreflightRow[]>();
  const tell = (): void => {
    const all = [...looked.values()].flat();
    told(all.length, rows.length, all.filter(({ ok }) => !ok).length);
  };
  const results = await mapAtOnce(chunksOf(rows, PREFLIGHT_ROWS), CHUNKS_AT_ONCE, (chunk, index) =>
    lookAtChunk(context, remote, `${unique}-${index}`, { settings, rows: chunk }, (progress) => {
      looked.set(index, progress);
      tell();
    }),
  );
  return inOrder(results.flat(), rows);
}

function lookAtChunk(
  context: Context,
  remote: Remote,
  unique: string,
  input: PreflightInput,
  told: (progress: readonly PreflightRow[]) => void,
): Promise<PreflightResult> {
  const { name } = input.settings;
  return runShortWorkflow<PreflightInput, PreflightResult>(context, remote, {
    type: WORKFLOW.preflight,
    id: preflightWorkflowId(name, unique),
    project: name,
    input,
    summary: `looks at ${countOf(input.rows.length, 'mailbox', 'mailboxes')} before project ${name} starts`,
    details: 'Logs in to both sides and lists folders. Writes nothing.',
    purpose: 'Looking at the mailboxes needs a worker; nothing was started.',
    follow: (handle) => followProgress(context, remote, handle, preflightProgress, told),
  });
}

/** In the order of the project's rows, whatever answered first. */
function inOrder(result: PreflightResult, rows: readonly MailboxRow[]): PreflightResult {
  const place = new Map(rows.map(({ id }, index) => [id, index]));
  return result.toSorted((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}
