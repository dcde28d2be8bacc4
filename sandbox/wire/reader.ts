import type { Socket } from 'node:net';

/** The client has gone, or the connection was cut on purpose: nothing more can be read, and nobody is to blame. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
}

/** The longest line the sandbox reads; a client with more to say than this has lost its way. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/**
 * Reads lines and counted octets from a socket, on demand: what nobody asks for stays in the kernel, so that a slow
 * command pushes back on the client as on a real server.
 *
 * `consumed` counts the octets handed out since the connection began (after TLS is taken off, over STARTTLS).
 * Once `limit` of them are handed out and more is asked for, `onLimit` is called; if it leaves the limit where it was,
 * reading ends with `Disconnected`.
 */
export class ByteReader {
  consumed = 0;
  limit = Number.POSITIVE_INFINITY;
  readonly #onLimit: () => void;
  #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  constructor(socket: Socket, onLimit: () => void) {
    this.#socket = socket;
    this.#onLimit = onLimit;
    this.#listen();
  }

  /** The next line without its CRLF (a bare LF ends a line too, as on most servers). */
  async line(): Promise<Buffer> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const available = this.#available();
      const end = available.indexOf(0x0a);
      if (end >= 0) {
        parts.push(this.#take(end + 1));
        return withoutLineEnd(parts.length === 1 ? (parts[0] ?? available) : Buffer.concat(parts));
      }
      bytes += available.length;
      if (bytes > MAX_LINE_BYTES) throw new Disconnected(`A line of more than ${MAX_LINE_BYTES} octets`);
      if (available.length > 0) parts.push(this.#take(available.length));
      await this.#more();
    }
  }

  /** Exactly `size` octets, in memory of their own. Memory grows with what arrives, not with what was announced. */
  async exactly(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    await this.#pass(size, (part) => parts.push(part));
    return Buffer.concat(parts, size);
  }

  /** Reads `size` octets and forgets them. */
  async skip(size: number): Promise<void> {
    await this.#pass(size, () => {});
  }

  /** Goes on with another socket (TLS). What was received but not read is thrown away, as RFC 3501 §6.2.1 demands. */
  continueWith(socket: Socket): void {
    this.release();
    this.#buffer = Buffer.alloc(0);
    this.#socket = socket;
    this.#listen();
  }

  /** Stops listening to the socket. */
  release(): void {
    for (const event of ['readable', 'end', 'close'] as const) this.#socket.off(event, this.#wakeUp);
  }

  /** Lets whoever waits for octets look at `limit` again. */
  recheck(): void {
    this.#wakeUp();
  }

  async #pass(size: number, use: (part: Buffer) => void): Promise<void> {
    let missing = size;
    while (missing > 0) {
      const available = this.#available();
      if (available.length === 0) {
        await this.#more();
        continue;
      }
      const part = this.#take(Math.min(missing, available.length));
      missing -= part.length;
      use(part);
    }
  }

  /** What may be handed out now: buffered, and within the limit. */
  #available(): Buffer {
    const allowed = this.limit - this.consumed;
    return allowed >= this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, Math.max(0, allowed));
  }

  #take(size: number): Buffer {
    const taken = this.#buffer.subarray(0, size);
    this.#buffer = this.#buffer.subarray(size);
    this.consumed += size;
    return taken;
  }

  /** Waits until there is more to hand out. */
  async #more(): Promise<void> {
    for (;;) {
      if (this.consumed >= this.limit) {
        this.#onLimit();
        if (this.consumed >= this.limit) throw new Disconnected('Cut after an agreed number of octets received');
      }
      if (this.#available().length > 0) return;
      const chunk: unknown = this.#socket.read();
      if (Buffer.isBuffer(chunk)) {
        this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
        continue;
      }
      if (this.#socket.readableEnded || this.#socket.destroyed) throw new Disconnected('The client has gone');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #listen(): void {
    for (const event of ['readable', 'end', 'close'] as const) this.#socket.on(event, this.#wakeUp);
  }

  readonly #wakeUp = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };
}

function withoutLineEnd(line: Buffer): Buffer {
  const end = line.length - 1;
  return line.subarray(0, end > 0 && line[end - 1] === 0x0d ? end - 1 : end);
}
