import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityPausedError,
  ActivityResetError,
  type Client,
} from '@temporalio/client';

/**
 * What Temporal answered to a heartbeat. All but `unknown` acknowledge it: the details are kept and the attempt is the
 * current one. `unknown`: the attempt is over, whatever became of it.
 */
export type HeartbeatAnswer = 'going-on' | 'cancel-requested' | 'paused' | 'reset' | 'unknown';

/** Sends one heartbeat and waits for the answer; rejects when there is none within `timeoutMs`. */
export type SendHeartbeat = (details: unknown, timeoutMs: number) => Promise<HeartbeatAnswer>;

/** Heartbeats of the attempt that a task token names. */
export type Heartbeats = (taskToken: Uint8Array) => SendHeartbeat;

/** Over a client's connection, because what the worker itself sends is not answered to us. */
export function acknowledgedHeartbeats(client: Client): Heartbeats {
  return (taskToken) => async (details, timeoutMs) => {
    try {
      await client.withDeadline(Date.now() + timeoutMs, () => client.activity.heartbeat(taskToken, details));
      return 'going-on';
    } catch (error) {
      if (error instanceof ActivityCancelledError) return 'cancel-requested';
      if (error instanceof ActivityPausedError) return 'paused';
      if (error instanceof ActivityResetError) return 'reset';
      if (error instanceof ActivityNotFoundError) return 'unknown';
      throw error;
    }
  };
}
