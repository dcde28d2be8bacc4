import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { itemsOf, parseValues, textOf } from './imap-values.ts';
import type { ImapValue } from './imap-values.ts';
import type { Naming } from './mailbox-names.ts';

/** Where a mailbox is and how to open it. Certificates are not checked: this is for servers that a test has started. */
export interface ImapAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** By default no TLS at all. */
  readonly tls?: 'none' | 'starttls' | 'tls';
  /** Whose mailbox is opened when `user` is an administrator (SASL PLAIN, RFC 4616). */
  readonly authzid?: string;
  /** With a token the login is XOAUTH2, and the password is not used. */
  readonly accessToken?: string;
}

/** One response: what came before the first space, the rest with `{n}` where literals were, and those literals. */
export interface ImapResponse {
  readonly tag: string;
  readonly text: string;
  readonly literals: readonly Buffer[];
}

/** The server said NO, BAD or BYE. */
export class ImapRefusal extends Error {
  override readonly name = 'ImapRefusal';
  readonly response: ImapResponse;

  constructor(command: string, response: ImapResponse) {
    super(`${command} was answered with: ${response.text}`);
    this.response = response;
  }
}

const TIMEOUT_MS = 30_000;

class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;
  #end: Error | undefined;
  #wake: () => void = () => undefined;

  attach(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    const ended = (error?: Error): void => {
      this.#end ??= new Error('the server closed the connection', { cause: error });
      this.#wake();
    };
    socket.on('error', ended);
    socket.on('close', () => ended());
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`silent for ${TIMEOUT_MS} ms`)));
  }

  async #more(): Promise<void> {
    if (this.#end !== undefined) throw this.#end;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#length < count) await this.#more();
    const all = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = all ?? this.#chunks[0] ?? Buffer.alloc(0);
      parts.push(chunk.subarray(0, missing));
      if (chunk.length > missing) this.#chunks[0] = chunk.subarray(missing);
      else this.#chunks.shift();
      missing -= Math.min(missing, chunk.length);
    }
    this.#length -= count;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  /** A line without its CRLF, bytes as characters. */
  async line(): Promise<string> {
    for (;;) {
      const [first, second, ...rest] = this.#chunks;
      const end = first?.indexOf(0x0a) ?? -1;
      if (end !== -1) return (await this.bytes(end + 1)).toString('latin1').replace(/\r?\n$/, '');
      if (first !== undefined && second !== undefined) this.#chunks = [Buffer.concat([first, second]), ...rest];
      else await this.#more();
    }
  }
}

/** An authenticated connection of the test client. It shares no code with what it checks. */
export class ImapConnection {
  #socket: Socket;
  #queue = new ByteQueue();
  #tags = 0;
  #capabilities: ReadonlySet<string> = new Set();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#queue.attach(socket);
  }

  /** Connects and logs in; rejects with `ImapRefusal` when the login is refused. */
  static async open(access: ImapAccess): Promise<ImapConnection> {
    const { host, port } = access;
    const socket =
      access.tls === 'tls' ? connectTls({ host, port, rejectUnauthorized: false }) : connectPlain({ host, port });
    socket.setNoDelay(true);
    const connection = new ImapConnection(socket);
    try {
      const greeting = await connection.read();
      if (!/^OK/i.test(greeting.text)) throw new ImapRefusal('the connection', greeting);
      if (access.tls === 'starttls') await connection.#startTls();
      await connection.#login(access);
      const [capability] = await connection.command('CAPABILITY');
      connection.#capabilities = new Set((capability?.text ?? '').toUpperCase().split(' ').slice(1));
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** Whether the server announces a capability after login. */
  has(capability: string): boolean {
    return this.#capabilities.has(capability.toUpperCase());
  }

  /** Sends one command line and gives its untagged responses; rejects with `ImapRefusal` unless the answer is OK. */
  async command(line: string): Promise<readonly ImapResponse[]> {
    const tag = this.nextTag();
    await this.write(`${tag} ${line}\r\n`);
    return this.answerOf(tag, line.split(' ', 1)[0] ?? line);
  }

  /** The untagged responses up to the tagged one. */
  async answerOf(tag: string, command: string): Promise<readonly ImapResponse[]> {
    const untagged: ImapResponse[] = [];
    for (;;) {
      const response = await this.read();
      if (response.tag === tag) {
        if (/^OK/i.test(response.text)) return untagged;
        throw new ImapRefusal(command, response);
      }
      untagged.push(response);
    }
  }

  /** Waits for the server's `+`; rejects with `ImapRefusal` when the command is refused instead. */
  async continuation(command: string): Promise<void> {
    for (;;) {
      const response = await this.read();
      if (response.tag === '+') return;
      if (response.tag !== '*') throw new ImapRefusal(command, response);
    }
  }

  async read(): Promise<ImapResponse> {
    let line = await this.#queue.line();
    let whole = '';
    const literals: Buffer[] = [];
    for (let size = /\{(\d+)\}$/.exec(line)?.[1]; size !== undefined; size = /\{(\d+)\}$/.exec(line)?.[1]) {
      whole += line;
      literals.push(await this.#queue.bytes(Number(size)));
      line = await this.#queue.line();
    }
    whole += line;
    const [tag = ''] = whole.split(' ', 1);
    return { tag, text: whole.slice(tag.length + 1), literals };
  }

  nextTag(): string {
    this.#tags += 1;
    return `t${this.#tags}`;
  }

  /** Writes as fast as the connection takes it. */
  async write(bytes: string | Buffer): Promise<void> {
    const taken = this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    // On a closed connection nothing ever drains; reading then says why.
    if (!taken && !this.#socket.destroyed) await this.#drained();
  }

  /** The connection takes more, or has closed. */
  async #drained(): Promise<void> {
    const over = new AbortController();
    const { signal } = over;
    const events = ['drain', 'close'].map((event) => once(this.#socket, event, { signal }));
    try {
      await Promise.race(events);
    } finally {
      // The one that did not come would leave its listeners at the socket.
      over.abort();
      await Promise.allSettled(events);
    }
  }

  /** The personal namespace, or the root's delimiter on a server without NAMESPACE. */
  async naming(): Promise<Naming> {
    const lines = this.has('NAMESPACE') ? await this.command('NAMESPACE') : await this.command('LIST "" ""');
    const values = lines
      .filter(({ text }) => /^(NAMESPACE|LIST) /i.test(text))
      .map(({ text, literals }) => parseValues(text, literals));
    const [answer = []] = values;
    const root = this.has('NAMESPACE') ? itemsOf(itemsOf(answer[1])[0]) : ([undefined, answer[2]] as const);
    const [prefix, delimiter]: readonly (ImapValue | undefined)[] = root;
    return { prefix: textOf(prefix) ?? '', delimiter: textOf(delimiter) };
  }

  async logout(): Promise<void> {
    await this.command('LOGOUT');
    this.close();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #startTls(): Promise<void> {
    await this.command('STARTTLS');
    const plain = this.#socket;
    plain.removeAllListeners('data').removeAllListeners('close').removeAllListeners('timeout');
    this.#socket = connectTls({ socket: plain, rejectUnauthorized: false });
    this.#queue = new ByteQueue();
    this.#queue.attach(this.#socket);
    await once(this.#socket, 'secureConnect');
  }

  async #login({ user, password, authzid, accessToken }: ImapAccess): Promise<void> {
    const [mechanism, response] =
      accessToken === undefined
        ? ['PLAIN', `${authzid ?? ''}\0${user}\0${password}`]
        : ['XOAUTH2', `user=${user}\u0001auth=Bearer ${accessToken}\u0001\u0001`];
    const tag = this.nextTag();
    await this.write(`${tag} AUTHENTICATE ${mechanism}\r\n`);
    await this.continuation('AUTHENTICATE');
    await this.write(`${Buffer.from(response, 'utf8').toString('base64')}\r\n`);
    await this.#endOfAuthentication(tag);
  }

  /** A refused token is explained in a `+` that has to be answered with an empty line before the tagged NO comes. */
  async #endOfAuthentication(tag: string): Promise<void> {
    for (;;) {
      const response = await this.read();
      if (response.tag === '+') await this.write('\r\n');
      if (response.tag !== tag) continue;
      if (/^OK/i.test(response.text)) return;
      throw new ImapRefusal('AUTHENTICATE', response);
    }
  }
}
