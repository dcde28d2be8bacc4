import type { TokenInput, TokenResult } from '../model/activities.ts';
import { tokenFor } from './application-token.ts';
import type { Dependencies } from './dependencies.ts';
import { run } from './run.ts';

/** Asks for a token and tells what it says of itself; the token stays in this worker's memory. */
export function acquireToken(deps: Dependencies, { settings, row, side, fresh }: TokenInput): Promise<TokenResult> {
  return run<TokenResult>(
    deps,
    side,
    async ({ secrets, say }) => {
      say('waiting for the token service');
      const { openSecret, tokens } = deps;
      const job = { settings, ...(row !== undefined && { row }) };
      const { expiresAt, audience, roles, delegated } = await tokenFor(
        { openSecret, tokens, secrets },
        job,
        side,
        fresh,
      );
      return { ok: true, expiresAt, audience, roles, ...(delegated && { delegated }) };
    },
    ({ problem }) => ({ ok: false, problem }),
  );
}
