import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { ProxyFailed } from './proxies.ts';

const HTTPS_PORT = 443;
const AUTHENTICATION_REQUIRED = 407;

/**
 * A connection to the target through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6), with TLS from end to end: the proxy sees
 * the target's name and nothing else. User and password of the proxy's address are sent to the proxy alone (RFC 7617).
 * Rejects with a ProxyFailed, or with the error of TLS.
 */
export async function tunnel(
  proxy: URL,
  target: URL,
  trust: { readonly ca?: string },
  signal: AbortSignal,
): Promise<TLSSocket> {
  const name = target.hostname.replaceAll(/^\[|\]$/g, '');
  const socket = await openTunnel(proxy, `${target.hostname}:${target.port || HTTPS_PORT}`, signal);
  const secured = connect({ ...trust, socket, ...(isIP(name) === 0 && { servername: name }), host: name });
  const giveUp = (): void => void secured.destroy(asError(signal.reason));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
      secured.once('close', () => reject(new ProxyFailed(`The proxy ${proxy.host} closed the connection`)));
    });
    return secured;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function openTunnel(proxy: URL, authority: string, signal: AbortSignal): Promise<Socket> {
  const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asking = request({
      host: proxy.hostname.replaceAll(/^\[|\]$/g, ''),
      ...(proxy.port !== '' && { port: proxy.port }),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...authorization(proxy) },
      agent: false,
      signal,
    });
    asking.once('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new ProxyFailed(refusedWith(proxy, authority, statusCode)));
    });
    asking.once('response', (response) => {
      response.destroy();
      reject(new ProxyFailed(refusedWith(proxy, authority, response.statusCode ?? 0)));
    });
    asking.once('error', (error) => {
      const why = signal.aborted ? 'no answer in time' : error.message;
      reject(new ProxyFailed(`The proxy ${proxy.host} cannot be reached: ${why}`, { cause: error }));
    });
    asking.end();
  });
}

function refusedWith(proxy: URL, authority: string, status: number): string {
  const who = proxy.username === '' ? 'no user is given for it' : 'it does not take the user and password given for it';
  const why = status === AUTHENTICATION_REQUIRED ? `; ${who}` : '';
  return `The proxy ${proxy.host} answered ${status} instead of connecting to ${authority}${why}`;
}

function authorization({ username, password }: URL): { readonly 'proxy-authorization'?: string } {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
