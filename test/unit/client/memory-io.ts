import { Writable } from 'node:stream';
import type { Io, Output } from '../../../client/io.ts';

/** A terminal, or the lack of one, in memory. */
export interface MemoryIo extends Io {
  readonly out: () => string;
  readonly err: () => string;
  /** Presses Ctrl-C. */
  readonly interrupt: () => void;
  /** Questions that were asked. */
  readonly asked: readonly string[];
}

export interface MemoryIoOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly tty?: boolean;
  /** Answers to questions, in order; with them somebody is there to ask. */
  readonly answers?: readonly string[];
}

export function memoryIo({ env = {}, cwd = '/nowhere', tty = false, answers }: MemoryIoOptions = {}): MemoryIo {
  const stdout = memoryOutput(tty);
  const stderr = memoryOutput(tty);
  const left = [...(answers ?? [])];
  const asked: string[] = [];
  const listeners = new Set<() => void>();
  return {
    stdout: stdout.output,
    stderr: stderr.output,
    env,
    cwd,
    userHome: cwd,
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    now: Date.now,
    uptime: () => 0,
    interactive: answers !== undefined,
    ask: (question) => {
      asked.push(question);
      return Promise.resolve(left.shift());
    },
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    out: stdout.text,
    err: stderr.text,
    interrupt: () => {
      for (const listener of listeners) listener();
    },
    asked,
  };
}

function memoryOutput(tty: boolean): { readonly output: Output; readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { output: Object.assign(stream, { isTTY: tty, columns: 100 }), text: () => chunks.join('') };
}
