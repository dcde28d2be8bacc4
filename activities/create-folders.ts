import type { ImapSession } from '../imap/types.ts';
import type { CreateFoldersInput, CreateFoldersResult, SubstituteFolder } from '../model/activities.ts';
import { substitutesFor } from '../model/folder-substitutes.ts';
import type { FolderPair } from '../model/folders.ts';
import { refusal } from '../model/refusals.ts';
import type { Dependencies } from './dependencies.ts';
import { askedOf, RefusedOn, scrubbed } from './problems.ts';
import { run, type Run } from './run.ts';
import { withDestination } from './sessions.ts';

/**
 * Makes and subscribes the destination folders that are missing. A folder whose name is refused is made under one like it; a
 * folder that is refused altogether does not hold up the others.
 */
export function createFolders(deps: Dependencies, input: CreateFoldersInput): Promise<CreateFoldersResult> {
  return run<CreateFoldersResult>(
    deps,
    'destination',
    async (attempt) =>
      withDestination(
        deps,
        { job: input, ...attempt, opened: () => attempt.say('listing the destination') },
        (destination) => createMissing(attempt, destination, input),
      ),
    ({ problem }) => ({ created: 0, refused: [], problem }),
  );
}

async function createMissing(
  attempt: Run,
  session: ImapSession,
  { folders, others = [] }: CreateFoldersInput,
): Promise<CreateFoldersResult> {
  const there = await askedOf('destination', session.list());
  const making: Making = {
    attempt,
    session,
    known: new Set(there.filter(({ selectable }) => selectable).map(({ name }) => name)),
    taken: new Set([...others, ...folders].map(({ destination }) => destination)),
    renamed: new Map(others.flatMap((name) => (name.refusedName === undefined ? [] : [[name.refusedName, name]]))),
    created: 0,
  };
  const refused: CreateFoldersResult['refused'][number][] = [];
  const substitutes: SubstituteFolder[] = [];
  // Parents first, so that what is below a folder under another name goes there as well.
  const inOrder = folders.toSorted((a, b) => a.destination.length - b.destination.length);
  for (const [index, folder] of inOrder.entries()) {
    attempt.say(`making ${folder.destinationPath} (${index + 1} of ${folders.length})`);
    try {
      const made = await make(making, folder);
      if (made.destination !== folder.destination) substitutes.push({ source: folder.source, ...made });
    } catch (error) {
      if (!(error instanceof RefusedOn) || refusal(error.problem.code).scope !== 'folder') throw error;
      refused.push({ folder, problem: scrubbed(error.problem, attempt.secrets) });
    }
  }
  return { created: making.created, refused, ...(substitutes.length > 0 && { substitutes }) };
}

interface Making {
  readonly attempt: Run;
  readonly session: ImapSession;
  /** Names of folders that are there. */
  readonly known: Set<string>;
  /** Names that belong to somebody. */
  readonly taken: Set<string>;
  /** Where what is below a refused name goes. */
  readonly renamed: Map<string, Name>;
  created: number;
}

type Name = Pick<FolderPair, 'destination' | 'destinationPath'>;

/** Makes a folder where it is missing, under a name like its own where that is refused. Gives the name that it has. */
async function make(making: Making, { destination, destinationPath }: FolderPair): Promise<Name> {
  const wanted = belowRenamed(making, { destination, destinationPath });
  try {
    return await ensure(making, wanted);
  } catch (error) {
    if (!isNameRefused(error)) throw error;
    for (const name of substitutesFor(wanted, making.session.delimiter)) {
      if (making.taken.has(name.destination)) continue;
      const made = await ensure(making, name).catch((again: unknown) => {
        if (!isNameRefused(again)) throw again;
        return undefined;
      });
      if (made === undefined) continue;
      making.taken.add(made.destination);
      making.renamed.set(destination, made);
      return made;
    }
    throw error;
  }
}

function isNameRefused(error: unknown): boolean {
  return error instanceof RefusedOn && error.problem.code === 'destination.name-refused';
}

/** The name below a folder that got another one. */
function belowRenamed({ renamed, session }: Making, { destination, destinationPath }: Name): Name {
  const { delimiter } = session;
  if (delimiter === null) return { destination, destinationPath };
  for (const [parent, name] of [...renamed].toSorted(([a], [b]) => b.length - a.length)) {
    if (!destination.startsWith(parent + delimiter)) continue;
    const levels = destination.split(delimiter).length - parent.split(delimiter).length;
    const path = [name.destinationPath, ...destinationPath.split('/').slice(-levels)].join('/');
    return { destination: name.destination + destination.slice(parent.length), destinationPath: path };
  }
  return { destination, destinationPath };
}

async function ensure(making: Making, name: Name): Promise<Name> {
  const { session, known } = making;
  if (known.has(name.destination) || name.destination.toUpperCase() === 'INBOX') return name;
  const result = await askedOf('destination', session.create(name.destination));
  if (result === 'created') making.created += 1;
  known.add(name.destination);
  return name;
}
