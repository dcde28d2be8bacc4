import { isStream } from '../imap/body.ts';
import type { Prepared } from './message.ts';

/** Messages that go in one command. */
export type Batch = readonly Prepared[];

/** How much one command may hold. */
export interface CommandSize {
  /** More than that only of a message that is larger by itself. */
  readonly bytes: number;
  readonly messages: number;
  /** The same for a command with this message; all messages of a command have the same. */
  readonly mostWith: (uid: number) => number;
}

/** Messages that may leave, in their order; commands are cut from them when they leave, so that they are as large as they may be by then. */
export class Gathered {
  #messages: Prepared[] = [];
  #bytes = 0;

  get length(): number {
    return this.#messages.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of the next message. */
  get firstBytes(): number {
    return this.#messages[0]?.message.bytes ?? 0;
  }

  add(prepared: Prepared): void {
    this.#messages.push(prepared);
    this.#bytes += prepared.message.bytes;
  }

  /** Takes messages that were held up, each where its UID belongs. */
  insert(batch: Batch): void {
    if (batch.length === 0) return;
    this.#messages = [...this.#messages, ...batch].toSorted((a, b) => a.uid - b.uid);
    this.#bytes += bytesOf(batch);
  }

  /** What the next command would hold. */
  cut({ bytes: mostBytes, messages, mostWith }: CommandSize): Batch | undefined {
    const [first] = this.#messages;
    if (first === undefined) return undefined;
    const most = mostWith(first.uid);
    const end = Math.min(messages, most, this.#messages.length);
    let bytes = first.message.bytes;
    let count = 1;
    for (; count < end; count += 1) {
      const next = this.#messages[count];
      if (next === undefined || mostWith(next.uid) !== most) break;
      bytes += next.message.bytes;
      if (bytes > mostBytes) break;
    }
    return this.#messages.slice(0, count);
  }

  /** This command leaves, which was cut last. */
  take(batch: Batch): void {
    this.#messages.splice(0, batch.length);
    this.#bytes -= bytesOf(batch);
  }

  /** Gives everything out. */
  takeAll(): Batch {
    const all = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return all;
  }
}

export function bytesOf(batch: Batch): number {
  let bytes = 0;
  for (const { message } of batch) bytes += message.bytes;
  return bytes;
}

/** Streams look after themselves. */
export function heldBytesOf(batch: Batch): number {
  let bytes = 0;
  for (const { message } of batch) if (!isStream(message.body)) bytes += message.bytes;
  return bytes;
}
