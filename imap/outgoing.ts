/** Writing one command, with synchronising literals (RFC 3501 section 4.3). */
import type { LiteralPart, Part } from './grammar.ts';
import { refuse } from './refusal.ts';
import type { Asked } from './refusals.ts';
import type { DataResponse, ResponseCode } from './response.ts';

export interface Command {
  readonly asked: Asked;
  /** For people, after the server's name: `open Sent`, `store a message in INBOX`. */
  readonly about: string;
  readonly parts: readonly Part[];
  /** Untagged data while this command is under way, also what the server sends unasked. */
  readonly onData?: (data: DataResponse) => void;
  /** Untagged OK and NO with a response code. */
  readonly onCode?: (code: ResponseCode) => void;
  /**
   * Called before each slice of a literal, and in the tick in which the command's last bytes are written. When it throws,
   * the connection is destroyed in that tick and `run` rejects with what it threw.
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
  /** Answered or lost: nothing more is to be written. */
  settled: boolean;
  /** Ends the wait for `+`. */
  proceed: () => void;
}

/** Resolves when the bytes have left this process, or never will. */
export type Write = (bytes: Buffer) => Promise<void>;

const SLICE_BYTES = 64 * 1024;

function* slices(pieces: readonly Buffer[]): Generator<Buffer> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += SLICE_BYTES) yield piece.subarray(at, at + SLICE_BYTES);
  }
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/**
 * Writes a command. The last byte of each literal is held back and written together with what follows it, since some
 * servers act as soon as a literal is complete. All earlier bytes have left this process by then, so that a process
 * that was suspended has nothing in its buffers that would be sent before it can look at the clock.
 * Rejects with what `mayCommit` threw; then the last bytes were not written.
 */
export async function sendCommand(outgoing: Outgoing, write: Write): Promise<void> {
  const { command, tag } = outgoing;
  outgoing.stage = 'sending';
  let unsent = bytes(`${tag} `);
  for (const part of command.parts) {
    if (typeof part === 'string') {
      unsent = Buffer.concat([unsent, bytes(part)]);
      continue;
    }
    await announce(outgoing, write, Buffer.concat([unsent, bytes(`{${part.bytes}}\r\n`)]));
    if (outgoing.settled) return;
    unsent = await sendLiteral(outgoing, write, part);
    if (outgoing.settled) return;
  }
  command.mayCommit?.();
  outgoing.stage = 'sent';
  void write(Buffer.concat([unsent, bytes('\r\n')]));
}

async function announce(outgoing: Outgoing, write: Write, announcement: Buffer): Promise<void> {
  const accepted = new Promise<void>((resolve) => (outgoing.proceed = resolve));
  outgoing.stage = 'waiting';
  void write(announcement);
  await accepted;
}

/** Gives the byte that was held back. */
async function sendLiteral(outgoing: Outgoing, write: Write, literal: LiteralPart): Promise<Buffer> {
  let left = literal.bytes;
  for (const slice of slices(literal.pieces)) {
    left -= slice.length;
    if (left < 0) break;
    outgoing.command.mayCommit?.();
    const held = left === 0 ? 1 : 0;
    if (slice.length > held) await write(slice.subarray(0, slice.length - held));
    if (outgoing.settled || held === 1) return slice.subarray(slice.length - 1);
  }
  if (left !== 0) throw refuse('us.bug', 'A literal was not as long as announced', { stored: 'refused' });
  return bytes('');
}
