import type { WorkflowHandle } from '@temporalio/client';

/** One activity of a workflow, as its history tells it; epoch milliseconds. */
export interface PassStep {
  readonly activity: string;
  readonly scheduledAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** The activities that were completed, in the order in which they were scheduled. */
export function stepsOf(events: readonly HistoryEvent[]): readonly PassStep[] {
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  return events
    .flatMap((event) => {
      const completed = event.activityTaskCompletedEventAttributes;
      if (!completed) return [];
      const scheduled = byId.get(String(completed.scheduledEventId));
      const started = byId.get(String(completed.startedEventId));
      const activity = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name;
      if (!scheduled || !started || !activity) return [];
      return [{ activity, scheduledAt: timeOf(scheduled), startedAt: timeOf(started), endedAt: timeOf(event) }];
    })
    .toSorted((a, b) => a.scheduledAt - b.scheduledAt);
}

/** Milliseconds from when the first of these activities was scheduled to when the last one was completed. */
export function spanOf(steps: readonly PassStep[]): number {
  return Math.max(...steps.map(({ endedAt }) => endedAt)) - Math.min(...steps.map(({ scheduledAt }) => scheduledAt));
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
}
