import { CancellationScope, setHandler } from '@temporalio/workflow';
import { printOf } from '../model/mailbox-print.ts';
import type { PreflightFolder, PreflightInput, PreflightResult, PreflightRow } from '../model/preflight.ts';
import type { MailboxRow, ProjectSettings } from '../model/project.ts';
import { ask } from './ask.ts';
import { preflightProgress } from './messages.ts';

/** Rows looked at at the same time. */
const AT_A_TIME = 10;

/** Logs in to both sides of every row and lists their folders; writes nothing and retries nothing. */
export async function preflightWorkflow(input: PreflightInput): Promise<PreflightResult> {
  const looked: PreflightRow[] = [];
  setHandler(preflightProgress, () => looked);
  const queue = [...input.rows];
  const lane = async (): Promise<void> => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) looked.push(await look(input.settings, row));
  };
  await CancellationScope.cancellable(() => Promise.all(Array.from({ length: AT_A_TIME }, lane)));
  return looked;
}

async function look(settings: ProjectSettings, row: MailboxRow): Promise<PreflightRow> {
  const act = ask(settings.timing, `Look at both sides of ${row.id}`);
  const probe = await act.probeAccess({ settings, row, freshToken: false });
  if (!probe.ok) return { ok: false, id: row.id, side: probe.side, problem: probe.problem };
  const survey = await act.surveyMailbox({ settings, row });
  if (!survey.ok) return { ok: false, id: row.id, side: survey.side, problem: survey.problem };
  const folders = survey.folders.map((folder): PreflightFolder => ({
    source: folder.sourcePath,
    destination: folder.destinationPath,
    messages: folder.messages,
    ...(folder.role !== undefined && { role: folder.role }),
    ...(folder.exceptIn !== undefined && { repeats: true }),
  }));
  const messages = folders.reduce((sum, folder) => (folder.repeats === true ? sum : sum + folder.messages), 0);
  const print = printOf(survey.folders);
  return {
    ok: true,
    id: row.id,
    folders,
    leftOut: survey.leftOut,
    notes: [...(probe.notes ?? []), ...survey.notes],
    messages,
    ...(print !== undefined && { print }),
  };
}
