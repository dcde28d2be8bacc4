import type { Problem } from '../model/mailbox.ts';
import type { RefusalCode } from '../model/refusals.ts';
import type { ImapRefusal } from './types.ts';

interface Details {
  readonly serverText?: string | undefined;
  readonly waitMs?: number | undefined;
  readonly stored?: ImapRefusal['stored'];
  readonly status?: ImapRefusal['status'] | undefined;
  readonly responseCode?: string | undefined;
  readonly cause?: unknown;
}

class Refused extends Error implements ImapRefusal {
  override readonly name = 'ImapRefusal';
  readonly problem: Problem;
  readonly stored: ImapRefusal['stored'];
  declare readonly status?: 'NO' | 'BAD' | 'BYE';
  declare readonly responseCode?: string;

  constructor(problem: Problem, { stored, status, responseCode, cause }: Details) {
    const words = problem.serverText === undefined ? '' : `: ${problem.serverText}`;
    super(`${problem.text}${words}`, cause === undefined ? undefined : { cause });
    this.problem = problem;
    this.stored = stored ?? 'in-doubt';
    if (status !== undefined) this.status = status;
    if (responseCode !== undefined) this.responseCode = responseCode;
  }
}

const LONGEST_TEXT = 500;

/** A server's words, or names of its folders, made fit to be shown: valid text, no control characters, not endless. */
export function showable(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Surrogate}\s\u2028\u2029]+/gu, ' ').trim();
  return plain.length <= LONGEST_TEXT ? plain : `${plain.slice(0, LONGEST_TEXT)}…`;
}

/**
 * Makes what this room throws. `text` is one sentence without secrets; `stored` is `in-doubt` unless it is certain that
 * nothing was stored.
 */
export function refuse(code: RefusalCode, text: string, details: Details = {}): ImapRefusal {
  const serverText = details.serverText === undefined ? '' : showable(details.serverText);
  const problem: Problem = {
    code,
    text: showable(text),
    ...(serverText === '' ? {} : { serverText }),
    ...(details.waitMs === undefined ? {} : { waitMs: details.waitMs }),
  };
  return new Refused(problem, details);
}

/** Whether a thrown value came from this room. */
export function isImapRefusal(error: unknown): error is ImapRefusal {
  return error instanceof Refused;
}

/** The same refusal for another command that waited on the same connection, with that command's own certainty. */
export function refuseAlike(reason: Error, stored: ImapRefusal['stored']): ImapRefusal {
  if (!isImapRefusal(reason)) {
    return refuse('server.connection-lost', `The connection was given up: ${reason.message}`, {
      stored,
      cause: reason,
    });
  }
  const { problem, status, responseCode, cause } = reason;
  return new Refused(problem, { stored, status, responseCode, cause });
}
