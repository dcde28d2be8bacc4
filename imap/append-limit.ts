/** The largest message that a server takes (RFC 7889): a larger one need not be sent to be refused. */
import { isImapRefusal } from './refusal.ts';
import { askItem } from './status.ts';
import type { Asked } from './status.ts';
import type { Wire } from './wire.ts';

/** Bytes, where one limit holds for all folders; `per-folder` where each has to be asked for its own. */
export function announcedLimit(capabilities: ReadonlySet<string>): number | 'per-folder' | undefined {
  for (const capability of capabilities) {
    const [, digits] = /^APPENDLIMIT(?:=(\d{1,15}))?$/.exec(capability) ?? [];
    if (digits !== undefined) return Number(digits);
  }
  return capabilities.has('APPENDLIMIT') ? 'per-folder' : undefined;
}

/** Asks a folder for its own limit, in bytes. A server that does not say so after all is as good as one without. */
export async function askLimit(wire: Wire, asked: Asked): Promise<number | undefined> {
  try {
    const limit = await askItem(wire, asked, 'APPENDLIMIT', `tell the largest message that ${asked.shown} takes`);
    // NIL is no limit, and what is no number tells none.
    return limit !== undefined && /^\d{1,15}$/.test(limit) ? Number(limit) : undefined;
  } catch (error) {
    if (!isImapRefusal(error) || error.status === undefined || error.status === 'BYE' || !wire.usable) throw error;
    return undefined;
  }
}
