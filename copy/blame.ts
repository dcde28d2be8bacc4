/** How a source fails: it ends the connection, breaks the protocol, says nothing, or answers NO or BAD. */
export type Failure = 'lost' | 'broken' | 'silent' | 'refused';

/** `waits`: perhaps by chance, so it waits behind the others; `server`: it is none of the messages. */
export type Verdict = 'waits' | 'guilty' | 'server';

/** Connections are lost by chance, also twice in a row; the other failures are hardly ever chance, and silence takes long. */
const WEIGHTS: Readonly<Record<Failure, number>> = { lost: 1, broken: 2, silent: 2, refused: 2 };
const ENOUGH = 4;
/** At so many messages in a row, with nothing handed out in between, it is the server that fails. */
const MOST_UNANSWERED: Readonly<Record<Failure, number>> = { lost: 10, broken: 10, silent: 3, refused: 10 };
/**
 * Of a folder that hands out none at all, so many messages may be at fault, over all attempts. A store that is damaged or out
 * of reach fails at whole folders, and most of those have more.
 */
export const MOST_OF_FOLDER = 3;

interface Suspect {
  readonly weight: number;
  /** Whether the source has handed out another message since it failed at this one. */
  readonly othersCame: boolean;
}

/**
 * The rule by which a message is found to be at fault when a source fails while it is asked for this message alone. Connections
 * are lost for many reasons, and many times on a bad day: so the message waits behind the others, and is at fault only when
 * the source fails at it again, after it has handed out another one. A source that hands out nothing is at fault itself.
 */
export class Blame {
  /** In the order in which they were found. */
  readonly #waiting = new Map<number, Suspect>();
  #unanswered = 0;

  /** The source has handed out some message. */
  answered(): void {
    this.#unanswered = 0;
    for (const [uid, { weight, othersCame }] of this.#waiting) {
      if (!othersCame) this.#waiting.set(uid, { weight, othersCame: true });
    }
  }

  /** At so many messages it has failed since it has handed out any. */
  get unanswered(): number {
    return this.#unanswered;
  }

  get waiting(): ReadonlyMap<number, unknown> {
    return this.#waiting;
  }

  /** The source has failed at some message. */
  failed(how: Failure): 'server' | undefined {
    this.#unanswered += 1;
    return this.#unanswered >= MOST_UNANSWERED[how] ? 'server' : undefined;
  }

  /** The source has failed when it was asked for this message alone. */
  failedAt(uid: number, how: Failure): Verdict {
    const { weight = 0, othersCame = false } = this.#waiting.get(uid) ?? {};
    const counts = weight === 0 || othersCame;
    const now = counts ? weight + WEIGHTS[how] : weight;
    const verdict = this.failed(how);
    if (now >= ENOUGH) {
      this.#waiting.delete(uid);
      return 'guilty';
    }
    this.#waiting.set(uid, { weight: now, othersCame: false });
    return verdict ?? 'waits';
  }

  /** These were handed out, or are out of the way. */
  clear(uids: Iterable<number>): void {
    if (this.#waiting.size === 0) return;
    for (const uid of uids) this.#waiting.delete(uid);
  }
}
