import { connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../temporal/free-port.ts';

/** The port that a listening server has got. */
export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return address.port;
}

/** Two different ports of 127.0.0.1 that nothing listens on, and that whoever asks for any is not given. */
export async function freePorts(): Promise<readonly [number, number]> {
  return [await freePort(), await freePort()];
}

function firstLine(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n');
      if (end === -1) return;
      socket.destroy();
      resolve(text.slice(0, end));
    });
    socket.once('end', () => resolve(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') resolve(undefined);
      else reject(error);
    });
  });
}

/** Connects to a port of 127.0.0.1 until a line arrives, and gives it. Rejects after `timeoutMs`. */
export async function greetingOf(port: number, timeoutMs: number): Promise<string> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const line = await firstLine(port);
    if (line !== undefined) return line;
    await delay(10);
  }
  throw new Error(`nothing greeted on 127.0.0.1:${port} within ${timeoutMs} ms`);
}
