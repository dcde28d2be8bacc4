/** The largest message that a server takes (RFC 7889): a larger one need not be sent to be refused. */
import { mailboxName } from './grammar.ts';
import { isImapRefusal } from './refusal.ts';
import type { DataResponse } from './response.ts';
import { textOf } from './response.ts';
import type { Wire } from './wire.ts';

/** Bytes, where one limit holds for all folders; `per-folder` where each has to be asked for its own. */
export function announcedLimit(capabilities: ReadonlySet<string>): number | 'per-folder' | undefined {
  for (const capability of capabilities) {
    const [, digits] = /^APPENDLIMIT(?:=(\d{1,15}))?$/.exec(capability) ?? [];
    if (digits !== undefined) return Number(digits);
  }
  return capabilities.has('APPENDLIMIT') ? 'per-folder' : undefined;
}

function limitIn(data: DataResponse): number | undefined {
  const [, list] = data.values();
  const items = list?.kind === 'list' ? list.items : [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [name, value] = [textOf(items[index]), textOf(items[index + 1])];
    // NIL is no limit, and what is no number tells none.
    if (name?.toUpperCase() === 'APPENDLIMIT' && /^\d{1,15}$/.test(value ?? '')) return Number(value);
  }
  return undefined;
}

/** Asks a folder for its own limit, in bytes. A server that does not say so after all is as good as one without. */
export async function askLimit(wire: Wire, name: string, shown: string): Promise<number | undefined> {
  let limit: number | undefined;
  try {
    await wire.run({
      asked: 'status',
      about: `tell the largest message that ${shown} takes`,
      parts: ['STATUS ', mailboxName(name), ' (APPENDLIMIT)'],
      onData: (data) => {
        if (data.name === 'STATUS') limit = limitIn(data) ?? limit;
      },
    });
  } catch (error) {
    if (!isImapRefusal(error) || error.status === undefined || error.status === 'BYE' || !wire.usable) throw error;
  }
  return limit;
}
