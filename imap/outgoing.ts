/** Writing one command, with literals of both kinds (RFC 3501 section 4.3, RFC 7888). */
import { isStream } from './body.ts';
import type { LiteralPart, Part } from './grammar.ts';
import type { Chunk, Outlet } from './outlet.ts';
import { refuse } from './refusal.ts';
import type { Asked } from './refusals.ts';
import type { DataResponse, RawResponse, ResponseCode } from './response.ts';
import type { LiteralSink } from './assembler.ts';

export interface Command {
  readonly asked: Asked;
  /** For people, after the server's name: `open Sent`, `store a message in INBOX`. */
  readonly about: string;
  readonly parts: readonly Part[];
  /** It may be sent while other such commands wait for their answers. */
  readonly pipelined?: boolean;
  /**
   * Of a command that may be answered before those that were sent before it: whether data is its own, by what it names. Such data
   * goes to no other command.
   */
  readonly concerns?: (data: DataResponse) => 'exactly' | 'spelled otherwise' | undefined;
  /** Untagged data while this command is the first without an answer, also what the server sends unasked; and its own. */
  readonly onData?: (data: DataResponse) => void;
  /** A whole response before anybody has read it; true when that was all there is to do with it. */
  readonly onRaw?: (raw: RawResponse) => boolean;
  /** A literal is announced at the end of this line: where its bytes go, if not into the response. */
  readonly onLiteral?: (lines: readonly string[], bytes: number) => LiteralSink | undefined;
  /** Untagged OK and NO with a response code. */
  readonly onCode?: (code: ResponseCode) => void;
  /** The words of an untagged NO, which is a warning (RFC 3501 section 7.1.2). */
  readonly onWarning?: (text: string) => void;
  /**
   * Called before each write of less than 256 KiB of literals, and in the tick in which the command's last bytes are written.
   * When it throws, the connection is destroyed in that tick and `run` rejects with what it threw.
   */
  readonly mayCommit?: () => void;
}

/** `waiting`: for the server to accept a literal; `sent`: all bytes are written and only the answer is missing. */
export type Stage = 'queued' | 'sending' | 'waiting' | 'sent';

/** A command on its way. */
export interface Outgoing {
  readonly command: Command;
  tag: string;
  stage: Stage;
  /** Literals that have been given out completely, but for the last one. */
  literals: number;
  /** Answered or lost: nothing more is to be written. */
  settled: boolean;
  /** Ends the wait for `+`. */
  proceed: () => void;
}

const GROUP_BYTES = 128 * 1024;
const NOTHING = Buffer.alloc(0);

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/**
 * Writes a command but for its end, and leaves this to the outlet, where all earlier bytes have left this process by then. To
 * the end belongs the last byte of the last literal, since some servers act as soon as a literal is complete; without it no
 * server acts. The caller sees to it that the end goes out in the tick in which this resolves, with the next command or
 * without; only that of a command that is not pipelined has been written.
 * Rejects with what `mayCommit` or the body's stream threw; then the end is not written.
 */
export function sendCommand(outgoing: Outgoing, outlet: Outlet): Promise<void> {
  return new Sender(outgoing, outlet).send();
}

class Sender {
  readonly #outgoing: Outgoing;
  readonly #outlet: Outlet;
  /** Not written yet. */
  #gathered: Chunk[] = [];
  #bytes = 0;
  /** The last byte of the last literal. */
  #held: Buffer | undefined;

  constructor(outgoing: Outgoing, outlet: Outlet) {
    this.#outgoing = outgoing;
    this.#outlet = outlet;
  }

  async send(): Promise<void> {
    const outgoing = this.#outgoing;
    const { command, tag } = outgoing;
    const last = command.parts.findLastIndex((part) => typeof part !== 'string');
    outgoing.stage = 'sending';
    let text = `${tag} `;
    for (const [index, part] of command.parts.entries()) {
      if (typeof part === 'string') {
        text += part;
        continue;
      }
      const announcement = `${text}{${part.bytes}${part.waits === false ? '+' : ''}}\r\n`;
      text = '';
      if (part.waits !== false) await this.#announce(announcement);
      // What announces a literal of no bytes completes it.
      else if (part.bytes === 0 && index === last) text = announcement;
      else this.#gather(announcement);
      if (outgoing.settled) return;
      if (part.waits !== false) part.accepted?.();
      if (isStream(part.pieces)) await this.#stream(part, part.pieces, index === last);
      else this.#take(part, part.pieces, index === last);
      if (this.#bytes >= GROUP_BYTES) await this.#flush(GROUP_BYTES);
      if (outgoing.settled) return;
      if (index < last) outgoing.literals += 1;
    }
    await this.#end(bytes(`${text}\r\n`));
  }

  async #end(text: Buffer): Promise<void> {
    if (this.#bytes > 0) await this.#flush(1);
    const leaving = this.#outlet.flush();
    if (leaving !== undefined) await leaving;
    if (this.#outgoing.settled) return;
    this.#outlet.hold(this.#outgoing, Buffer.concat([this.#held ?? NOTHING, text]));
    if (this.#outgoing.command.pipelined !== true) void this.#outlet.flush();
  }

  #gather(chunk: Chunk): void {
    this.#bytes += chunk.length;
    if (typeof chunk === 'string' || chunk.length <= GROUP_BYTES) return void this.#gathered.push(chunk);
    for (let at = 0; at < chunk.length; at += GROUP_BYTES) this.#gathered.push(chunk.subarray(at, at + GROUP_BYTES));
  }

  /** Writes until less than `least` bytes are left, group by group; each has left this process before the next is written. */
  async #flush(least: number): Promise<void> {
    const chunks = this.#gathered;
    this.#gathered = [];
    let group: Chunk[] = [];
    let size = 0;
    for (const chunk of chunks) {
      group.push(chunk);
      size += chunk.length;
      if (size < GROUP_BYTES) continue;
      const leaving = this.#writeGroup(group, size);
      if (leaving !== undefined) await leaving;
      if (this.#outgoing.settled) return;
      group = [];
      size = 0;
    }
    if (size < least) this.#gathered = group;
    else await this.#writeGroup(group, size);
  }

  #writeGroup(group: readonly Chunk[], size: number): Promise<void> | undefined {
    this.#outgoing.command.mayCommit?.();
    this.#bytes -= size;
    return this.#outlet.write(group);
  }

  async #announce(announcement: string): Promise<void> {
    if (this.#bytes > 0) await this.#flush(1);
    if (this.#outgoing.settled) return;
    const accepted = new Promise<void>((resolve) => (this.#outgoing.proceed = resolve));
    this.#outgoing.stage = 'waiting';
    await Promise.all([this.#outlet.write([bytes(announcement)]), accepted]);
  }

  #take({ bytes: size }: LiteralPart, pieces: readonly Buffer[], isLast: boolean): void {
    let left = size;
    for (const piece of pieces) {
      left -= piece.length;
      if (left < 0) throw wrongLength();
      this.#piece(piece, isLast && left === 0);
    }
    if (left !== 0) throw wrongLength();
  }

  async #stream({ bytes: size }: LiteralPart, stream: AsyncIterable<Buffer>, isLast: boolean): Promise<void> {
    let left = size;
    // A stream may take its time.
    void this.#outlet.flush();
    for await (const piece of stream) {
      left -= piece.length;
      if (left < 0) throw wrongLength();
      this.#piece(piece, isLast && left === 0);
      if (this.#bytes >= GROUP_BYTES) await this.#flush(GROUP_BYTES);
      if (this.#outgoing.settled) return;
    }
    if (left !== 0) throw wrongLength();
  }

  #piece(piece: Buffer, hold: boolean): void {
    if (piece.length === 0) return;
    if (!hold) return this.#gather(piece);
    this.#held = piece.subarray(piece.length - 1);
    if (piece.length > 1) this.#gather(piece.subarray(0, piece.length - 1));
  }
}

function wrongLength(): Error {
  return refuse('us.bug', 'A literal was not as long as announced', { stored: 'refused' });
}
