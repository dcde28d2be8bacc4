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
import { CommandQueue } from './command-queue.ts';
import type { Completion, Pending } from './command-queue.ts';
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
import { Silence } from './silence.ts';
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
  readonly #silence: Silence;
  readonly #commands = new CommandQueue();
  #lost: Error | undefined;
  #paused = false;
  #mayStillStore = false;

  /** Takes over sockets that nobody else reads or writes any more. */
  constructor(sockets: WireSockets, options: WireOptions) {
    this.#sockets = sockets;
    this.#options = options;
    const assembler = new Assembler(
      (raw) => this.#route(raw),
      (lines, bytes) => this.#claim(lines, bytes),
    );
    this.#silence = new Silence(options.commandTimeout, () => this.#silent());
    this.#talk = new IdleTalk(options.commandTimeout, options.mostIdle ?? MOST_IDLE_BYTES, (why) =>
      this.#violated(why),
    );
    this.#scanner = new Scanner(assembler, options.limits ?? DEFAULT_LIMITS);
    this.#outlet = new Outlet(sockets.writeSocket, {
      left: () => {
        this.#silence.alive();
        this.#talk.useful();
      },
      forbidden: (outgoing, reason) => this.#abandon(outgoing, reason),
    });
    this.#listen();
  }

  get usable(): boolean {
    return this.#lost === undefined;
  }

  /** It has ended with commands unanswered that store something. */
  get mayStillStore(): boolean {
    return this.#mayStillStore;
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
      this.#commands.add(command, resolve, reject);
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
    this.#talk.pause();
    this.#silence.end();
    this.#sockets.readSocket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#lost !== undefined) return;
    this.#paused = false;
    if (this.#commands.current !== undefined) {
      this.#talk.goOn();
      this.#silence.begin();
    }
    this.#sockets.readSocket.resume();
  }

  /**
   * Destroys the sockets in this very tick and rejects everything pending with the reason. Only the first call counts. Without
   * TLS, what the kernel still holds of an unanswered command is dropped as well.
   */
  destroy(reason: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    this.#silence.end();
    this.#talk.end();
    this.#scanner.stop();
    const { readSocket, writeSocket } = this.#sockets;
    if (this.#commands.current !== undefined) reset(writeSocket);
    readSocket.destroy();
    writeSocket.destroy();
    for (const pending of this.#commands.settleAll()) {
      this.#mayStillStore ||= mayBeStored(pending) && pending.command.mayCommit !== undefined;
      pending.reject(refuseAlike(reason, mayBeStored(pending) ? 'in-doubt' : 'refused'));
      pending.proceed();
    }
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

  #take(chunk: Buffer): void {
    if (this.#lost !== undefined) return;
    this.#silence.alive();
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

  #silent(): void {
    const { peer, commandTimeout } = this.#options;
    const { current } = this.#commands;
    if (current === undefined) return;
    const text = `${peer} was silent for ${commandTimeout} ms when asked to ${current.command.about}`;
    this.destroy(refuse('server.timeout', text));
  }

  #watch(): void {
    if (this.#commands.current === undefined || this.#paused || this.#lost !== undefined) {
      this.#talk.end();
      this.#silence.end();
      return;
    }
    this.#talk.begin();
    this.#silence.begin();
  }

  #next(): void {
    if (this.#commands.sending !== undefined || this.#lost !== undefined) return;
    const pending = this.#commands.begin();
    // The end of the command before goes out with this one, or by itself.
    if (pending === undefined) return void this.#outlet.flush();
    if (this.#commands.current === pending) this.#watch();
    sendCommand(pending, this.#outlet).then(
      () => this.#sent(pending),
      (error: unknown) => this.#abandon(pending, error),
    );
  }

  #sent(pending: Pending): void {
    if (this.#commands.sent(pending)) this.#next();
  }

  /** Before the last bytes are written something on our side said no. */
  #abandon(outgoing: Outgoing, error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error));
    this.#commands.settle(outgoing)?.reject(reason);
    reset(this.#sockets.writeSocket);
    this.destroy(reason);
  }

  /** Only a command that reads messages has use for literals of their size. */
  #claim(lines: readonly string[], bytes: number): LiteralSink | undefined {
    const claim = this.#commands.current?.command.onLiteral;
    if (claim !== undefined) return claim(lines, bytes);
    if (bytes > MOST_UNCLAIMED)
      throw new ResponseError(`it announces a literal of ${bytes} bytes that nobody asked for`);
    return undefined;
  }

  #route(raw: RawResponse): void {
    if (this.#commands.current?.command.onRaw?.(raw) !== true) this.#understand(raw);
    if (this.#lost === undefined) this.#talk.heard(raw);
  }

  #understand(raw: RawResponse): void {
    const response = readResponse(raw);
    switch (response.kind) {
      case 'continuation':
        return this.#continue();
      case 'data':
        return this.#commands.concernedBy(response)?.command.onData?.(response);
      case 'status':
        return response.tag === undefined ? this.#untagged(response) : this.#tagged(response, response.tag);
    }
  }

  #continue(): void {
    const pending = this.#commands.sending;
    // One that was refused is not asked for any more: what is sent next would be taken for its literal.
    if (pending?.stage !== 'waiting' || pending.settled)
      return this.#violated('it asked for more although nothing was announced');
    pending.stage = 'sending';
    pending.proceed();
  }

  #untagged({ status, code, text }: StatusResponse): void {
    if (status === 'PREAUTH') return this.#violated('it greets in the middle of a session');
    if (status === 'BYE' && this.#commands.current?.command.asked !== 'logout') {
      const details = { status, serverText: text, responseCode: code?.name };
      const classified = this.#options.classify({ asked: 'bye', responseCode: code?.name, text });
      return this.destroy(
        refuse(classified.code, `${this.#options.peer} ended the connection`, {
          ...details,
          waitMs: classified.waitMs,
        }),
      );
    }
    if (code !== undefined) this.#commands.current?.command.onCode?.(code);
    if (status === 'NO') this.#commands.current?.command.onWarning?.(text);
  }

  #tagged(answer: StatusResponse, tag: string): void {
    const pending = this.#commands.withTag(tag);
    if (pending === undefined) return this.#violated('it answered a command that was not given');
    const { status, code, text } = answer;
    if (status !== 'OK' && status !== 'NO' && status !== 'BAD') {
      return this.#violated('it ended a command with neither OK, NO nor BAD');
    }
    if (status === 'OK' && pending.stage !== 'sent')
      return this.#violated('it accepted a command before it was complete');
    const { stage } = pending;
    this.#commands.settle(pending);
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
