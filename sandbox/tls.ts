import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/** Takes the server's part in a TLS handshake on a socket, and answers the secured one. Rejects if it fails. */
export function secureServerSide(socket: Socket, secureContext: SecureContext): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    const fail = (error?: Error): void => {
      secured.destroy();
      reject(new Error('The TLS handshake failed', { cause: error }));
    };
    const closed = (): void => fail();
    secured.once('error', fail);
    secured.once('close', closed);
    secured.once('secure', () => {
      secured.off('error', fail);
      secured.off('close', closed);
      resolve(secured);
    });
  });
}
