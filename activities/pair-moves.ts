import type { PairMovesInput, PairMovesResult } from '../model/activities.ts';
import { NO_COPY_COUNTS } from '../model/pass.ts';
import type { Dependencies } from './dependencies.ts';
import { underLease } from './leased.ts';

/** Lets our copies follow, under a lease, what was moved between folders on the source. */
export function pairMoves(deps: Dependencies, input: PairMovesInput): Promise<PairMovesResult> {
  const { folders, settings } = input;
  return underLease<PairMovesResult>(deps, {
    job: input,
    growth: input.growth,
    write: (growth, context) =>
      deps.pairMoves(
        { folders, limits: settings.limits, ...(growth !== undefined && { previousGrowth: growth }) },
        context,
      ),
    // The ledgers that went in stay as they are, and the growth goes in with them again.
    unwritten: (outcome, growth) => ({
      outcome,
      folders: [],
      counts: NO_COPY_COUNTS,
      notes: {},
      ...(growth !== undefined && { growth }),
    }),
  });
}
