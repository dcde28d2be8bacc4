import type { ImapSession } from '../imap/types.ts';
import type { CreateFoldersInput, CreateFoldersResult } from '../model/activities.ts';
import type { FolderPair } from '../model/folders.ts';
import { refusal } from '../model/refusals.ts';
import type { Dependencies } from './dependencies.ts';
import { askedOf, RefusedOn, scrubbed } from './problems.ts';
import { run, type Run } from './run.ts';
import { withDestination } from './sessions.ts';

/** Makes and subscribes the destination folders that are missing; a folder that is refused does not hold up the others. */
export function createFolders(deps: Dependencies, input: CreateFoldersInput): Promise<CreateFoldersResult> {
  return run<CreateFoldersResult>(
    deps,
    'destination',
    async (attempt) =>
      withDestination(
        deps,
        { job: input, ...attempt, opened: () => attempt.say('listing the destination') },
        (destination) => createMissing(attempt, destination, input.folders),
      ),
    ({ problem }) => ({ created: 0, refused: [], problem }),
  );
}

async function createMissing(
  attempt: Run,
  session: ImapSession,
  folders: readonly FolderPair[],
): Promise<CreateFoldersResult> {
  const there = await askedOf('destination', session.list());
  const known = new Set(there.filter(({ selectable }) => selectable).map(({ name }) => name));
  const refused: CreateFoldersResult['refused'][number][] = [];
  let created = 0;
  for (const [index, folder] of folders.entries()) {
    if (known.has(folder.destination) || folder.destination.toUpperCase() === 'INBOX') continue;
    attempt.say(`making ${folder.destinationPath} (${index + 1} of ${folders.length})`);
    try {
      if ((await askedOf('destination', session.create(folder.destination))) === 'created') created += 1;
      known.add(folder.destination);
    } catch (error) {
      if (!(error instanceof RefusedOn) || refusal(error.problem.code).scope !== 'folder') throw error;
      refused.push({ folder, problem: scrubbed(error.problem, attempt.secrets) });
    }
  }
  return { created, refused };
}
