/** Looking at a destination to which something may be on its way. */
import { openDestination } from './open-folders.ts';
import { throwIfInterrupted, type Work } from './work.ts';

/** A folder into which its user's mail keeps coming is never still. */
const MOST_LOOKS = 15;

/**
 * Opens the destination once more. Where a connection that is gone may have left something on the wire, this is done after an
 * ebb, and again until nothing has arrived between two looks: a server stores what reaches it, also when its client has left,
 * and a slow line may take long to bring it. Throws Interrupted.
 */
export async function openWhenStill(work: Work): Promise<void> {
  const { progress } = work;
  const { doing } = progress;
  if (work.mayArrive) progress.doing = 'waiting for what may be on its way';
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const { uidNext, uidValidity } = work.folder;
    if (work.mayArrive) await work.ebb?.();
    throwIfInterrupted(work);
    await openDestination(work);
    const isStill = work.folder.uidNext === uidNext && work.folder.uidValidity === uidValidity;
    if (isStill || !work.mayArrive) break;
  }
  work.mayArrive = false;
  progress.doing = doing;
}
