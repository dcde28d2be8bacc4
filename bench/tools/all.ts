import { dsync } from './dsync.ts';
import { interimap } from './interimap.ts';
import { mbsync } from './mbsync.ts';
import { imapflowLoop, limit, mailferry } from './own.ts';
import type { Tool } from './tool.ts';

/** In the order of the table, which is that of the runs too. */
export const TOOLS: readonly Tool[] = [mailferry, limit, interimap, dsync, mbsync, imapflowLoop];

/** Known, and compared in other places, but not to be had from Debian. */
export const NOT_PACKAGED: readonly string[] = ['imapsync'];
