import { connect, peerOf } from './connect.ts';
import { refuse } from './refusal.ts';
import { classify } from './refusals.ts';
import { Session } from './session.ts';
import type { OpenSession, SessionOptions } from './types.ts';
import { welcome } from './welcome.ts';
import { Wire } from './wire.ts';
import type { WireSockets } from './wire.ts';

function createWire(sockets: WireSockets, { address, commandTimeout, login, side }: SessionOptions): Wire {
  return new Wire(sockets, {
    peer: peerOf(address),
    commandTimeout,
    classify: (refusal) => classify({ ...refusal, side: side ?? 'source', login: login.kind }),
  });
}

/**
 * Opens a session: connects, negotiates TLS, authenticates, and asks what the server can do. Rejects with an ImapRefusal.
 * Aborting the signal, also later, destroys the connection in the same tick.
 */
export const openSession: OpenSession = async (options) => {
  const { signal } = options;
  const sockets = await connect(options);
  const wire = createWire(sockets, options);
  const aborted = (): void => {
    wire.destroy(
      refuse('server.connection-lost', `The session with ${peerOf(options.address)} was given up`, {
        cause: signal.reason,
      }),
    );
  };
  if (signal.aborted) aborted();
  signal.addEventListener('abort', aborted);
  sockets.readSocket.once('close', () => signal.removeEventListener('abort', aborted));
  try {
    return new Session(wire, { ...(await welcome(wire, peerOf(options.address), sockets.told)), root: options.root });
  } catch (error) {
    wire.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
};
