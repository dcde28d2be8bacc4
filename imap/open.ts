import { connect, peerOf } from './connect.ts';
import { refuse } from './refusal.ts';
import { openFolder } from './folder.ts';
import { classify } from './refusals.ts';
import { keepsModseqs, Session } from './session.ts';
import type { OpenedAhead } from './session.ts';
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

/** In the flight of the first questions, which are under way. What the server has told so far may not be all. */
function openAhead(wire: Wire, options: SessionOptions, told: ReadonlySet<string>): OpenedAhead | undefined {
  const { folder: name, side, address } = options;
  if (name === undefined) return undefined;
  const how = side === 'destination' ? 'select' : 'examine';
  const condstore = how === 'examine' && keepsModseqs(told);
  const folder = openFolder(wire, peerOf(address), how, { name, shown: name, delimiter: null }, condstore);
  folder.catch(() => undefined);
  return { how, name, condstore, folder };
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
    const asking = welcome(wire, peerOf(options.address), sockets.told);
    const ahead = openAhead(wire, options, sockets.told);
    return new Session(wire, { ...(await asking), root: options.root }, ahead);
  } catch (error) {
    wire.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
};
