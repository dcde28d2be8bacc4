import type { Socket } from 'node:net';

/** Responses are gathered up to this many octets before they are given to the socket. */
const FLUSH_BYTES = 64 * 1024;

/**
 * Sends responses, gathered into few writes. `sent` counts the octets accepted since the connection began (before TLS).
 * When the octet after `limit` is due, `onLimit` is called; if it leaves the limit where it was, everything from there
 * on is dropped, and what lies before has been handed to the socket.
 */
export class ByteWriter {
  sent = 0;
  limit = Number.POSITIVE_INFINITY;
  readonly #onLimit: () => void;
  #socket: Socket;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(socket: Socket, onLimit: () => void) {
    this.#socket = socket;
    this.#onLimit = onLimit;
  }

  /** Queues octets; `flush` sends them. */
  write(data: Buffer): void {
    if (this.sent + data.length >= this.limit) {
      this.#writeUpToLimit(data);
      return;
    }
    this.#queue(data);
  }

  /** Whether enough is queued that a flush pays. */
  get full(): boolean {
    return this.#pendingBytes >= FLUSH_BYTES;
  }

  /** Gives what is queued to the socket, and waits while the client is slow to take it. */
  async flush(): Promise<void> {
    if (this.flushNow()) return;
    const socket = this.#socket;
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        socket.off('drain', settle);
        socket.off('close', settle);
        resolve();
      };
      socket.on('drain', settle);
      socket.on('close', settle);
    });
  }

  /** Gives what is queued to the socket without waiting. False when the socket's own buffer is full. */
  flushNow(): boolean {
    if (this.#pending.length === 0) return true;
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (this.#socket.destroyed || this.#socket.writableEnded) return true;
    this.#socket.cork();
    let accepted = true;
    for (const part of pending) accepted = this.#socket.write(part);
    this.#socket.uncork();
    return accepted;
  }

  /** Goes on with another socket (TLS). */
  continueWith(socket: Socket): void {
    this.#socket = socket;
  }

  #queue(data: Buffer): void {
    if (data.length === 0) return;
    this.#pending.push(data);
    this.#pendingBytes += data.length;
    this.sent += data.length;
  }

  #writeUpToLimit(data: Buffer): void {
    const allowed = Math.max(0, this.limit - this.sent);
    this.#queue(data.subarray(0, allowed));
    this.#onLimit();
    if (this.sent >= this.limit) return;
    this.write(data.subarray(allowed));
  }
}
