import { Context } from '@temporalio/activity';
import type { Problem } from '../model/mailbox.ts';
import type { Side } from '../model/project.ts';
import type { Dependencies } from './dependencies.ts';
import { bug, failureOf, problemOf, RefusedOn, scrubbed } from './problems.ts';
import { Secrets } from './secrets.ts';

/** So often an attempt fails of something unexpected before a person is told. */
const ATTEMPTS_BEFORE_ATTENTION = 5;
const LONGEST_INTERVAL_MS = 1_000;
const INTERVAL_PART = 1 / 6;

/** One attempt of one activity. */
export interface Run {
  readonly deps: Dependencies;
  readonly secrets: Secrets;
  /** Aborted when the activity is cancelled, or its worker stops and will not wait any longer. */
  readonly signal: AbortSignal;
  /** What the heartbeats tell from now on, for people. */
  readonly say: (text: string) => void;
}

export interface SideProblem {
  readonly side: Side;
  readonly problem: Problem;
}

/**
 * Runs an activity that has nothing to bring back when it is interrupted: it heartbeats, ends at once with the cancellation
 * when it is cancelled, and turns refusals into what `refused` makes of them. `side` is whose refusal it is where the error
 * does not tell.
 */
export async function run<T>(
  deps: Dependencies,
  side: Side,
  act: (run: Run) => Promise<T>,
  refused: (problem: SideProblem) => T,
): Promise<T> {
  const context = Context.current();
  const secrets = new Secrets();
  const beats = heartbeat(deps, context);
  try {
    return await act({ deps, secrets, signal: context.cancellationSignal, say: beats.say });
  } catch (error) {
    context.cancellationSignal.throwIfAborted();
    return refused(sideProblem(context, secrets, side, error));
  } finally {
    beats.stop();
  }
}

/**
 * What an error means for the workflow. What no room throws on purpose is thrown on as a failure that Temporal tries again,
 * and becomes a problem for a person only when it keeps happening.
 */
export function sideProblem(context: Context, secrets: Secrets, side: Side, error: unknown): SideProblem {
  if (error instanceof RefusedOn) return { side: error.side, problem: scrubbed(error.problem, secrets) };
  const known = problemOf(error);
  if (known !== undefined) return { side, problem: scrubbed(known, secrets) };
  const problem = bug(error, secrets);
  const stack = error instanceof Error ? secrets.scrub(error.stack ?? '') : '';
  context.log.error(problem.text, { stack });
  if (context.info.attempt < ATTEMPTS_BEFORE_ATTENTION) throw failureOf(problem);
  return { side, problem };
}

/** Begins to heartbeat: cancellations are delivered with the answers. */
function heartbeat({ clock }: Dependencies, context: Context): Beats {
  const timeout = context.info.heartbeatTimeoutMs ?? 0;
  const interval = timeout > 0 ? Math.min(LONGEST_INTERVAL_MS, timeout * INTERVAL_PART) : LONGEST_INTERVAL_MS;
  const state: { text: string; callOff?: () => void } = { text: 'waiting for a free connection' };
  const beat = (): void => {
    context.heartbeat({ text: state.text });
    state.callOff = clock.after(interval, beat);
  };
  beat();
  return {
    say: (text) => {
      state.text = text;
    },
    stop: () => state.callOff?.(),
  };
}

interface Beats {
  readonly say: (text: string) => void;
  readonly stop: () => void;
}
