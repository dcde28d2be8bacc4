import type { HeaderReading } from './header-reading.ts';

/** New connections in a row that have brought to light no message at which the source fails. */
const MOST_REOPENINGS = 60;

export interface HeaderHunt {
  readonly headers: ReadonlyMap<string, HeaderReading>;
  readonly interrupt: AbortSignal;
  /** Opens both sides anew; false where that is not to be had. */
  readonly reopen: () => Promise<boolean>;
}

/** Does it over new connections again while the source fails at headers because of a message, which is looked for. */
export async function overConnections<Result>(hunt: HeaderHunt, act: () => Promise<Result>): Promise<Result> {
  const { headers, interrupt, reopen } = hunt;
  for (let reopenings = 0; ; reopenings += 1) {
    const before = unidentified(headers);
    try {
      return await act();
    } catch (error) {
      if (unidentified(headers) > before) reopenings = 0;
      const mayGoOn = [...headers.values()].some((reading) => reading.mayGoOn(error));
      if (!mayGoOn || interrupt.aborted || reopenings >= MOST_REOPENINGS || !(await reopen())) throw error;
    }
  }
}

/** How many messages were found at whose headers the source fails, so that nobody knows which they are. */
export function unidentified(headers: ReadonlyMap<string, HeaderReading>): number {
  return [...headers.values()].reduce((sum, { found }) => sum + found, 0);
}
