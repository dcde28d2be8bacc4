import type { Clock } from './clock.ts';
import type { BothSides } from './sessions.ts';

const BATCH_IN_HAND_MS = 3_000;

export interface Ending {
  /** These are ended from now on instead of those before. Gives them back. */
  readonly replace: (sessions: BothSides) => BothSides;
  /** Nothing is in hand any more. */
  readonly callOff: () => void;
}

/**
 * The batch in hand has so long to end after an interruption; then both connections are ended, and what was in flight is in
 * doubt, which the next attempt settles.
 */
export function endInTime(clock: Pick<Clock, 'after'>, interrupt: AbortSignal, sessions: BothSides): Ending {
  let current = sessions;
  let isOver = false;
  let callOffTimer: (() => void) | undefined;
  const end = (): void => {
    isOver = true;
    const reason = new Error('The batch in hand took too long to end');
    current.source.destroy(reason);
    current.destination.destroy(reason);
  };
  const interrupted = (): void => {
    callOffTimer = clock.after(BATCH_IN_HAND_MS, end);
  };
  interrupt.addEventListener('abort', interrupted, { once: true });
  if (interrupt.aborted) interrupted();
  return {
    replace: (replacement) => {
      current = replacement;
      if (isOver) end();
      return replacement;
    },
    callOff: () => {
      interrupt.removeEventListener('abort', interrupted);
      callOffTimer?.();
    },
  };
}
