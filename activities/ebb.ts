/** The time within which what a connection has sent arrives, as a rule; a server stores it also when its client has left. */
import type { ImapSession } from '../imap/types.ts';
import type { Clock } from './clock.ts';

/** In milliseconds: twice what is meant to be in flight at most (`copy/pace.ts`). */
export const EBB_MS = 2_000;

/** Resolves when it is over, or at once when `signal` is aborted. */
export function ebb(clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
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

/** The same where one of these sessions, which have ended, had sent what was not answered; otherwise it resolves at once. */
export async function ebbed(clock: Clock, sessions: readonly ImapSession[], signal: AbortSignal): Promise<void> {
  if (sessions.some(({ mayStillStore }) => mayStillStore)) await ebb(clock, signal);
}
