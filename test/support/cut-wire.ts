import { connect, createServer, type Socket } from 'node:net';
import { portOf } from './ports.ts';

/** A wire between a client and a server on this machine, which a test can cut without either noticing. */
export interface CutWire {
  /** `host:port` for the client. */
  readonly address: string;
  /** From now on nothing passes; connections stay open. */
  readonly cut: () => void;
  readonly mend: () => void;
  readonly close: () => Promise<void>;
}

export async function startCutWire(target: string): Promise<CutWire> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const state = { whole: true };
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (!state.whole) from.pause();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${portOf(server)}`,
    cut: () => {
      state.whole = false;
      for (const socket of sockets) socket.pause();
    },
    mend: () => {
      state.whole = true;
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
