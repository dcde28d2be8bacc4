import { connect, createServer, type Socket } from 'node:net';
import { portOf } from './ports.ts';

/** One connection through a proxy, as far as it has come. */
export interface ProxiedConnection {
  /** By `performance.now()`, as all times here. */
  readonly openedAt: number;
  /** Bytes that went to the server. */
  readonly sent: number;
  /** When the last of them went. */
  readonly lastSentAt: number;
  /** False once the client or the server has closed it. */
  readonly open: boolean;
}

/** A wire between clients and one server on this machine, in the hands of a test. */
export interface Proxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `host:port` for the clients. */
  readonly address: string;
  /** Bytes that went to the server, over all connections. */
  readonly sent: number;
  /** All connections since the proxy was started, in their order. */
  readonly connections: readonly ProxiedConnection[];
  /** Those that neither side has closed. */
  readonly open: () => readonly ProxiedConnection[];
  /** Resolves when so many more bytes have gone to the server. */
  readonly passed: (bytes: number) => Promise<void>;
  /** What clients send to the server passes at this pace from now on, each connection by itself; undefined: at any. */
  readonly throttle: (bytesPerSecond: number | undefined) => void;
  /** From now on nothing passes in either direction; connections stay open and new ones are taken. */
  readonly stall: () => void;
  /** What was held up goes on. */
  readonly mend: () => void;
  /** Closes every connection that there is; new ones pass. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

interface Counted {
  readonly openedAt: number;
  sent: number;
  lastSentAt: number;
  open: boolean;
}

class Wire implements Proxy {
  readonly host = '127.0.0.1';
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server = createServer((near) => this.#join(near));
  readonly #sockets = new Set<Socket>();
  readonly #connections: Counted[] = [];
  #waiting: readonly { readonly at: number; readonly resolve: () => void }[] = [];
  #sent = 0;
  #stalled = false;
  #pace: number | undefined;

  constructor(target: string) {
    const [host = '', port = ''] = target.split(':');
    this.#target = { host, port: Number(port) };
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, this.host, resolve);
    });
  }

  get port(): number {
    return portOf(this.#server);
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get sent(): number {
    return this.#sent;
  }

  get connections(): readonly ProxiedConnection[] {
    return this.#connections;
  }

  readonly open = (): readonly ProxiedConnection[] => this.#connections.filter(({ open }) => open);

  readonly passed = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting = [...this.#waiting, { at: this.#sent + bytes, resolve }];
    });

  readonly throttle = (bytesPerSecond: number | undefined): void => {
    this.#pace = bytesPerSecond;
  };

  readonly stall = (): void => {
    this.#stalled = true;
    for (const socket of this.#sockets) socket.pause();
  };

  readonly mend = (): void => {
    this.#stalled = false;
    for (const socket of this.#sockets) socket.resume();
  };

  readonly cut = (): void => {
    for (const socket of this.#sockets) socket.destroy();
  };

  readonly close = async (): Promise<void> => {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  };

  #join(near: Socket): void {
    const far = connect(this.#target.port, this.#target.host);
    const openedAt = performance.now();
    const connection: Counted = { openedAt, sent: 0, lastSentAt: openedAt, open: true };
    this.#connections.push(connection);
    this.#pipe(near, far, connection, (bytes) => {
      connection.sent += bytes;
      connection.lastSentAt = performance.now();
      this.#count(bytes);
      this.#pause(near, bytes);
    });
    this.#pipe(far, near, connection, () => undefined);
  }

  /** What was read goes on at once, so that the end of one side never overtakes its last bytes. */
  #pipe(from: Socket, to: Socket, connection: Counted, passed: (bytes: number) => void): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      to.write(chunk);
      passed(chunk.length);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      connection.open = false;
      to.end();
    });
    if (this.#stalled) from.pause();
  }

  #count(bytes: number): void {
    this.#sent += bytes;
    const reached = this.#waiting.filter(({ at }) => at <= this.#sent);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#sent);
    for (const { resolve } of reached) resolve();
  }

  #pause(socket: Socket, bytes: number): void {
    if (this.#pace === undefined) return;
    socket.pause();
    const goOn = (): void => {
      if (!this.#stalled) socket.resume();
    };
    setTimeout(goOn, (bytes / this.#pace) * 1_000).unref();
  }
}

/** Starts a proxy on a free port of 127.0.0.1 for a server at `host:port`. */
export async function startProxy(target: string): Promise<Proxy> {
  const wire = new Wire(target);
  await wire.listen();
  return wire;
}
