/** The commands of one connection, from the call to the answer. */
import type { Command, Outgoing } from './outgoing.ts';
import type { DataResponse, ResponseCode } from './response.ts';

/** The tagged OK. */
export interface Completion {
  readonly code?: ResponseCode;
  readonly text: string;
}

/** A command and whoever waits for its answer. */
export interface Pending extends Outgoing {
  readonly resolve: (completion: Completion) => void;
  readonly reject: (error: Error) => void;
}

const none = (): void => undefined;

/** Commands in the order in which they were called for: those that wait, and those that were begun and are not answered. */
export class CommandQueue {
  readonly #waiting: Pending[] = [];
  /** In the order in which they were sent; several only where all of them may be pipelined. */
  readonly #begun: Pending[] = [];
  #sending: Pending | undefined;
  #tags = 0;

  /** The first that is not answered. A server takes commands in their order, so it is the one whose data it sends. */
  get current(): Pending | undefined {
    return this.#begun[0];
  }

  /** The one to which this data belongs: by what the data names, or else the first that is not answered. */
  concernedBy(data: DataResponse): Pending | undefined {
    let likely: Pending | undefined;
    for (const begun of this.#begun) {
      const how = begun.command.concerns?.(data);
      if (how === 'exactly') return begun;
      if (how !== undefined) likely ??= begun;
    }
    return likely ?? this.current;
  }

  /** The one whose bytes are being written. */
  get sending(): Pending | undefined {
    return this.#sending;
  }

  add(command: Command, resolve: Pending['resolve'], reject: Pending['reject']): void {
    this.#waiting.push({
      command,
      resolve,
      reject,
      tag: '',
      stage: 'queued',
      literals: 0,
      settled: false,
      proceed: none,
    });
  }

  /** Begins the next command, where it does not have to wait for those before it. To be called when none is being sent. */
  begin(): Pending | undefined {
    const [next] = this.#waiting;
    if (next === undefined || !this.#mayFollow(next)) return undefined;
    this.#waiting.shift();
    this.#begun.push(next);
    this.#sending = next;
    this.#tags += 1;
    next.tag = `F${this.#tags}`;
    return next;
  }

  /** Everything of it has been given out. False when it is out of the queue. */
  sent(pending: Pending): boolean {
    if (this.#sending !== pending) return false;
    this.#sending = undefined;
    return true;
  }

  withTag(tag: string): Pending | undefined {
    return this.#begun.find((begun) => begun.tag === tag);
  }

  /** Takes out one that was begun, for good. Undefined when it was not in the queue. */
  settle(outgoing: Outgoing): Pending | undefined {
    const at = this.#begun.findIndex((begun) => begun === outgoing);
    if (at < 0) return undefined;
    const [pending] = this.#begun.splice(at, 1);
    outgoing.settled = true;
    return pending;
  }

  /** Takes out all of them. */
  settleAll(): readonly Pending[] {
    const all = [...this.#begun.splice(0), ...this.#waiting.splice(0)];
    for (const pending of all) pending.settled = true;
    this.#sending = undefined;
    return all;
  }

  #mayFollow({ command }: Pending): boolean {
    const before = this.#begun.at(-1);
    return before === undefined || (command.pipelined === true && before.command.pipelined === true);
  }
}
