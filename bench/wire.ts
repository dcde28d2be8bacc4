import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Build } from './build.ts';
import type { DelayProxy } from './delay-proxy.ts';

/** Starts a delayed wire in a process of its own, which ends with this one. */
export async function startWire(build: Build, target: number, delayMs: number): Promise<DelayProxy> {
  const { command, args } = build.wire(target, delayMs);
  const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  return {
    port: await portOf(child),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** The first line that it prints. */
async function portOf({ stdout }: ChildProcess): Promise<number> {
  if (!(stdout instanceof Readable)) throw new Error('the wire was started without a pipe');
  for await (const line of createInterface({ input: stdout })) return Number(line);
  throw new Error('the wire ended before it was there');
}
