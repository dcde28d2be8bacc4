import type { TokenInput, TokenResult } from '../model/activities.ts';
import { MOMENT_MS } from '../entra/tokens.ts';
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
      const { openSecret, tokens, tenants } = deps;
      const job = { settings, ...(row !== undefined && { row }) };
      const openers = { openSecret, tokens, tenants, secrets };
      const token = await tokenFor(openers, job, side, fresh ? MOMENT_MS : undefined);
      const { expiresAt, audience, roles, delegated } = token;
      return { ok: true, expiresAt, audience, roles, ...(delegated && { delegated }) };
    },
    ({ problem }) => ({ ok: false, problem }),
  );
}
