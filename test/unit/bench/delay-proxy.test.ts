import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startDelayProxy, type DelayProxy } from '../../../bench/delay-proxy.ts';
import { portOf } from '../../support/ports.ts';

const DELAY_MS = 40;
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
});

async function serve(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => new Promise((resolve) => server.close(resolve)));
  return server;
}

async function proxyTo(server: Server): Promise<DelayProxy> {
  const proxy = await startDelayProxy(portOf(server), DELAY_MS);
  undo.push(proxy.close);
  return proxy;
}

function client({ port }: DelayProxy): Socket {
  return connect({ port, host: '127.0.0.1' });
}

describe('a wire with a delay', () => {
  it('costs a question and its answer the delay of both ways', async () => {
    const proxy = await proxyTo(await serve((socket) => socket.pipe(socket)));
    const socket = client(proxy);
    await once(socket, 'connect');
    const asked = performance.now();
    socket.write('question');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toBe('question');
    // Timers count whole milliseconds.
    expect(performance.now() - asked).toBeGreaterThan(2 * DELAY_MS - 3);
    socket.destroy();
  });

  it('keeps bytes, their order and the end, however many are on their way', async () => {
    const sent = Buffer.alloc(48 * 1024 * 1024, 'an odd number of bytes');
    const proxy = await proxyTo(await serve((socket) => socket.once('data', () => socket.end(sent))));
    const chunks: Buffer[] = [];
    const started = performance.now();
    const socket = client(proxy);
    socket.end('go');
    for await (const chunk of socket) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    // Waiting for each chunk of 64 KiB would take 30 seconds: the wire has a delay, but no narrow place.
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('ends when the server is gone', async () => {
    const proxy = await proxyTo(await serve((socket) => socket.destroy()));
    const socket = client(proxy).resume();
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('ends its connections when it is closed', async () => {
    const ended: Promise<unknown>[] = [];
    const server = await serve((socket) => {
      socket.on('error', () => socket.destroy());
      ended.push(once(socket.resume(), 'close'));
    });
    const proxy = await proxyTo(server);
    const socket = client(proxy).on('error', () => undefined);
    const closed = once(socket, 'close');
    await once(server, 'connection');
    await proxy.close();
    await closed;
    await Promise.all(ended);
    expect(ended).toHaveLength(1);
  });
});
