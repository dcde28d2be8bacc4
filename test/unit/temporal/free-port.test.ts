import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '../../../temporal/free-port.ts';
import { portOf } from '../../support/ports.ts';

/** Listens for a moment on this port, or on any for 0, and tells which it was. */
async function listenOn(wanted: number): Promise<number> {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('a port that was found free is given to nobody who asks for any, and to whoever names it', async () => {
  const ports = await Promise.all(Array.from({ length: 100 }, () => freePort()));
  const given: number[] = [];
  for (let asked = 0; asked < 1_500; asked++) given.push(await listenOn(0));
  expect(given.filter((port) => ports.includes(port))).toEqual([]);
  for (const port of ports) expect(await listenOn(port)).toBe(port);
});
