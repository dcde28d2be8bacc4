/**
 * One authenticated connection, spoken strictly: one command at a time, but for those that may be pipelined; every response
 * routed or refused, every promise settled. Whatever the server does that IMAP does not allow ends the connection before
 * harm is done.
 */
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Assembler } from './assembler.ts';
import type { LiteralSink } from './assembler.ts';
import { IdleTalk, MOST_IDLE_BYTES } from './idle-talk.ts';
import { sendCommand } from './outgoing.ts';
import type { Command, Outgoing, Stage } from './outgoing.ts';
import { Outlet } from './outlet.ts';
import { refuse, refuseAlike } from './refusal.ts';
import type { Asked, Classified, ServerRefusal } from './refusals.ts';
import { readResponse, ResponseError } from './response.ts';
import type { RawResponse, ResponseCode, StatusResponse } from './response.ts';
import { DEFAULT_LIMITS, ScanError, Scanner } from './scanner.ts';
import type { ScannerLimits } from './scanner.ts';
import type { ImapRefusal } from './types.ts';

export interface WireOptions {
  /** For people: `imap.example.com:993`. */
  readonly peer: string;
  /** Milliseconds without a byte in either direction while a command is under way. */
  readonly commandTimeout: number;
  readonly limits?: ScannerLimits;
  /** Bytes that may be said without answering anything. */
  readonly mostIdle?: number;
  readonly classify: (refusal: Pick<ServerRefusal, 'asked' | 'responseCode' | 'text'>) => Classified;
}

export interface WireSockets {
  readonly readSocket: Readable;
  readonly writeSocket: Writable;
}

/** The tagged OK. */
export interface Completion {
  readonly code?: ResponseCode;
  readonly text: string;
}

interface Pending extends Outgoing {
  readonly resolve: (completion: Completion) => void;
  readonly reject: (error: Error) => void;
}

const MOST_UNCLAIMED = 32 << 20;

function hasLiteral({ parts }: Command): boolean {
  return parts.some((part) => typeof part !== 'string');
}

/** A command without its end stores nothing; of several messages, some servers may store those that are complete. */
function mayBeStored({ stage, literals }: Pending): boolean {
  return stage === 'sent' || (stage !== 'queued' && literals > 0);
}

/** Ends a connection without TLS so that what the kernel has not sent yet is thrown away. */
function reset(socket: Writable): void {
  if (socket instanceof Socket && !(socket instanceof TLSSocket) && !socket.destroyed) socket.resetAndDestroy();
}

export class Wire {
  readonly #sockets: WireSockets;
  readonly #options: WireOptions;
  readonly #scanner: Scanner;
  readonly #talk: IdleTalk;
  readonly #outlet: Outlet;
  readonly #queue: Pending[] = [];
  /** Begun and not answered, in the order in which they were sent; several only where all of them may be pipelined. */
  #flying: Pending[] = [];
  /** The one of them whose bytes are being written. */
  #sending: Pending | undefined;
  #lost: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #paused = false;
  #tags = 0;
  /** Counts signs of life. */
  #heard = 0;

  /** Takes over sockets that nobody else reads or writes any more. */
  constructor(sockets: WireSockets, options: WireOptions) {
    this.#sockets = sockets;
    this.#options = options;
    const assembler = new Assembler(
      (raw) => this.#route(raw),
      (lines, bytes) => this.#claim(lines, bytes),
    );
    this.#talk = new IdleTalk(options.commandTimeout, options.mostIdle ?? MOST_IDLE_BYTES, (why) =>
      this.#violated(why),
    );
    this.#scanner = new Scanner(assembler, options.limits ?? DEFAULT_LIMITS);
    this.#outlet = new Outlet(sockets.writeSocket, {
      left: () => {
        this.#alive();
        this.#talk.useful();
      },
      forbidden: (outgoing, reason) => this.#abandon(outgoing, reason),
    });
    this.#listen();
  }

  get usable(): boolean {
    return this.#lost === undefined;
  }

  /**
   * Runs a command after all those called for before it; a pipelined one as soon as those have been sent, where they are
   * pipelined as well. Rejects with an ImapRefusal, or with what `mayCommit` threw.
   */
  run(command: Command): Promise<Completion> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(refuseAlike(this.#lost, 'refused'));
        return;
      }
      const pending = {
        command,
        resolve,
        reject,
        tag: '',
        stage: 'queued' as const,
        literals: 0,
        settled: false,
        proceed: () => undefined,
      };
      this.#queue.push(pending);
      this.#next();
    });
  }

  /** What came was of use to the command in hand. A server that says nothing of use for long is not waited for. */
  progressed(): void {
    this.#talk.useful();
  }

  /** Lets the server's data wait in the network until `resume`; the time-outs wait as well. */
  pause(): void {
    if (this.#paused || this.#lost !== undefined) return;
    this.#paused = true;
    this.#talk.end();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sockets.readSocket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#lost !== undefined) return;
    this.#paused = false;
    this.#watch();
    this.#sockets.readSocket.resume();
  }

  /**
   * Destroys the sockets in this very tick and rejects everything pending with the reason. Only the first call counts. Without
   * TLS, what the kernel still holds of an unanswered command is dropped as well.
   */
  destroy(reason: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    clearTimeout(this.#timer);
    this.#talk.end();
    this.#scanner.stop();
    const { readSocket, writeSocket } = this.#sockets;
    const pending = [...this.#flying, ...this.#queue.splice(0)];
    if (this.#flying.length > 0) reset(writeSocket);
    readSocket.destroy();
    writeSocket.destroy();
    this.#flying = [];
    this.#sending = undefined;
    for (const each of pending) {
      each.settled = true;
      each.reject(refuseAlike(reason, mayBeStored(each) ? 'in-doubt' : 'refused'));
      each.proceed();
    }
  }

  /** Whose data the server sends: it takes commands in their order. */
  get #current(): Pending | undefined {
    return this.#flying[0];
  }

  #listen(): void {
    const { readSocket, writeSocket } = this.#sockets;
    const lost = (cause?: Error): void => {
      const details = cause === undefined ? {} : { cause };
      this.destroy(refuse('server.connection-lost', `The connection to ${this.#options.peer} was lost`, details));
    };
    // The listeners stay for good: an error after `destroy` must not end the process.
    for (const socket of new Set<Readable | Writable>([readSocket, writeSocket])) {
      socket.on('error', lost);
      socket.on('close', () => lost());
    }
    readSocket.on('end', () => lost());
    readSocket.on('data', (chunk: Buffer) => this.#take(chunk));
    // Whoever had it before may have left it paused.
    readSocket.resume();
  }

  #alive(): void {
    this.#heard += 1;
    this.#timer?.refresh();
  }

  #take(chunk: Buffer): void {
    if (this.#lost !== undefined) return;
    this.#alive();
    try {
      this.#scanner.push(chunk);
    } catch (error) {
      if (error instanceof ScanError || error instanceof ResponseError) this.#violated(error.message, error);
      else this.destroy(refuse('us.bug', `A response of ${this.#options.peer} could not be handled`, { cause: error }));
    }
  }

  #violated(what: string, cause?: Error): void {
    const text = `${this.#options.peer} does not keep to IMAP: ${what}`;
    this.destroy(refuse('server.protocol', text, { cause }));
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#talk.end();
    if (this.#current === undefined || this.#paused || this.#lost !== undefined) return;
    this.#talk.begin();
    const { peer, commandTimeout } = this.#options;
    const { about } = this.#current.command;
    const silent = (): void => {
      this.destroy(refuse('server.timeout', `${peer} was silent for ${commandTimeout} ms when asked to ${about}`));
    };
    this.#timer = setTimeout(() => {
      // After this process was busy or suspended, what came meanwhile has not been read yet: it is first heard.
      const heard = this.#heard;
      const watched = this.#timer;
      setImmediate(() => {
        if (this.#timer === watched && this.#heard === heard) silent();
      });
    }, commandTimeout);
  }

  #next(): void {
    if (this.#sending !== undefined || this.#lost !== undefined) return;
    const [pending] = this.#queue;
    // The end of the command before goes out with this one, or by itself.
    if (pending === undefined || !this.#mayFollow(pending)) return void this.#outlet.flush();
    this.#queue.shift();
    this.#flying.push(pending);
    this.#sending = pending;
    this.#tags += 1;
    pending.tag = `F${this.#tags}`;
    if (this.#flying.length === 1) this.#watch();
    sendCommand(pending, this.#outlet).then(
      () => this.#sent(pending),
      (error: unknown) => this.#abandon(pending, error),
    );
  }

  #mayFollow({ command }: Pending): boolean {
    if (this.#flying.length === 0) return true;
    return command.pipelined === true && this.#flying.every((flying) => flying.command.pipelined === true);
  }

  #sent(pending: Pending): void {
    if (this.#sending !== pending) return;
    this.#sending = undefined;
    this.#next();
  }

  /** Before the last bytes are written something on our side said no. */
  #abandon(outgoing: Outgoing, error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error));
    const pending = this.#flying.find((flying) => flying === outgoing);
    if (pending !== undefined) {
      pending.settled = true;
      pending.reject(reason);
    }
    this.#flying = this.#flying.filter((flying) => flying !== pending);
    reset(this.#sockets.writeSocket);
    this.destroy(reason);
  }

  /** Only a command that reads messages has use for literals of their size. */
  #claim(lines: readonly string[], bytes: number): LiteralSink | undefined {
    const claim = this.#current?.command.onLiteral;
    if (claim !== undefined) return claim(lines, bytes);
    if (bytes > MOST_UNCLAIMED)
      throw new ResponseError(`it announces a literal of ${bytes} bytes that nobody asked for`);
    return undefined;
  }

  #route(raw: RawResponse): void {
    if (this.#current?.command.onRaw?.(raw) !== true) this.#understand(raw);
    if (this.#lost === undefined) this.#talk.heard(raw);
  }

  #understand(raw: RawResponse): void {
    const response = readResponse(raw);
    switch (response.kind) {
      case 'continuation':
        return this.#continue();
      case 'data':
        return this.#current?.command.onData?.(response);
      case 'status':
        return response.tag === undefined ? this.#untagged(response) : this.#tagged(response, response.tag);
    }
  }

  #continue(): void {
    const pending = this.#sending;
    if (pending?.stage !== 'waiting') return this.#violated('it asked for more although nothing was announced');
    pending.stage = 'sending';
    pending.proceed();
  }

  #untagged({ status, code, text }: StatusResponse): void {
    if (status === 'PREAUTH') return this.#violated('it greets in the middle of a session');
    if (status === 'BYE' && this.#current?.command.asked !== 'logout') {
      const details = { status, serverText: text, responseCode: code?.name };
      const classified = this.#options.classify({ asked: 'bye', responseCode: code?.name, text });
      return this.destroy(
        refuse(classified.code, `${this.#options.peer} ended the connection`, {
          ...details,
          waitMs: classified.waitMs,
        }),
      );
    }
    if (code !== undefined) this.#current?.command.onCode?.(code);
    if (status === 'NO') this.#current?.command.onWarning?.(text);
  }

  #tagged(answer: StatusResponse, tag: string): void {
    const pending = this.#flying.find((flying) => flying.tag === tag);
    if (pending === undefined) return this.#violated('it answered a command that was not given');
    const { status, code, text } = answer;
    if (status !== 'OK' && status !== 'NO' && status !== 'BAD') {
      return this.#violated('it ended a command with neither OK, NO nor BAD');
    }
    if (status === 'OK' && pending.stage !== 'sent')
      return this.#violated('it accepted a command before it was complete');
    const { stage } = pending;
    this.#flying = this.#flying.filter((flying) => flying !== pending);
    pending.settled = true;
    if (status === 'OK') pending.resolve({ text, ...(code === undefined ? {} : { code }) });
    else this.#refused(pending, status, stage, answer);
    pending.proceed();
    this.#watch();
    this.#next();
  }

  /**
   * A server that answers BAD may not have consumed the literal, or the rest of one that was under way: it would read the
   * message's body as commands. Such a connection is never used again.
   */
  #refused(pending: Pending, status: 'NO' | 'BAD', stage: Stage, { code, text }: StatusResponse): void {
    const { asked, about } = pending.command;
    const refusal = this.#refusal(asked, about, status, code, text);
    pending.reject(refusal);
    // A server has to read what was announced (RFC 7888 section 4), and may have stopped doing so.
    if (stage !== 'sending' && (status !== 'BAD' || !hasLiteral(pending.command))) return;
    reset(this.#sockets.writeSocket);
    this.destroy(refusal);
  }

  #refusal(
    asked: Asked,
    about: string,
    status: 'NO' | 'BAD',
    code: ResponseCode | undefined,
    text: string,
  ): ImapRefusal {
    const { code: refusalCode, waitMs } = this.#options.classify({ asked, responseCode: code?.name, text });
    const bracketed = code === undefined ? '' : `[${code.name}] `;
    return refuse(refusalCode, `${this.#options.peer} refused to ${about}`, {
      serverText: `${status} ${bracketed}${text}`,
      waitMs,
      stored: 'refused',
      status,
      responseCode: code?.name,
    });
  }
}
