import type { FolderStatus, ImapSession } from '../imap/types.ts';
import type { SurveyedFolder, SurveyResult } from '../model/activities.ts';
import { isExchange, NOT_COVERED } from '../model/exchange.ts';
import type { LeftOutFolder } from '../model/folders.ts';
import { mapFolders, type FolderMap, type FolderSide, type LeftOut } from '../model/folder-map.ts';
import type { MailboxJob, Side } from '../model/project.ts';
import { refusal } from '../model/refusals.ts';
import type { Dependencies } from './dependencies.ts';
import { askedOf, RefusedOn } from './problems.ts';
import { run, type Run } from './run.ts';
import { withBothSides } from './sessions.ts';

/**
 * A folder that does not tell its counts still has to be opened by a copy, which then names the refusal; counted as empty it
 * would be passed over.
 */
const UNKNOWN: FolderStatus = { messages: 1, uidNext: 0, uidValidity: 0 };

/** Lists both sides, maps the source's folders to the destination's and counts what is in them. Changes nothing. */
export function surveyMailbox(deps: Dependencies, job: MailboxJob): Promise<SurveyResult> {
  return run<SurveyResult>(
    deps,
    'source',
    async (attempt) =>
      withBothSides(
        deps,
        { job, ...attempt, opened: () => attempt.say('listing the folders') },
        ({ source, destination }) => survey(attempt, job, source, destination),
      ),
    (refused) => ({ ok: false, ...refused }),
  );
}

async function survey(
  attempt: Run,
  job: MailboxJob,
  source: ImapSession,
  destination: ImapSession,
): Promise<SurveyResult> {
  const map = mapFolders({
    source: { ...(await listed('source', source)), root: job.row.source.root },
    destination: { ...(await listed('destination', destination)), rowPrefix: job.row.destination.folderPrefix },
    rules: job.settings.folders,
  });
  requireRoot(job, map);
  const folders: SurveyedFolder[] = [];
  for (const [index, pair] of map.pairs.entries()) {
    attempt.say(`counting ${pair.sourcePath} (${index + 1} of ${map.pairs.length})`);
    const status = await statusOf(source, pair.source);
    if (status !== undefined) folders.push({ ...pair, ...status });
  }
  const leftOut: LeftOutFolder[] = [];
  for (const left of map.leftOut) leftOut.push(await countLeftOut(source, left));
  const notes = isExchange(source.capabilities) ? [...map.notes, NOT_COVERED] : map.notes;
  return { ok: true, folders, leftOut, notes };
}

/** Nothing below the root is a mistake in the row, or a right that is missing, and never a mailbox that is moved already. */
function requireRoot({ row }: MailboxJob, { pairs }: FolderMap): void {
  const { root, user } = row.source;
  if (root === undefined || pairs.length > 0) return;
  const text = `${user} is shown no folder to move at or below ${root}, the root of the mailbox`;
  throw new RefusedOn('source', { code: 'source.root-unknown', text }, undefined);
}

async function listed(side: Side, session: ImapSession): Promise<FolderSide> {
  return {
    folders: await askedOf(side, session.list()),
    delimiter: session.delimiter,
    namespacePrefix: session.prefix,
    exchange: isExchange(session.capabilities),
  };
}

/** Undefined for a folder that has gone since it was listed. */
async function statusOf(source: ImapSession, name: string): Promise<FolderStatus | undefined> {
  try {
    const { messages, uidNext, uidValidity } = await askedOf('source', source.status(name));
    return { messages, uidNext, uidValidity };
  } catch (error) {
    if (!(error instanceof RefusedOn) || refusal(error.problem.code).scope !== 'folder') throw error;
    return error.problem.code === 'source.folder-gone' ? undefined : UNKNOWN;
  }
}

async function countLeftOut(source: ImapSession, { folder, sourcePath, reason }: LeftOut): Promise<LeftOutFolder> {
  const status = folder.selectable ? await statusOf(source, folder.name) : undefined;
  return { sourcePath, messages: status === undefined || status === UNKNOWN ? 0 : status.messages, reason };
}
