import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { parseCopyHeartbeat, type CopyOutcome } from '../model/activities.ts';
import type { MailboxJob, Side } from '../model/project.ts';
import type { CopyContext } from '../copy/types.ts';
import type { Dependencies } from './dependencies.ts';
import { endInTime } from './batch-in-hand.ts';
import { ebb } from './ebb.ts';
import { AttemptLease } from './lease.ts';
import { sideProblem } from './run.ts';
import { Secrets } from './secrets.ts';
import { withBothSides, type BothSides } from './sessions.ts';

/** Something that writes to a destination, and whose attempts follow one another by growth. */
export interface Writing<Result extends { readonly outcome: CopyOutcome }> {
  readonly job: MailboxJob;
  /** Given by the workflow, where it knows of an activity before this one. */
  readonly growth: string | undefined;
  /** Whether tokens are asked for anew. */
  readonly freshTokens?: boolean;
  /** What is opened first on each side. */
  readonly folders?: Readonly<Record<Side, string>>;
  /** `growth`: the newest that is known. `scrub`: takes secrets out of a text. */
  readonly write: (
    growth: string | undefined,
    context: CopyContext,
    scrub: (text: string) => string,
  ) => Promise<Result>;
  /** The result of an attempt that did nothing, with the growth of those before it.*/
  readonly unwritten: (outcome: CopyOutcome, growth: string | undefined) => Result;
}

/** One attempt. */
interface Attempt<Result extends { readonly outcome: CopyOutcome }> {
  readonly deps: Dependencies;
  readonly context: Context;
  readonly writing: Writing<Result>;
  readonly lease: AttemptLease;
  readonly secrets: Secrets;
  /** Of earlier attempts of this activity, or of an activity before it. */
  readonly found: string | undefined;
}

/**
 * Writes under a lease. Returns what the writing says, also when the workflow cancels it: then after the batch in hand. A
 * worker that stops, a person who pauses or resets the activity, and everything unexpected make it throw, with the newest
 * growth in the last heartbeat, so that another attempt goes on from there at once.
 */
export async function underLease<Result extends { readonly outcome: CopyOutcome }>(
  deps: Dependencies,
  writing: Writing<Result>,
): Promise<Result> {
  const context = Context.current();
  const { heartbeatDetails, taskToken, heartbeatTimeoutMs, startToCloseTimeoutMs } = context.info;
  const found = known(parseCopyHeartbeat(heartbeatDetails)?.growth) ?? known(writing.growth);
  const lease = new AttemptLease({
    send: deps.heartbeats(taskToken),
    heartbeatTimeout: positive(heartbeatTimeoutMs) ?? writing.job.settings.timing.heartbeatTimeout,
    ...(startToCloseTimeoutMs > 0 && { attemptTimeout: startToCloseTimeoutMs }),
    clock: deps.clock,
    first: { text: 'waiting for a free connection', done: 0, of: 0, growth: found ?? '' },
    tellWorker: context.heartbeat,
  });
  const unsteer = steer(lease, context, deps.stopping);
  const attempt: Attempt<Result> = { deps, context, writing, lease, secrets: new Secrets(), found };
  try {
    const result = await write(attempt);
    if (result.outcome.kind !== 'interrupted' || lease.cancelRequested) return result;
    // Sent by ourselves and acknowledged first: what the worker reports with the failure may not arrive.
    await lease.acknowledged();
    throw handedOver(lease);
  } catch (error) {
    return failed(attempt, error);
  } finally {
    unsteer();
    lease.stop();
  }
}

async function write<Result extends { readonly outcome: CopyOutcome }>(attempt: Attempt<Result>): Promise<Result> {
  const { deps, writing, lease, secrets, found } = attempt;
  const opening = untilOpen(lease);
  try {
    return await withBothSides(
      deps,
      {
        job: writing.job,
        secrets,
        signal: opening.signal,
        opened: opening.opened,
        freshTokens: writing.freshTokens ?? false,
        ...(writing.folders !== undefined && { folders: writing.folders }),
      },
      async (sessions) => {
        const ending = endInTime(deps.clock, lease.interrupt, sessions);
        const reopen = async (): Promise<BothSides> => ending.replace(await sessions.reopen());
        const context = {
          ...sessions,
          reopen,
          ebb: () => ebb(deps.clock, opening.signal),
          lease,
          interrupt: lease.interrupt,
          now: deps.clock.wall,
        };
        try {
          return tellThrottles(attempt, await writing.write(found, context, secrets.scrub));
        } finally {
          ending.callOff();
        }
      },
      ({ outcome }) => outcome.kind === 'complete' || outcome.kind === 'share-ended',
    );
  } catch (error) {
    // Asked to end before there was anything to write with.
    if (opening.interrupted() && !lease.lost.aborted) {
      return writing.unwritten({ kind: 'interrupted' }, known(lease.newest.growth));
    }
    throw error;
  } finally {
    opening.opened();
  }
}

/** A server that asks several mailboxes to wait asks their tenant. */
function tellThrottles<Result extends { readonly outcome: CopyOutcome }>(
  { deps, writing }: Attempt<Result>,
  result: Result,
): Result {
  const { outcome } = result;
  if (outcome.kind !== 'refused') return result;
  return {
    ...result,
    outcome: { ...outcome, problem: deps.throttles.met(writing.job, outcome.side, outcome.problem) },
  };
}

/**
 * Aborted in the tick in which the lease is lost, as long as sockets may be open; and by an interruption until both sides
 * are open, for then there is no batch to finish yet.
 */
function untilOpen(lease: AttemptLease): {
  readonly signal: AbortSignal;
  readonly opened: () => void;
  readonly interrupted: () => boolean;
} {
  const sockets = new AbortController();
  let interrupted = false;
  const lost = (): void => sockets.abort(lease.lost.reason);
  const interrupt = (): void => {
    interrupted = true;
    sockets.abort(new Error(`The attempt was ended before it began: ${String(lease.interrupt.reason)}`));
  };
  lease.lost.addEventListener('abort', lost, { once: true });
  lease.interrupt.addEventListener('abort', interrupt, { once: true });
  if (lease.lost.aborted) lost();
  if (lease.interrupt.aborted) interrupt();
  return {
    signal: sockets.signal,
    opened: () => lease.interrupt.removeEventListener('abort', interrupt),
    interrupted: () => interrupted,
  };
}

/** Passes on to the lease what the worker and its SDK hear; the result ends that. */
function steer(lease: AttemptLease, { cancellationSignal }: Context, stopping: AbortSignal): () => void {
  const stop = (): void => lease.end('worker-stopping');
  const heard = (): void => {
    const { reason } = cancellationSignal;
    const why = reason instanceof Error ? reason.message : String(reason);
    if (why === 'CANCELLED') lease.end('cancel-requested');
    else if (why === 'PAUSED') lease.end('paused');
    else if (why === 'RESET') lease.end('reset');
    else if (why === 'WORKER_SHUTDOWN') lease.end('worker-stopping');
    else lease.lose(`Temporal’s SDK has given this attempt up: ${why}`);
  };
  stopping.addEventListener('abort', stop, { once: true });
  cancellationSignal.addEventListener('abort', heard, { once: true });
  if (stopping.aborted) stop();
  if (cancellationSignal.aborted) heard();
  return () => {
    stopping.removeEventListener('abort', stop);
    cancellationSignal.removeEventListener('abort', heard);
  };
}

/** What becomes of an attempt that did not end as it should. */
function failed<Result extends { readonly outcome: CopyOutcome }>(attempt: Attempt<Result>, error: unknown): Result {
  const { context, writing, lease, secrets } = attempt;
  const growth = (): string | undefined => known(lease.newest.growth);
  try {
    if (error instanceof ApplicationFailure) throw error;
    if (lease.lost.aborted) throw lostFailure(lease, secrets);
    const { side, problem } = sideProblem(context, secrets, 'destination', error);
    return writing.unwritten({ kind: 'refused', side, problem }, growth());
  } catch (failure) {
    // Temporal tries nothing again that is being cancelled, and the workflow waits for the ledger.
    if (lease.cancelRequested) return writing.unwritten({ kind: 'interrupted' }, growth());
    // The worker reports a failure with the details that it was told last, and they replace what the server has.
    context.heartbeat(lease.newest);
    throw failure;
  }
}

/** The next attempt begins without a wait, on another worker or on this one's successor. */
function handedOver(lease: AttemptLease): ApplicationFailure {
  return ApplicationFailure.create({
    message: `Ended after the batch in hand (${String(lease.interrupt.reason)}); the next attempt goes on where it was`,
    type: 'HandedOver',
    nonRetryable: false,
    nextRetryDelay: 1,
    category: ApplicationFailureCategory.BENIGN,
  });
}

function lostFailure(lease: AttemptLease, { scrub }: Secrets): ApplicationFailure {
  const reason: unknown = lease.lost.reason;
  return ApplicationFailure.retryable(scrub(reason instanceof Error ? reason.message : String(reason)), 'LeaseLost');
}

function known(growth: string | undefined): string | undefined {
  return growth === '' ? undefined : growth;
}

function positive(ms: number | undefined): number | undefined {
  return ms !== undefined && ms > 0 ? ms : undefined;
}
