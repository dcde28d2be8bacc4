/** UID SEARCH (RFC 3501 section 6.4.4). */
import { ascending } from './ascending.ts';
import { searchDate, searchText } from './grammar.ts';
import type { Part } from './grammar.ts';
import { refuse } from './refusal.ts';
import { ResponseError } from './response.ts';
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

const SPACE = 32;
const ZERO = 48;
const HIGHEST_UID = 0xffff_ffff;

/** UIDs of a folder that may have a million: as numbers of four bytes, and never as words all at once. */
class Found {
  #uids = new Uint32Array(1_024);
  #size = 0;

  /** Throws a ResponseError for anything but UIDs; `(MODSEQ …)` at the end is not asked for and does not come. */
  read(text: string): void {
    let uid = 0;
    for (let at = 0; at < text.length; at += 1) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit === SPACE - ZERO) {
        if (uid > 0) this.#add(uid);
        uid = 0;
        continue;
      }
      const isNumber = digit >= 0 && digit <= 9 && (uid > 0 || digit > 0);
      uid = uid * 10 + digit;
      if (!isNumber || uid > HIGHEST_UID) throw new ResponseError('SEARCH found something that is no UID');
    }
    if (uid > 0) this.#add(uid);
  }

  get uids(): readonly number[] {
    return ascending(Array.from(this.#uids.subarray(0, this.#size)));
  }

  #add(uid: number): void {
    if (this.#size === this.#uids.length) {
      const larger = new Uint32Array(this.#size * 2);
      larger.set(this.#uids);
      this.#uids = larger;
    }
    this.#uids[this.#size++] = uid;
  }
}

/** The open folder. */
export interface Searched {
  readonly peer: string;
  /** Its name for people. */
  readonly shown: string;
  /** How many messages were in it when it was opened; rejects when it was not. */
  readonly messages: Promise<number>;
}

/**
 * UIDs found, ascending, each once. An answer without a result is none (RFC 3501 section 6.4.4); of servers that leave out
 * empty ones it is taken for empty, but not where all messages of a folder that has some were asked for.
 */
export async function search(
  wire: Wire,
  { peer, shown, messages }: Searched,
  criteria: SearchCriteria,
): Promise<readonly number[]> {
  const found = new Found();
  let isTold = false;
  await wire.run({
    asked: 'search',
    about: `search ${shown}`,
    parts: partsOf(criteria),
    // With the opening of the folder, which the server has to see through first (RFC 3501 section 5.5). Never with another
    // search: servers do two of them side by side, and nothing in what they find tells for which.
    pipelined: criteria.kind === 'all',
    onData: (data) => {
      if (data.name !== 'SEARCH') return;
      isTold = true;
      found.read(data.text);
    },
  });
  const most = await messages;
  if (!isTold && criteria.kind === 'all' && most > 0) {
    throw refuse('server.protocol', `${peer} has ${most} messages in ${shown}, and does not tell which`);
  }
  return found.uids;
}
