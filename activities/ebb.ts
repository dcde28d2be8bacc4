/** The time after which nothing that a connection has sent is on the wire any more. */
import type { ImapSession } from '../imap/types.ts';
import type { Clock } from './clock.ts';

/** In milliseconds: twice what is meant to be in flight at most (`copy/pace.ts`). */
export const EBB_MS = 2_000;

/**
 * Resolves when nothing more arrives of what these sessions, which have ended, had sent: at once where all was answered.
 * A server stores what reaches it, also over a connection that its client has left, so whoever looks earlier may find a
 * message missing that arrives in the next moment. Resolves early when `signal` is aborted.
 */
export function ebbed(clock: Clock, sessions: readonly ImapSession[], signal: AbortSignal): Promise<void> {
  if (!sessions.some(({ mayStillStore }) => mayStillStore) || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      callOff();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const callOff = clock.after(EBB_MS, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
