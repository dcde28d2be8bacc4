import { ApplicationFailure } from '@temporalio/common';
import { ProxyFailed } from '../entra/proxies.ts';
import { EntraRefusal } from '../entra/refusal.ts';
import { isImapRefusal } from '../imap/refusal.ts';
import { SealError } from '../seal/errors.ts';
import type { Problem } from '../model/mailbox.ts';
import type { Side } from '../model/project.ts';
import type { Secrets } from './secrets.ts';

/** Something was refused, on this side. */
export class RefusedOn extends Error {
  override readonly name = 'RefusedOn';
  readonly side: Side;
  readonly problem: Problem;

  constructor(side: Side, problem: Problem, cause: unknown) {
    super(`${side}: ${problem.text}`, { cause });
    this.side = side;
    this.problem = problem;
  }
}

/** What a refusal of any room below means; undefined for an error that none of them throws on purpose. */
export function problemOf(error: unknown): Problem | undefined {
  if (isImapRefusal(error) || error instanceof EntraRefusal) return error.problem;
  if (error instanceof ProxyFailed) return { code: 'server.proxy', text: error.message };
  if (error instanceof SealError) return { code: error.code, text: error.message };
  return undefined;
}

/** Waits for what was asked of one side, and names the side in a refusal. Unknown errors pass as they are. */
export async function askedOf<T>(side: Side, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const problem = problemOf(error);
    throw problem === undefined ? error : new RefusedOn(side, problem, error);
  }
}

/** A problem without any secret of this activity. */
export function scrubbed(problem: Problem, { scrub }: Secrets): Problem {
  const { text, serverText } = problem;
  return { ...problem, text: scrub(text), ...(serverText !== undefined && { serverText: scrub(serverText) }) };
}

const LONGEST_MESSAGE = 300;

/** What nobody expected, in one sentence. */
export function bug(error: unknown, { scrub }: Secrets): Problem {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'us.bug', text: scrub(said).slice(0, LONGEST_MESSAGE) };
}

/** The same as a failure that Temporal tries again. Its history is read by many: no cause, no stack of ours. */
export function failureOf(problem: Problem): ApplicationFailure {
  return ApplicationFailure.retryable(problem.text, problem.code);
}
