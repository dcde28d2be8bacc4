const MOST_REOPENINGS = 60;

/**
 * What is known, during one attempt, of messages among which one makes a server refuse a whole command or drop the
 * connection. A command that drops the connection a second time, alone on it, counts as refused. Suspicious messages go
 * in ever smaller commands, until the guilty one is alone.
 */
export class Care {
  readonly #suspicious = new Set<number>();
  readonly #condemned = new Set<number>();
  #most = Number.POSITIVE_INFINITY;
  /** Suspicious because a connection was dropped: then one command has to be alone on it. */
  #dropped = false;
  #reopenings = 0;

  /** The largest command that may hold this message. */
  mostWith(uid: number): number {
    return this.#suspicious.has(uid) ? this.#most : Number.POSITIVE_INFINITY;
  }

  /** Whether one command at a time may be on its way. */
  get isAlone(): boolean {
    return this.#dropped && this.#suspicious.size > 0;
  }

  /** Nobody could tell whether these were at fault; they go in commands of at most half as many. */
  refused(uids: readonly number[]): void {
    for (const uid of uids) this.#suspicious.add(uid);
    this.#most = Math.max(1, Math.ceil(uids.length / 2));
  }

  /** The connection was dropped while these commands were on their way. Gives the message that did it, once it is known. */
  dropped(commands: readonly (readonly number[])[]): number | undefined {
    const uids = commands.flat();
    const again = this.isAlone && commands.length === 1 && uids.every((uid) => this.#suspicious.has(uid));
    this.#dropped = true;
    const [only] = uids;
    if (!again) {
      for (const uid of uids) this.#suspicious.add(uid);
      this.#most = Math.max(1, ...commands.map(({ length }) => length));
    } else if (uids.length === 1 && only !== undefined) {
      this.#condemned.add(only);
      return only;
    } else {
      this.refused(uids);
    }
    return undefined;
  }

  /** These are accounted for. */
  passed(uids: readonly number[]): void {
    if (this.#suspicious.size === 0) return;
    for (const uid of uids) this.#suspicious.delete(uid);
    if (this.#suspicious.size > 0) return;
    this.#most = Number.POSITIVE_INFINITY;
    this.#dropped = false;
  }

  /** Messages that dropped a connection twice, alone, in ascending order; each is given once. */
  takeCondemned(): readonly number[] {
    const condemned = [...this.#condemned].toSorted((a, b) => a - b);
    this.#condemned.clear();
    return condemned;
  }

  /** Whether it is worth opening new connections once more. */
  mayReopen(): boolean {
    this.#reopenings += 1;
    return this.#reopenings <= MOST_REOPENINGS;
  }
}
