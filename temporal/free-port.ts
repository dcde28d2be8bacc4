import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

const ip = '127.0.0.1';

/**
 * A port of this machine on which nothing listens, chosen by the kernel, which chooses it for nobody else in the next minute.
 *
 * A program that chooses ports itself, as Temporal's development server does for its own parts, could otherwise be given the very
 * port that it was told to listen on. So a connection is ended by the side that listens: that leaves the port in
 * TIME-WAIT (RFC 9293 section 3.6.1), in which it can be had by who names it, and not by who asks for any.
 */
export async function freePort(): Promise<number> {
  const server = createServer(
    (accepted) =>
      void accepted
        .on('error', () => undefined)
        .resume()
        .end(),
  );
  server.listen(0, ip);
  await once(server, 'listening');
  try {
    const port = portOf(server);
    await once(connect(port, ip).resume(), 'close');
    return port;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
