import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { portOf } from './ports.ts';

export interface ConnectProxyOptions {
  /** `user:password` that it asks for. */
  readonly credentials?: string;
  /** Ports on 127.0.0.1 by the `host:port` that clients ask for; everything else is refused with 403. */
  readonly routes: Readonly<Record<string, number>>;
}

/** An HTTP proxy on 127.0.0.1 that makes connections (CONNECT, RFC 9110 section 9.3.6) and nothing else. */
export interface ConnectProxy {
  readonly host: string;
  /** Every target that was asked for, granted or not. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

export async function startConnectProxy({ credentials, routes }: ConnectProxyOptions): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, near: Socket) => {
    const target = request.url ?? '';
    asked.push(target);
    const port = routes[target];
    const status =
      expected !== undefined && request.headers['proxy-authorization'] !== expected
        ? '407 Proxy Authentication Required'
        : port === undefined
          ? '403 Forbidden'
          : undefined;
    if (status !== undefined || port === undefined) {
      near.end(`HTTP/1.1 ${status}\r\n\r\n`);
      return;
    }
    const far = connect(port, '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${portOf(server)}`,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
