import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A client that sends exactly the octets it is told to, and hands out what comes back line by line. */
export class RawClient {
  #socket: Socket;
  #received = '';
  #ended = false;
  #wake: () => void = () => {};
  #tags = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** Connects; the greeting is the first line to be read. */
  static async connect(port: number, tls?: { readonly ca: string }): Promise<RawClient> {
    const target = { port, host: '127.0.0.1' };
    const socket = tls === undefined ? connect(target) : connectTls({ ...target, ca: tls.ca });
    await once(socket, tls === undefined ? 'connect' : 'secureConnect');
    return new RawClient(socket);
  }

  /** Connects, reads the greeting and logs in as the given user with password `secret`. */
  static async login(port: number, user: string): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.line();
    await client.command(`LOGIN ${user} secret`);
    return client;
  }

  send(...parts: readonly (string | Buffer)[]): void {
    for (const part of parts) this.#socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  }

  /** Sends a command under a new tag and answers everything up to and with the tagged line, octets as latin1. */
  async command(...parts: readonly (string | Buffer)[]): Promise<string> {
    this.#tags += 1;
    const tag = `t${this.#tags}`;
    this.send(`${tag} `, ...parts, '\r\n');
    return this.until(tag);
  }

  /** Everything up to and with the line that begins with this tag. */
  async until(tag: string): Promise<string> {
    let text = '';
    for (;;) {
      const line = await this.line();
      text += line;
      if (line.startsWith(`${tag} `)) return text.trimEnd();
    }
  }

  /** The next line with its CRLF; throws when the connection ends before. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf('\n');
      if (end >= 0) return this.#take(end + 1);
      if (this.#ended) throw new Error(`The connection ended after ${JSON.stringify(this.#received)}`);
      await this.#more();
    }
  }

  /** Everything until the connection ends. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#take(this.#received.length);
  }

  /** Turns TLS on, after the server has agreed to it. */
  async startTls(ca: string): Promise<void> {
    this.#socket.removeAllListeners();
    const secured = connectTls({ socket: this.#socket, ca, host: '127.0.0.1' });
    await once(secured, 'secureConnect');
    this.#socket = secured;
    this.#listen();
  }

  /** Closes the sending side only. */
  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(size: number): string {
    const taken = this.#received.slice(0, size);
    this.#received = this.#received.slice(size);
    return taken;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #listen(): void {
    this.#socket.setNoDelay(true);
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    this.#socket.on('error', end);
    this.#socket.on('close', end);
  }
}
