import { refusal, type ExitCode, type RefusalCode } from '../model/refusals.ts';

export interface FailureDetails {
  /** Why it happened, a line each: the other side's words, the lines of a file. */
  readonly why?: readonly string[];
  /** A next step that fits better than the table's. */
  readonly next?: string;
  readonly cause?: unknown;
}

/** A command cannot do what it was asked for: a row of the table of refusals, told about this case. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: RefusalCode;
  readonly why: readonly string[];
  readonly next: string;

  constructor(code: RefusalCode, what: string, details: FailureDetails = {}) {
    super(what, { cause: details.cause });
    this.code = code;
    this.why = details.why ?? [];
    this.next = details.next ?? refusal(code).next;
  }

  get exit(): ExitCode {
    return refusal(this.code).exit;
  }
}

/** Somebody pressed Ctrl-C, or the process was told to end. */
export function interrupted(): Failure {
  return new Failure('command.interrupted', 'Interrupted.');
}
