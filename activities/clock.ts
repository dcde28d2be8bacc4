/** Two clocks and an alarm. Of the clocks one may stand still while the machine sleeps, and the other may be set. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly wall: () => number;
  /** Milliseconds since some moment; never goes back. */
  readonly monotonic: () => number;
  /** Calls back once after `ms`; the result calls it off. */
  readonly after: (ms: number, act: () => void) => () => void;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** A moment on both clocks. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.wall(), monotonic: clock.monotonic() };
}

/** Milliseconds since `moment` by whichever clock says more, so that neither sleep nor a clock set back hides any. */
export function ageOf(moment: Moment, clock: Clock): number {
  return Math.max(clock.wall() - moment.wall, clock.monotonic() - moment.monotonic);
}
