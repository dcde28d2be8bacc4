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

/** Folders that are asked about in one flight. */
const COUNTED_AT_ONCE = 50;

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
  const listing = [listed('source', source), listed('destination', destination)] as const;
  // All are waited for, here and below, so that no command is under way when one is refused.
  await Promise.allSettled(listing);
  const [from, to] = await Promise.all(listing);
  const map = mapFolders({
    source: { ...from, root: job.row.source.root },
    destination: { ...to, rowPrefix: job.row.destination.folderPrefix },
    rules: job.settings.folders,
  });
  requireRoot(job, map);
  const shown = map.leftOut.flatMap(({ folder }) => (folder.selectable ? [folder.name] : []));
  const counts = await count(attempt, source, [...map.pairs.map((pair) => pair.source), ...shown]);
  const folders = map.pairs.flatMap((pair): readonly SurveyedFolder[] => {
    const status = counts.get(pair.source);
    return status === undefined ? [] : [{ ...pair, ...status }];
  });
  const notes = isExchange(source.capabilities) ? [...map.notes, NOT_COVERED] : map.notes;
  return { ok: true, folders, leftOut: map.leftOut.map((left) => countLeftOut(left, counts)), notes };
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

/** What is in folders of the source, by their names; without those that have gone since they were listed. */
type Counts = ReadonlyMap<string, FolderStatus>;

async function count(attempt: Run, source: ImapSession, names: readonly string[]): Promise<Counts> {
  const counts = new Map<string, FolderStatus>();
  for (let next = 0; next < names.length; next += COUNTED_AT_ONCE) {
    const some = names.slice(next, next + COUNTED_AT_ONCE);
    attempt.say(`counting folders, ${next + some.length} of ${names.length}`);
    const asking = some.map((name) => statusOf(source, () => source.status(name)));
    await Promise.allSettled(asking);
    const statuses = await Promise.all(asking);
    for (const [index, name] of some.entries()) {
      const status = statuses[index];
      const told = status === 'untold' ? await stateOf(source, name) : status;
      if (told !== undefined) counts.set(name, told);
    }
  }
  return counts;
}

/** What a server does not tell of a folder it may tell of one that is open. */
async function stateOf(source: ImapSession, name: string): Promise<FolderStatus | undefined> {
  const state = await statusOf(source, () => source.examine(name));
  return state === 'untold' ? UNKNOWN : state;
}

/** Undefined for a folder that has gone since it was listed. */
async function statusOf(
  source: ImapSession,
  ask: () => Promise<FolderStatus>,
): Promise<FolderStatus | 'untold' | undefined> {
  try {
    const { messages, uidNext, uidValidity } = await askedOf('source', ask());
    return { messages, uidNext, uidValidity };
  } catch (error) {
    if (!(error instanceof RefusedOn)) throw error;
    const { code } = error.problem;
    if (code === 'source.folder-gone') return undefined;
    if (code === 'server.protocol' && source.usable) return 'untold';
    if (refusal(code).scope === 'folder') return UNKNOWN;
    throw error;
  }
}

function countLeftOut({ folder, sourcePath, reason }: LeftOut, counts: Counts): LeftOutFolder {
  const status = counts.get(folder.name);
  return { sourcePath, messages: status === undefined || status === UNKNOWN ? 0 : status.messages, reason };
}
