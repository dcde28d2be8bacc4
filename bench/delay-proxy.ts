import { connect, createServer, type Socket } from 'node:net';
import { portOf } from '../test/support/ports.ts';

/** A wire to a server of this machine on which everything arrives later, at whatever bandwidth. */
export interface DelayProxy {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** Cuts all connections. */
  readonly close: () => Promise<void>;
}

/** On its way at one time, in one direction of one connection: at 20 ms this is 1.6 GB a second. */
const WIRE_BYTES = 32 * 1024 * 1024;

/** Passes connections on to a port of 127.0.0.1; each direction is `delayMs` late. */
export async function startDelayProxy(target: number, delayMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const ends = [near, far] as const;
    for (const socket of ends) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => ends.forEach((end) => end.destroy()));
    }
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const)
      new DelayLine(from, to, delayMs).start();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `chunk` is absent for the end of what is sent. */
interface OnTheWay {
  readonly due: number;
  readonly chunk?: Buffer;
}

/** One direction of one connection. */
class DelayLine {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delayMs: number;
  #line: OnTheWay[] = [];
  #held = 0;
  #timer: NodeJS.Timeout | undefined;
  #blocked = false;
  #ended = false;

  constructor(from: Socket, to: Socket, delayMs: number) {
    this.#from = from;
    this.#to = to;
    this.#delayMs = delayMs;
  }

  start(): void {
    const from = this.#from;
    const to = this.#to;
    from.on('data', (chunk: Buffer) => this.#send(chunk));
    from.on('end', () => this.#end());
    // What was sent before still arrives.
    from.once('close', () => this.#end());
    to.on('drain', () => this.#arrive());
    to.once('close', () => this.#discard());
  }

  #send(chunk?: Buffer): void {
    if (this.#ended) return;
    const due = performance.now() + this.#delayMs;
    this.#line.push(chunk === undefined ? { due } : { due, chunk });
    this.#held += chunk?.length ?? 0;
    if (this.#held > WIRE_BYTES) this.#from.pause();
    this.#arm();
  }

  #end(): void {
    this.#send();
    this.#ended = true;
  }

  #arm(): void {
    const [next] = this.#line;
    if (this.#timer !== undefined || this.#blocked || next === undefined) return;
    this.#timer = setTimeout(() => this.#arrive(), Math.max(0, next.due - performance.now()));
  }

  #arrive(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#blocked = false;
    const now = performance.now();
    const arrived = this.#line.findIndex(({ due }) => due > now);
    for (const item of this.#line.splice(0, arrived === -1 ? this.#line.length : arrived)) this.#deliver(item);
    if (this.#held <= WIRE_BYTES) this.#from.resume();
    this.#arm();
  }

  /** A reader that is slow holds up what comes later, not what has arrived with it. */
  #deliver({ chunk }: OnTheWay): void {
    if (chunk === undefined) return void this.#to.end();
    this.#held -= chunk.length;
    if (!this.#to.write(chunk)) this.#blocked = true;
  }

  #discard(): void {
    clearTimeout(this.#timer);
    this.#line = [];
    this.#held = 0;
    this.#ended = true;
    this.#from.resume();
  }
}
