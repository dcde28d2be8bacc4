/** Connections lost with so many messages, each alone, while nothing else was answered: it is none of the messages. */
const MOST_POSTPONED = 10;

/**
 * What is known, during one attempt, of messages among which one makes a server refuse a whole command, drop the
 * connection or fall silent. A command that is on its way when the connection is lost a second time, alone on it, counts as
 * refused. Suspicious messages go in ever smaller commands, until the guilty one is alone. Connections are lost for many
 * reasons, though, and more than once on a bad day: so the message that seems guilty waits behind all others then, and only
 * when it meets the same fate once more is it at fault.
 */
export class Care {
  readonly #suspicious = new Set<number>();
  readonly #condemned = new Set<number>();
  /** These were alone when the connection was lost or the server fell silent, which may have been by chance; they go last. */
  readonly #postponed = new Set<number>();
  /** Refused once in words that say nothing, by a server that may have disliked something else. */
  readonly #disliked = new Set<number>();
  #most = Number.POSITIVE_INFINITY;
  /** Suspicious because a connection was lost: then one command has to be alone on it. */
  #dropped = false;
  /** Whether the server has answered anything since it first dropped a connection or fell silent. */
  #answered = false;

  /** The largest command that may hold this message. */
  mostWith(uid: number): number {
    return this.#suspicious.has(uid) ? this.#most : Number.POSITIVE_INFINITY;
  }

  /** Whether nothing else may be on its way beside a command with this message. */
  isAlone(uid: number): boolean {
    return this.#dropped && this.#suspicious.has(uid);
  }

  /** Nobody could tell whether these were at fault; they go in commands of at most half as many. */
  refused(uids: readonly number[]): void {
    for (const uid of uids) this.#suspicious.add(uid);
    this.#most = Math.max(1, Math.ceil(uids.length / 2));
  }

  /** True when it is worth sending this message once more over a new connection. */
  mayAskAgain(uid: number): boolean {
    if (this.#disliked.has(uid)) return false;
    this.#disliked.add(uid);
    return true;
  }

  /**
   * The connection was lost while these commands were on their way. Gives the message that did it, once it is known, and
   * `server` when others met the same fate and none was answered.
   */
  dropped(commands: readonly (readonly number[])[]): number | 'server' | undefined {
    const uids = commands.flat();
    const again = this.#dropped && commands.length === 1 && uids.every((uid) => this.#suspicious.has(uid));
    if (!this.#dropped) this.#answered = false;
    this.#dropped = true;
    const [only] = uids;
    if (again && uids.length === 1 && only !== undefined) return this.#droppedBy(only);
    if (again) {
      this.refused(uids);
    } else {
      for (const uid of uids) this.#suspicious.add(uid);
      this.#most = Math.max(1, ...commands.map(({ length }) => length));
    }
    return undefined;
  }

  #droppedBy(uid: number): number | 'server' | undefined {
    if (this.#postponed.has(uid)) {
      if (!this.#answered && this.#postponed.size > 1) return 'server';
      this.#condemned.add(uid);
      return uid;
    }
    if (!this.#answered && this.#postponed.size >= MOST_POSTPONED) return 'server';
    this.#postponed.add(uid);
    return undefined;
  }

  /**
   * The server did not answer this command in time, and has answered all before it. Each time-out takes long, so the messages
   * go one by one from now on, and one that meets silence again is at fault. But a server may be silent whatever it is sent:
   * until it has answered something else, the message waits behind all others. Gives the one at fault once it is known, and
   * `server` when another message met the same silence.
   */
  silent(uids: readonly number[]): number | 'server' | undefined {
    const [only] = uids;
    const again = this.#dropped && uids.length === 1 && only !== undefined && this.#suspicious.has(only);
    if (!this.#dropped) this.#answered = false;
    this.#dropped = true;
    this.#most = 1;
    for (const uid of uids) this.#suspicious.add(uid);
    if (!again) return undefined;
    if (this.#answered || this.#postponed.has(only)) {
      this.#condemned.add(only);
      return only;
    }
    if (this.#postponed.size > 0) return 'server';
    this.#postponed.add(only);
    return undefined;
  }

  /** These, and those of them that have to wait until the others were sent. */
  ordered(uids: Uint32Array): readonly Uint32Array[] {
    if (this.#postponed.size === 0) return [uids];
    return [uids.filter((uid) => !this.#postponed.has(uid)), uids.filter((uid) => this.#postponed.has(uid))];
  }

  /** These were answered. */
  passed(uids: readonly number[]): void {
    this.#answered = true;
    this.accountedFor(uids);
  }

  /** These are beyond suspicion, or out of the way. */
  accountedFor(uids: Iterable<number>): void {
    if (this.#suspicious.size === 0) return;
    for (const uid of uids) {
      this.#suspicious.delete(uid);
      this.#postponed.delete(uid);
    }
    if (this.#suspicious.size > 0) return;
    this.#most = Number.POSITIVE_INFINITY;
    this.#dropped = false;
  }

  /** Those under suspicion. */
  get suspicious(): ReadonlySet<number> {
    return this.#suspicious;
  }

  /** Messages that were found to be at fault, in ascending order; each is given once. */
  takeCondemned(): readonly number[] {
    const condemned = [...this.#condemned].toSorted((a, b) => a - b);
    this.#condemned.clear();
    return condemned;
  }
}
