import type { Dialect, DialectId } from './dialect.ts';
import { EXCHANGE } from './exchange.ts';
import { INFOSWITCH } from './infoswitch.ts';
import { MAILFERRY } from './mailferry.ts';
import { MICROSOFT } from './microsoft.ts';
import { QBOXMAIL } from './qboxmail.ts';

const BY_ID: Readonly<Record<DialectId, Dialect>> = {
  mailferry: MAILFERRY,
  microsoft: MICROSOFT,
  exchange: EXCHANGE,
  infoswitch: INFOSWITCH,
  qboxmail: QBOXMAIL,
};

/** All of them, our own first. */
export const DIALECTS: readonly Dialect[] = Object.values(BY_ID);

export function dialectOf(id: DialectId): Dialect {
  return BY_ID[id];
}
