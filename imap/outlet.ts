/** What leaves a connection: bytes in their order, and the ends of commands in the tick in which they may be written. */
import type { Writable } from 'node:stream';
import type { Outgoing } from './outgoing.ts';

/** Bytes, or a text of bytes (latin1). */
export type Chunk = Buffer | string;

export interface OutletEvents {
  /** Bytes have left this process. */
  readonly left: () => void;
  /** A command's end was not written, since `mayCommit` threw this. Nothing may be written any more. */
  readonly forbidden: (outgoing: Outgoing, reason: unknown) => void;
}

interface End {
  readonly outgoing: Outgoing;
  readonly bytes: Buffer;
}

/** More than what is written at one time. */
const SCRATCH_BYTES = 264 << 10;

/**
 * Writes bytes, and holds a command's end for the moment: it goes out in one write with what follows it. A small segment for
 * each end would cost every machine on its way as much as a large one.
 *
 * There is never more than one command's end in our buffers, and it was put there in a tick in which `mayCommit` agreed, after
 * all earlier bytes had left this process. So a process that was suspended has nothing else to send that would store anything
 * before it can look at the clock.
 */
export class Outlet {
  readonly #socket: Writable;
  readonly #events: OutletEvents;
  /** Where chunks are put together to be written. */
  #scratch = Buffer.alloc(0);
  #end: End | undefined;
  /** Of the last write that has not left yet. */
  #leaving: Promise<void> | undefined;

  constructor(socket: Writable, events: OutletEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /**
   * Writes the end that is held, if any, and these bytes. Undefined when all of it has left this process by now; otherwise it
   * resolves when that is so, or never will be. Until then nothing else may be written, since these bytes are still read.
   */
  write(chunks: readonly Chunk[]): Promise<void> | undefined {
    const end = this.#end;
    if (end === undefined) return this.#write(chunks);
    return this.#mayEnd(end) ? this.#write([end.bytes, ...chunks]) : undefined;
  }

  /**
   * Holds a command's end: what makes the server act. To be called when `flush` has nothing to wait for, and to be followed by
   * `write` or `flush` in the same tick.
   */
  hold(outgoing: Outgoing, bytes: Buffer): void {
    this.#end = { outgoing, bytes };
  }

  /**
   * Writes the end that is held, if any. Undefined when all bytes have left this process by now; otherwise it resolves when
   * that is so, or never will be. What follows the end may be written before.
   */
  flush(): Promise<void> | undefined {
    const end = this.#end;
    return end !== undefined && this.#mayEnd(end) ? this.#write([end.bytes]) : this.#leaving;
  }

  /** The end leaves with what is written next, or never. */
  #mayEnd({ outgoing }: End): boolean {
    this.#end = undefined;
    if (outgoing.settled) return false;
    try {
      outgoing.command.mayCommit?.();
    } catch (error) {
      this.#events.forbidden(outgoing, error);
      return false;
    }
    outgoing.stage = 'sent';
    return true;
  }

  #write(chunks: readonly Chunk[]): Promise<void> | undefined {
    const [first, ...others] = chunks;
    const whole = Buffer.isBuffer(first) && others.length === 0 ? first : this.#gather(chunks);
    let left: (() => void) | undefined;
    this.#socket.write(whole, () => {
      left?.();
      this.#events.left();
    });
    // The kernel has taken it at once: the same as the callback says, without waiting for its turn. Of a connection that has
    // failed nothing is known before it says so.
    if (this.#socket.writable && this.#socket.writableLength === 0) return (this.#leaving = undefined);
    const leaving = new Promise<void>((resolve) => {
      left = (): void => {
        if (this.#leaving === leaving) this.#leaving = undefined;
        resolve();
      };
    });
    return (this.#leaving = leaving);
  }

  /** Many small chunks cost more than copying them; where they are copied to is free again when they have left. */
  #gather(chunks: readonly Chunk[]): Buffer {
    const size = chunks.reduce((sum, { length }) => sum + length, 0);
    if (this.#scratch.length < size) this.#scratch = Buffer.allocUnsafeSlow(Math.max(size, SCRATCH_BYTES));
    let at = 0;
    for (const chunk of chunks) {
      at += typeof chunk === 'string' ? this.#scratch.write(chunk, at, 'latin1') : chunk.copy(this.#scratch, at);
    }
    return this.#scratch.subarray(0, at);
  }
}
