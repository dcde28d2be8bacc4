import type { Client } from '@temporalio/client';

/** How Temporal has handed out one activity, up to the attempt that ended it. */
export interface Attempts {
  /** The worker that had the last one. */
  readonly identity: string;
  readonly count: number;
  /** Why the last but one ended: the type of its failure, or `timeout`. */
  readonly before: string | undefined;
}

/**
 * The activities of this name that are over, in the order in which they were asked for. Only the first run of the workflow
 * is looked at. What is asserted of it holds at any speed, as long as heartbeats come in time.
 */
export async function attemptsOf(client: Client, workflowId: string, activity: string): Promise<readonly Attempts[]> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const firstRun = raw.workflowExecutionInfo?.firstRunId ?? undefined;
  const { events } = await client.workflow.getHandle(workflowId, firstRun).fetchHistory();
  const asked = new Set<string>();
  const found: Attempts[] = [];
  for (const {
    eventId,
    activityTaskScheduledEventAttributes: scheduled,
    activityTaskStartedEventAttributes: started,
  } of events ?? []) {
    if (scheduled?.activityType?.name === activity) asked.add(String(eventId));
    if (started === null || started === undefined || !asked.has(String(started.scheduledEventId))) continue;
    const { lastFailure } = started;
    const timedOut = lastFailure?.timeoutFailureInfo ? 'timeout' : undefined;
    found.push({
      identity: started.identity ?? '',
      count: started.attempt ?? 1,
      before: lastFailure?.applicationFailureInfo?.type ?? timedOut ?? lastFailure?.message ?? undefined,
    });
  }
  return found;
}
