import { createLogUpdate } from 'log-update';
import type { Context } from './context.ts';
import { clean } from './clean.ts';

/** Between two lines where nothing can be redrawn. */
const EVERY_MS = 10_000;

/** A line on stderr that says how far something is: redrawn on a terminal, repeated now and then elsewhere. */
export interface LiveLine {
  readonly update: (line: string) => void;
  /** The last state stays on the screen. */
  readonly end: () => void;
}

export function liveLine({ io, printer }: Context): LiveLine {
  if (printer.format === 'text' && io.stderr.isTTY === true) {
    const redraw = createLogUpdate(io.stderr);
    return { update: (line) => redraw(clean(line)), end: () => redraw.done() };
  }
  let last = -Infinity;
  return {
    update: (line) => {
      if (io.now() - last < EVERY_MS) return;
      last = io.now();
      printer.say(line);
    },
    end: () => undefined,
  };
}
