import { timingSafeEqual } from 'node:crypto';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Failure } from '../failure.ts';
import { reportOf } from '../exit.ts';
import { isRefusalCode } from '../../model/refusals.ts';

/** Where the process that holds a state directory takes requests; the token is known to who may read the directory. */
export interface ControlAddress {
  readonly port: number;
  readonly token: string;
}

export type Handler = (body: unknown) => Promise<unknown>;

const HOST = '127.0.0.1';

/**
 * Answers other mailferry commands on this machine, at paths like `/backup`. Loopback and a secret token instead of a
 * socket file, whose path may be at most 107 bytes long.
 */
export async function serveControl(
  token: string,
  handlers: Readonly<Record<string, Handler>>,
): Promise<{ readonly address: ControlAddress; readonly close: () => Promise<void> }> {
  const server = createServer((incoming, response) => void respond(incoming, response, token, handlers));
  const port = await listen(server);
  return {
    address: { port, token },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Asks the holder; rejects with its failure, and with the socket's own error where nobody listens. */
export async function askControl(
  { port, token }: ControlAddress,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const { status, answer: told } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const asked = request({ host: HOST, port, path, method: 'POST', headers, signal }, (response) => {
      readBody(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
    });
    asked.once('error', reject);
    asked.end(JSON.stringify(body));
  });
  const value: unknown = JSON.parse(told);
  if (status === 200) return value;
  throw toldFailure(value, status);
}

async function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  token: string,
  handlers: Readonly<Record<string, Handler>>,
): Promise<void> {
  const send = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? null));
  };
  const handler = handlers[incoming.url ?? ''];
  if (!isAllowed(incoming, token)) return send(403, { what: 'a wrong token' });
  if (handler === undefined || incoming.method !== 'POST') return send(404, { what: 'no such request' });
  try {
    send(200, await handler(JSON.parse(await readBody(incoming))));
  } catch (error) {
    send(500, reportOf(error, false));
  }
}

function isAllowed(incoming: IncomingMessage, token: string): boolean {
  const given = Buffer.from(incoming.headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function readBody(stream: IncomingMessage): Promise<string> {
  const MAX = 65_536;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > MAX) throw new Error('a request that is too long');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toldFailure(value: unknown, status: number): Failure {
  if (typeof value !== 'object' || value === null || !('what' in value)) {
    return new Failure('us.bug', `The running mailferry answered with status ${status}.`);
  }
  const code = 'code' in value && typeof value.code === 'string' && isRefusalCode(value.code) ? value.code : 'us.bug';
  const why = 'why' in value && Array.isArray(value.why) ? value.why.map(String) : [];
  return new Failure(code, String(value.what), { why });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
