/** UID SEARCH (RFC 3501 section 6.4.4), for all messages in the short form of ESEARCH (RFC 4731) where there is one. */
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

interface Question {
  readonly parts: readonly Part[];
  /**
   * In the flight in which the folder is opened, which the server has to see through first (RFC 3501 section 5.5). Never with
   * another search: servers do two of them side by side, and nothing in what they find tells for which.
   */
  readonly pipelined?: boolean;
  readonly inRanges?: boolean;
}

const ONE_BY_ONE: Question = { parts: ['UID SEARCH ALL'], pipelined: true };
const IN_RANGES: Question = { parts: ['UID SEARCH RETURN (ALL) ALL'], pipelined: true, inRanges: true };

function partsOf(criteria: Exclude<SearchCriteria, { readonly kind: 'all' }>): readonly Part[] {
  switch (criteria.kind) {
    case 'before':
      return [`UID SEARCH BEFORE ${searchDate(criteria.date)}`];
    case 'message-id': {
      const { part, ascii } = searchText(criteria.text);
      return [`UID SEARCH ${ascii ? '' : 'CHARSET UTF-8 '}HEADER Message-ID `, part];
    }
  }
}

/** What answers that with ranges (RFC 4731 section 3.1); without `ALL` nothing was found. */
const ESEARCH = /^\(TAG "[^"]*"\) UID(?: ALL ([\d:,]+))?$/i;
const SPACE = 32;
const ZERO = 48;
const HIGHEST_UID = 0xffff_ffff;
/** Far more than any server keeps in one folder. */
const MOST_FOUND = 5_000_000;

/** UIDs of a folder that may have a million: as numbers of four bytes, and never as words all at once. */
class Found {
  #uids = new Uint32Array(1_024);
  #size = 0;
  /** In the form of RFC 4731, asked for or not. */
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

  /** The same for a set with ranges; what cannot be one tells nothing. */
  readRanges(text: string): void {
    for (const range of (ESEARCH.exec(text)?.[1] ?? '').split(',')) {
      const [first = 0, last = first] = range.split(':').map(Number);
      if (first < 1 || last < first || last > HIGHEST_UID) return;
      for (let uid = first; uid <= last; uid += 1) this.#checked(uid);
    }
  }

  get uids(): Uint32Array {
    return ascending(this.#uids.subarray(0, this.#size));
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
  /** It answers with ranges when it is asked to (RFC 4731). */
  readonly tellsRanges: boolean;
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
export async function search(wire: Wire, folder: Searched, criteria: SearchCriteria): Promise<Uint32Array> {
  if (criteria.kind === 'all') return folder.tellsRanges ? searchRanges(wire, folder) : searchAll(wire, folder);
  const found = await run(wire, folder, { parts: partsOf(criteria) });
  if (!found.isToldOtherwise || found.uids.length > 0) return found.uids;
  throw refuse(
    'server.protocol',
    `${folder.peer} answers a search of ${folder.shown} with ESEARCH, which was not asked for`,
  );
}

/**
 * All messages, told in ranges: a few bytes for a folder of any size. Ranges may cover UIDs that are not there, so they are
 * believed when they hold as many as the folder has, and otherwise each is asked for.
 */
async function searchRanges(wire: Wire, folder: Searched): Promise<Uint32Array> {
  const found = await run(wire, folder, IN_RANGES).catch((error: unknown) => {
    if (isImapRefusal(error) && error.status === 'BAD' && wire.usable) return undefined;
    throw error;
  });
  const isAll = found !== undefined && found.uids.length + found.lost === (await folder.messages);
  return isAll ? found.uids : searchAll(wire, folder);
}

async function searchAll(wire: Wire, folder: Searched): Promise<Uint32Array> {
  const found = await run(wire, folder, ONE_BY_ONE);
  const { uids } = found;
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

async function run(
  wire: Wire,
  { shown }: Pick<Searched, 'shown'>,
  { parts, pipelined = false, inRanges = false }: Question,
): Promise<Found> {
  const found = new Found();
  await wire.run({
    asked: 'search',
    about: `search ${shown}`,
    parts,
    pipelined,
    onData: (data) => {
      if (data.name === 'SEARCH') found.read(data.text);
      if (data.name === 'ESEARCH' && inRanges) found.readRanges(data.text);
      if (data.name === 'ESEARCH') found.isToldOtherwise = true;
      if (data.name === 'EXPUNGE') found.lost += 1;
    },
  });
  return found;
}
