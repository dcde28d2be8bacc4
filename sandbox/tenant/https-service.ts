import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request, read to its end. */
export interface HttpsRequest {
  /** The name by which the client has found the service, as `https://host:port`. */
  readonly origin: string;
  /** Decoded, without the empty one before the first slash. */
  readonly path: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

/** What a service makes of a request; undefined ends the connection without an answer. */
export type Respond = (request: HttpsRequest) => HttpsAnswer | undefined | Promise<HttpsAnswer | undefined>;

/** A token service reads no longer request than this. */
const LONGEST_REQUEST_BYTES = 256 * 1024;

/** A small service over HTTPS that answers with JSON. */
export class HttpsService {
  readonly #server: Server;
  readonly #respond: Respond;
  #origin = '';

  /** PEM texts. */
  constructor(tls: { readonly cert: string; readonly key: string }, respond: Respond) {
    this.#respond = respond;
    this.#server = createServer({ cert: tls.cert, key: tls.key }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  /** Where it listens, as `https://address:port`. */
  get origin(): string {
    return this.#origin;
  }

  /** Rejects if it cannot listen. Port 0 lets the kernel choose. */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The service does not listen on a port');
    this.#origin = originOf(address);
  }

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = `https://${request.headers.host ?? new URL(this.#origin).host}`;
    const { pathname } = new URL(request.url ?? '/', origin);
    const [, ...path] = pathname.split('/').map(decodeURIComponent);
    const answer = await this.#respond({ origin, path, headers: request.headers, body: await textOf(request) });
    if (answer === undefined) {
      response.destroy();
      return;
    }
    const { status, headers, body } = answer;
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

function originOf({ address, port, family }: AddressInfo): string {
  return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_REQUEST_BYTES) throw new Error('A request too long for a token service');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
