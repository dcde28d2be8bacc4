import { createLogUpdate } from 'log-update';
import type { Output } from '../../client/io.ts';
import { themeFor, type Theme } from '../../client/theme.ts';

/** What the demonstration prints: lines that stay, and below them a block that is redrawn on a terminal. */
export interface Screen {
  readonly theme: Theme;
  /** Whether blocks can be redrawn in place. */
  readonly live: boolean;
  /** The terminal's width. */
  readonly columns: () => number;
  /** A line of the story, with the time since the beginning. */
  readonly tell: (line: string) => void;
  /** Text as it is. */
  readonly print: (text: string) => void;
  /** Redraws the block; nothing where {@link live} is false. */
  readonly draw: (block: string) => void;
  /** Takes the block away. */
  readonly clear: () => void;
}

export function createScreen(
  output: Output,
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
): Screen {
  const theme = themeFor(output, env);
  const live = output.isTTY === true && env['TERM'] !== 'dumb';
  const redraw = createLogUpdate(output);
  const began = now();
  let drawn = '';
  const clear = (): void => {
    if (drawn !== '') redraw.clear();
    drawn = '';
  };
  const print = (text: string): void => {
    const block = drawn;
    clear();
    output.write(`${text}\n`);
    if (block !== '') draw(block);
  };
  const draw = (block: string): void => {
    if (!live) return;
    drawn = block;
    redraw(block);
  };
  return {
    theme,
    live,
    columns: () => output.columns ?? 120,
    print,
    draw,
    clear,
    tell: (line) => print(`${theme.dim(`${((now() - began) / 1_000).toFixed(1).padStart(5)} s`)}  ${line}`),
  };
}
