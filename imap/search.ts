/** UID SEARCH (RFC 3501 section 6.4.4). */
import { searchDate, searchText } from './grammar.ts';
import type { Part } from './grammar.ts';
import { ResponseError, toNumber } from './response.ts';
import type { SearchCriteria } from './types.ts';
import type { Wire } from './wire.ts';

function partsOf(criteria: SearchCriteria): readonly Part[] {
  switch (criteria.kind) {
    case 'all':
      return ['UID SEARCH ALL'];
    case 'before':
      return [`UID SEARCH BEFORE ${searchDate(criteria.date)}`];
    case 'message-id': {
      const { part, ascii } = searchText(criteria.text);
      return [`UID SEARCH ${ascii ? '' : 'CHARSET UTF-8 '}HEADER Message-ID `, part];
    }
  }
}

/** Throws a ResponseError for anything but UIDs; `(MODSEQ …)` at the end is not asked for and does not come. */
function readUids(text: string): readonly number[] {
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((word) => {
    const uid = toNumber(word);
    if (uid === undefined || uid === 0) throw new ResponseError('SEARCH found something that is no UID');
    return uid;
  });
}

/** UIDs found, ascending, each once. */
export async function search(wire: Wire, shown: string, criteria: SearchCriteria): Promise<readonly number[]> {
  const found = new Set<number>();
  await wire.run({
    asked: 'search',
    about: `search ${shown}`,
    parts: partsOf(criteria),
    onData: (data) => {
      if (data.name !== 'SEARCH') return;
      for (const uid of readUids(data.text)) found.add(uid);
    },
  });
  return [...found].toSorted((a, b) => a - b);
}
