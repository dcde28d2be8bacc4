import { opened } from './open-folders.ts';
import type { SourceSession } from './sides.ts';
import type { Sides } from './work.ts';

const MOST_HALVINGS = 30;

/** Messages at which a source fails, and no other of their folder has been handed out. */
export interface Accused {
  readonly folder: string;
  readonly uids: ReadonlySet<number>;
}

/** `handed-out`: another message was; `no-other`: the mailbox has none; `withheld`: nobody can tell. */
export type Testimony = 'handed-out' | 'no-other' | 'withheld';

interface Place {
  readonly folder: string;
  readonly uid: number;
}

/**
 * Another message of the mailbox, to tell a source that fails at some messages from one that hands out none: logging in,
 * listing and flags work without the store of bodies. One of the same folder where that has others, since a folder may be damaged
 * as a whole; else one of another folder. Kept during one attempt.
 */
export class Witness {
  /** Handed out before, so that no other is looked for. */
  #known: Place | undefined;
  /** How many times nothing was handed out of these folders. */
  readonly #failures = new Map<string, number>();

  /** Asks for one, and leaves any folder open. Rejects with SideRefusal where the source fails at it: the next one is another then. */
  async hear(sides: Pick<Sides, 'source' | 'interrupt'>, accused: Accused): Promise<Testimony> {
    const { source } = sides;
    if (this.#known !== undefined) return this.#ask(source, this.#known);
    const own = await this.#hearIn(source, accused.folder, accused.uids);
    if (own !== 'no-other') return own;
    let withheld = false;
    for (const folder of await this.#others(source, accused)) {
      if (sides.interrupt.aborted) return 'withheld';
      const testimony = await this.#hearIn(source, folder, new Set());
      if (testimony === 'handed-out') return testimony;
      withheld ||= testimony === 'withheld';
    }
    return withheld ? 'withheld' : 'no-other';
  }

  /** Those in which it has failed come last. */
  async #others(source: SourceSession, accused: Accused): Promise<readonly string[]> {
    const folders = (await source.list()).filter(({ name, selectable }) => selectable && name !== accused.folder);
    const failures = (name: string): number => this.#failures.get(name) ?? 0;
    return folders.map(({ name }) => name).toSorted((one, other) => failures(one) - failures(other));
  }

  async #hearIn(source: SourceSession, folder: string, accused: ReadonlySet<number>): Promise<Testimony> {
    const there = await opened(() => source.examine(folder), source);
    if (there === undefined) return 'withheld';
    if (there.messages === 0) return 'no-other';
    const uids = (await source.search({ kind: 'all' })).filter((uid) => !accused.has(uid));
    // The newest at first, then such as are far from those at which it failed.
    const uid = uids[(uids.length - 1) >> Math.min(MOST_HALVINGS, this.#failures.get(folder) ?? 0)];
    return uid === undefined ? 'no-other' : this.#askOpen(source, { folder, uid });
  }

  async #ask(source: SourceSession, place: Place): Promise<Testimony> {
    this.#known = undefined;
    const there = await opened(() => source.examine(place.folder), source);
    return there === undefined ? 'withheld' : this.#askOpen(source, place);
  }

  async #askOpen(source: SourceSession, place: Place): Promise<Testimony> {
    const failures = this.#failures.get(place.folder) ?? 0;
    this.#failures.set(place.folder, failures + 1);
    if (!(await handsOut(source, place.uid))) return 'withheld';
    this.#failures.set(place.folder, failures);
    this.#known = place;
    return 'handed-out';
  }
}

/** Whether the message comes with a body, which is read to its end. */
export async function handsOut(source: SourceSession, asked: number): Promise<boolean> {
  let isThere = false;
  for await (const { uid, body } of source.fetchMessages([asked])) isThere ||= uid === asked && body !== undefined;
  return isThere;
}
