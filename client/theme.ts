import { styleText } from 'node:util';
import type { Output } from './io.ts';

/** How words are set off; plain where colours are not wanted. */
export interface Theme {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

const same = (text: string): string => text;

export const plainTheme: Theme = { bold: same, dim: same, good: same, warn: same, bad: same };

const colours: Theme = {
  bold: style('bold'),
  dim: style('dim'),
  good: style('green'),
  warn: style('yellow'),
  bad: style('red'),
};

/** Colours on a terminal, unless `NO_COLOR` (no-color.org) is set. */
export function themeFor(output: Output, env: Readonly<Record<string, string | undefined>>): Theme {
  const refused = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return output.isTTY === true && !refused && env['TERM'] !== 'dumb' ? colours : plainTheme;
}

function style(format: 'bold' | 'dim' | 'green' | 'yellow' | 'red'): (text: string) => string {
  return (text) => styleText(format, text, { validateStream: false });
}
