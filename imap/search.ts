/** UID SEARCH (RFC 3501 section 6.4.4). */
import { passesByItself } from '../model/refusals.ts';
import { ascending } from './ascending.ts';
import { fetchRows } from './fetch.ts';
import { FLAGS } from './fetch-rows.ts';
import { searchDate, searchText } from './grammar.ts';
import type { Part } from './grammar.ts';
import { isImapRefusal, refuse } from './refusal.ts';
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
/** Far more than any server keeps in one folder. */
const MOST_FOUND = 5_000_000;

/** UIDs of a folder that may have a million: as numbers of four bytes, and never as words all at once. */
class Found {
  #uids = new Uint32Array(1_024);
  #size = 0;
  /** In a form that was not asked for (RFC 4731). */
  isToldOtherwise = false;
  /** So many messages left the folder meanwhile. */
  lost = 0;

  /** Throws a ResponseError for anything but UIDs; `(MODSEQ …)` at the end is not asked for and does not come. */
  read(text: string): void {
    let uid = 0;
    for (let at = 0; at < text.length; at += 1) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit === SPACE - ZERO) {
        if (uid > 0) this.#checked(uid);
        uid = 0;
        continue;
      }
      const isNumber = digit >= 0 && digit <= 9 && (uid > 0 || digit > 0);
      uid = uid * 10 + digit;
      if (!isNumber || uid > HIGHEST_UID) throw new ResponseError('SEARCH found something that is no UID');
    }
    if (uid > 0) this.#checked(uid);
  }

  get uids(): readonly number[] {
    return ascending(Array.from(this.#uids.subarray(0, this.#size)));
  }

  #checked(uid: number): void {
    if (this.#size === MOST_FOUND) throw new ResponseError('SEARCH found more messages than any mailbox can have');
    this.add(uid);
  }

  add(uid: number): void {
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
 * empty ones it is taken for empty. Where all messages were asked for and fewer are found than the folder has, it is fetched
 * as a whole as well: what one of both tells is there.
 */
export async function search(wire: Wire, folder: Searched, criteria: SearchCriteria): Promise<readonly number[]> {
  const found = await run(wire, folder, criteria);
  const { uids } = found;
  if (criteria.kind !== 'all' && found.isToldOtherwise && uids.length === 0) {
    throw refuse(
      'server.protocol',
      `${folder.peer} answers a search of ${folder.shown} with ESEARCH, which was not asked for`,
    );
  }
  if (criteria.kind !== 'all') return uids;
  const most = await folder.messages;
  if (uids.length + found.lost >= most) return uids;
  for (const uid of await fetched(wire, folder)) found.add(uid);
  const all = found.uids;
  if (all.length > 0) return all;
  throw refuse('server.protocol', `${folder.peer} has ${most} messages in ${folder.shown}, and does not tell which`);
}

/** UIDs of all messages that can be fetched; none where the server refuses that. */
async function fetched(wire: Wire, { shown }: Searched): Promise<readonly number[]> {
  const uids: number[] = [];
  try {
    for await (const { uid } of fetchRows(wire, shown, 'all', FLAGS)) uids.push(uid);
  } catch (error) {
    const isRefused = isImapRefusal(error) && error.status !== undefined && !passesByItself(error.problem.code);
    if (!isRefused || !wire.usable) throw error;
  }
  return uids;
}

async function run(wire: Wire, { shown }: Searched, criteria: SearchCriteria): Promise<Found> {
  const found = new Found();
  await wire.run({
    asked: 'search',
    about: `search ${shown}`,
    parts: partsOf(criteria),
    // With the opening of the folder, which the server has to see through first (RFC 3501 section 5.5). Never with another
    // search: servers do two of them side by side, and nothing in what they find tells for which.
    pipelined: criteria.kind === 'all',
    onData: (data) => {
      if (data.name === 'SEARCH') found.read(data.text);
      if (data.name === 'ESEARCH') found.isToldOtherwise = true;
      if (data.name === 'EXPUNGE') found.lost += 1;
    },
  });
  return found;
}
