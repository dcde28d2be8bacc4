import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities, CopyFolderInput, CopyFolderResult } from '../../../model/activities.ts';

/** One copy of one folder by workers on this task queue, asked for as mailbox workflows ask; for tests of what the activity does on a real server. */
export async function oneCopy(taskQueue: string, input: CopyFolderInput): Promise<CopyFolderResult> {
  const { copyFolder } = proxyActivities<Activities>({
    taskQueue,
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: input.settings.timing.heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
  return copyFolder(input);
}
