import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../model/activities.ts';
import type { Timing } from '../model/project.ts';

/** Temporal takes 400 bytes of summary; names may be in any script. */
const SUMMARY_CHARACTERS = 100;

/** Heartbeats decide whether an activity lives; this only bounds what would heartbeat for ever. */
const LONGEST_ACTIVITY = '24 hours';

/**
 * The activities, with a sentence for whoever opens the history. Attempts are unbounded: a worker's shutdown uses one up,
 * and expected endings come back as values. A cancellation is waited for, so that a copy's growth comes back with it. Waits between
 * attempts stay short: most follow the loss of a worker, and a worker that is cut off may be handed several in vain.
 */
export function ask(timing: Timing, summary: string): Activities {
  return proxyActivities<Activities>({
    summary: shorten(summary),
    startToCloseTimeout: LONGEST_ACTIVITY,
    heartbeatTimeout: timing.heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 seconds' },
  });
}

export function shorten(text: string): string {
  return text.length <= SUMMARY_CHARACTERS ? text : `${text.slice(0, SUMMARY_CHARACTERS - 1)}…`;
}
