import { setMaxListeners } from 'node:events';
import { Client, type Connection } from '@temporalio/client';
import { connect, loadConnectionOptions, type TemporalTarget } from '../../temporal/connection.ts';
import { Failure } from '../failure.ts';
import { callError } from './unanswered.ts';
import { readUpState } from '../up/state.ts';
import type { Context } from '../context.ts';

/** How long one call to Temporal may take unless its caller knows better. */
const CALL_MS = 10_000;

/** A Temporal that has answered. */
export interface Remote {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
  /** The Web UI, where `mailferry up` has told its address. */
  readonly uiUrl: string | undefined;
  /** Makes calls that fail when they take too long, and at once when the command is interrupted. */
  readonly call: <T>(calls: () => Promise<T>, withinMs?: number) => Promise<T>;
  /** The same, going on after an interruption: for what cleans up. */
  readonly callRegardless: <T>(calls: () => Promise<T>, withinMs?: number) => Promise<T>;
}

export interface Target extends TemporalTarget {
  readonly uiUrl: string | undefined;
}

/**
 * Which Temporal this command speaks to: what the options, the environment or the profile say; else the `mailferry up`
 * that runs on this state directory; else the usual address.
 */
export async function findTarget(context: Pick<Context, 'io' | 'options' | 'home'>): Promise<Target> {
  const { address, namespace, profile } = context.options;
  const up = await readUpState(context.home);
  const target = loadConnectionOptions({
    env: context.io.env,
    ...(profile !== undefined && { profile }),
    ...(up !== undefined && { fallbackAddress: up.address }),
    overrides: { ...(address !== undefined && { address }), ...(namespace !== undefined && { namespace }) },
  });
  return { ...target, uiUrl: up?.address === target.address ? up.uiUrl : undefined };
}

/** Connects for the time of `work`; rejects within seconds when Temporal does not answer. */
export async function withTemporal<T>(context: Context, work: (remote: Remote) => Promise<T>): Promise<T> {
  const target = await findTarget(context);
  const connection = await connect(target);
  const inTime: Remote['call'] = (calls, withinMs = CALL_MS) => connection.withDeadline(Date.now() + withinMs, calls);
  const remote: Remote = {
    client: new Client({ connection, namespace: target.namespace }),
    connection,
    address: target.address,
    namespace: target.namespace,
    uiUrl: target.uiUrl,
    callRegardless: (calls, withinMs) => untilAborted(new AbortController().signal, () => inTime(calls, withinMs)),
    call: (calls, withinMs) =>
      untilAborted(context.signal, (signal) => connection.withAbortSignal(signal, () => inTime(calls, withinMs))),
  };
  try {
    return await work(remote);
  } finally {
    await connection.close();
  }
}

/** The client never takes back its listeners from a signal, so each call gets one of its own that ends with it. */
async function untilAborted<T>(signal: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  setMaxListeners(Infinity, own.signal);
  const abort = (): void => own.abort();
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await work(own.signal);
  } catch (error) {
    throw callError(error, signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The page of a workflow in Temporal's Web UI. */
export function workflowPage({ uiUrl, namespace }: Remote, workflowId: string): string | undefined {
  if (uiUrl === undefined) return undefined;
  return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}

export interface Pollers {
  readonly count: number;
  /** Milliseconds since the last one was heard of. */
  readonly lastHeardMs: number | undefined;
}

/** A worker's poll ends after a minute at the latest; the server forgets pollers only after five. */
export const POLLER_SILENCE_MS = 75_000;

/** Workers that asked for workflow tasks lately: a hint only, since a dead one is remembered for a while. */
export async function workflowPollers(remote: Remote, taskQueue: string, now: number): Promise<Pollers> {
  const { pollers } = await remote.connection.workflowService.describeTaskQueue({
    namespace: remote.namespace,
    taskQueue: { name: taskQueue },
  });
  const heard = (pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000);
  const recent = heard.filter((time) => now - time < POLLER_SILENCE_MS);
  return { count: recent.length, lastHeardMs: heard.length > 0 ? Math.max(0, now - Math.max(...heard)) : undefined };
}

/** What is said where a command needs a worker and none answers. */
export function noWorker(what: string, pollers?: Pollers): Failure {
  const why =
    pollers !== undefined && pollers.count > 0
      ? [`${pollers.count} worker(s) are registered, and none of them answered in time: busy, stopped or cut off.`]
      : ['No worker is registered with Temporal.'];
  return new Failure('temporal.no-worker', what, { why });
}
