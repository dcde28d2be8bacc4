/**
 * The limit: a bare lane between two servers. It streams bodies from one connection into the other as they arrive, in
 * MULTIAPPENDs or pipelined APPENDs with non-synchronising literals, and never waits for an answer unless more than its
 * window is unanswered. No ledger, no checks, no escaping, no strange servers: what it takes is what cannot be spared.
 */
import { connect, type Socket } from 'node:net';
import { readJob, shareFolders, type Account, type CopyJob } from './job.ts';

const BATCH_MESSAGES = 1_000;
const BATCH_BYTES = 4 * 1024 * 1024;
const CLOSING_BRACE = 125;
const OPENING_BRACE = 123;
const LF = 10;

interface Sink {
  /** A line without CRLF; `announced` bytes of a literal follow. */
  readonly line: (text: string, announced: number) => void;
  readonly literal: (slice: Buffer) => void;
}

/** One connection: splits what arrives into lines and slices of literals. */
class Line {
  readonly socket: Socket;
  sink: Sink = { line: () => undefined, literal: () => undefined };
  #carry: Buffer | undefined;
  #missing = 0;
  #tags = 0;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.socket.on('error', failed);
  }

  /** Sends a command and waits for its OK; gives its untagged lines. */
  ask(command: string): Promise<readonly string[]> {
    const tag = `a${(this.#tags += 1)}`;
    const lines: string[] = [];
    this.socket.write(`${tag} ${command}\r\n`);
    return new Promise((resolve, reject) => {
      this.sink = {
        literal: () => undefined,
        line: (text) => {
          if (!text.startsWith(`${tag} `)) return void lines.push(text);
          if (text.startsWith(`${tag} OK`)) resolve(lines);
          else reject(new Error(text));
        },
      };
    });
  }

  #take(received: Buffer): void {
    const chunk = this.#carry === undefined ? received : Buffer.concat([this.#carry, received]);
    this.#carry = undefined;
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing > 0) {
        const slice = chunk.subarray(at, at + this.#missing);
        this.#missing -= slice.length;
        at += slice.length;
        this.sink.literal(slice);
        continue;
      }
      const end = chunk.indexOf(LF, at);
      if (end === -1) {
        this.#carry = chunk.subarray(at);
        return;
      }
      const announces = chunk[end - 2] === CLOSING_BRACE;
      this.#missing = announces
        ? Number(chunk.toString('latin1', chunk.lastIndexOf(OPENING_BRACE, end) + 1, end - 2))
        : 0;
      const text = chunk.toString('latin1', at, end - 1);
      at = end + 1;
      this.sink.line(text, this.#missing);
    }
  }
}

async function open({ port, user, password }: Account): Promise<Line> {
  const line = new Line(port);
  await line.ask(`LOGIN ${user} ${password}`);
  return line;
}

/** Copies one folder at the pace of the slower side. */
class Lane {
  readonly #source: Line;
  readonly #destination: Line;
  readonly #folder: string;
  readonly #window: number;
  readonly #batch: number;
  /** Bytes of each command that has been sent and not been answered. */
  readonly #unanswered: number[] = [];
  #unansweredBytes = 0;
  #openMessages = 0;
  #openBytes = 0;
  #literalLeft = 0;
  #commands = 0;
  #fetched = false;
  #done: () => void = () => undefined;

  constructor(source: Line, destination: Line, options: { folder: string; window: number; multiple: boolean }) {
    this.#source = source;
    this.#destination = destination;
    this.#folder = options.folder;
    this.#window = options.window;
    this.#batch = options.multiple ? BATCH_MESSAGES : 1;
  }

  async run(): Promise<void> {
    const done = new Promise<void>((resolve) => (this.#done = resolve));
    this.#destination.sink = { line: (text) => this.#answered(text), literal: () => undefined };
    this.#destination.socket.on('drain', this.#pace);
    this.#source.sink = { line: (text, size) => this.#line(text, size), literal: (slice) => this.#literal(slice) };
    this.#source.socket.write('f UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n');
    await done;
    this.#destination.socket.removeListener('drain', this.#pace);
  }

  #line(text: string, size: number): void {
    if (text.startsWith('f ')) return this.#end(text);
    if (size === 0) return;
    const [, flags = ''] = /FLAGS \(([^)]*)\)/.exec(text) ?? [];
    const [date = ''] = /"[^"]*"/.exec(text) ?? [];
    const opening = this.#openMessages === 0 ? `l${(this.#commands += 1)} APPEND "${this.#folder}"` : '';
    this.#write(`${opening} (${flags.replace('\\Recent', '').trim()}) ${date} {${size}+}\r\n`);
    this.#openMessages += 1;
    this.#openBytes += size;
    this.#literalLeft = size;
  }

  #literal(slice: Buffer): void {
    this.#write(slice);
    this.#literalLeft -= slice.length;
    const full = this.#openMessages >= this.#batch || this.#openBytes >= BATCH_BYTES;
    if (this.#literalLeft === 0 && full) this.#close();
    this.#pace();
  }

  /** What one turn of the event loop writes goes out together. */
  #write(bytes: string | Buffer): void {
    const { socket } = this.#destination;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(bytes, 'latin1');
  }

  #close(): void {
    if (this.#openMessages === 0) return;
    this.#write('\r\n');
    this.#unanswered.push(this.#openBytes);
    this.#unansweredBytes += this.#openBytes;
    this.#openMessages = 0;
    this.#openBytes = 0;
  }

  #answered(text: string): void {
    if (!text.startsWith('l')) return;
    if (!/^l\d+ OK/.test(text)) failed(new Error(text));
    this.#unansweredBytes -= this.#unanswered.shift() ?? 0;
    this.#pace();
    this.#endIfAnswered();
  }

  readonly #pace = (): void => {
    const full = this.#unansweredBytes > this.#window || this.#destination.socket.writableLength > this.#window / 2;
    if (full) this.#source.socket.pause();
    else this.#source.socket.resume();
  };

  #end(text: string): void {
    if (!text.startsWith('f OK')) failed(new Error(text));
    this.#close();
    this.#fetched = true;
    this.#endIfAnswered();
  }

  #endIfAnswered(): void {
    if (this.#fetched && this.#unanswered.length === 0) this.#done();
  }
}

async function copyFolders(job: CopyJob, next: () => string | undefined): Promise<void> {
  const [source, destination] = await Promise.all([open(job.source), open(job.destination)]);
  const capabilities = (await destination.ask('CAPABILITY')).join(' ');
  for (let folder = next(); folder !== undefined; folder = next()) {
    if (folder !== 'INBOX') await destination.ask(`CREATE "${folder}"`);
    await source.ask(`EXAMINE "${folder}"`);
    const multiple = capabilities.includes('MULTIAPPEND');
    await new Lane(source, destination, { folder, window: job.memoryBytes, multiple }).run();
  }
  source.socket.destroy();
  destination.socket.destroy();
}

function failed(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

const job = await readJob();
await shareFolders(job, (next) => copyFolders(job, next));
