import type { CopyFolderInput, CopyFolderResult } from '../model/activities.ts';
import type { CopyTask } from '../copy/types.ts';
import type { Dependencies } from './dependencies.ts';
import { underLease } from './leased.ts';
import { uncopied } from './uncopied.ts';

/** Copies one folder under a lease, for one share of a pass. */
export function copyFolder(deps: Dependencies, input: CopyFolderInput): Promise<CopyFolderResult> {
  return underLease<CopyFolderResult>(deps, {
    job: input,
    growth: input.growth,
    freshTokens: input.freshToken ?? false,
    folders: { source: input.folder.source, destination: input.folder.destination },
    write: async (growth, context, scrub) => {
      const result = await deps.copyFolder(taskOf(input, growth), context);
      const aside = result.aside.map((note) =>
        note.words === undefined ? note : { ...note, words: scrub(note.words) },
      );
      return { ...result, aside };
    },
    unwritten: (outcome, growth) => uncopied(outcome, { ledger: input.ledger, rest: input.rest, growth }),
  });
}

function taskOf(input: CopyFolderInput, previousGrowth: string | undefined): CopyTask {
  const { pass, folder, ledger, rest, before, retryAside, settings, beside, surveyed, shown } = input;
  return {
    pass,
    folder,
    retryAside,
    limits: settings.limits,
    ...(ledger !== undefined && { ledger }),
    ...(rest !== undefined && { rest }),
    ...(before !== undefined && { before }),
    ...(beside !== undefined && { beside }),
    ...(shown !== undefined && { shown }),
    ...(surveyed !== undefined && { surveyed }),
    ...(previousGrowth !== undefined && { previousGrowth }),
  };
}
