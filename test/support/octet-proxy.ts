import { connect, createServer, type Socket } from 'node:net';
import { portOf } from './ports.ts';

/** After so many octets in one direction, over all connections, the connection in hand is reset on both sides. Once. */
export interface Cut {
  readonly direction: 'to-server' | 'from-server';
  readonly after: number;
}

export interface OctetProxy {
  readonly port: number;
  cutNext(cut: Cut): void;
  close(): Promise<void>;
}

/** A proxy on 127.0.0.1 that ends connections in the middle of whatever passes. */
export async function startOctetProxy(target: number): Promise<OctetProxy> {
  const sockets = new Set<Socket>();
  const state: { cut: Cut | undefined; passed: number } = { cut: undefined, passed: 0 };
  const pass = (from: Socket, to: Socket, direction: Cut['direction']): void => {
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      const { cut } = state;
      if (cut?.direction !== direction || state.passed + chunk.length < cut.after) {
        if (cut?.direction === direction) state.passed += chunk.length;
        if (!to.destroyed && !to.write(chunk)) from.pause();
        return;
      }
      state.cut = undefined;
      to.write(chunk.subarray(0, cut.after - state.passed), () => {
        to.resetAndDestroy();
        from.resetAndDestroy();
      });
    });
    to.on('drain', () => from.resume());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroySoon();
    });
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    pass(near, far, 'to-server');
    pass(far, near, 'from-server');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server),
    cutNext(cut) {
      state.cut = cut;
      state.passed = 0;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
