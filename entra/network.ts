import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import { ProxyFailed, type ProxyFor } from './proxies.ts';
import { tunnel } from './tunnel.ts';

/** The token service gave no answer that could be read. */
export class TokenServiceFailed extends Error {
  override readonly name = 'TokenServiceFailed';
  readonly reason: 'network' | 'certificate' | 'answer' | 'proxy' | 'elsewhere';

  constructor(reason: TokenServiceFailed['reason'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** A token service that says nothing for so long counts as unreachable. */
const ANSWER_TIMEOUT_MS = 20_000;
/** Tokens and key sets are a few kilobytes; what is longer is not from a token service. */
const LONGEST_ANSWER_BYTES = 1_048_576;
const JSON_START = /^\s*[[{]/;

/** How a token service is reached. */
export interface TokenServicePlace {
  /** Base of the token service, e.g. https://login.microsoftonline.com */
  readonly authority: string;
  /** PEM of certificate authorities trusted for it instead of the system's. */
  readonly authorityCaPem?: string;
}

/**
 * The library's network, over node:https, because its own cannot be told which certificate authorities to trust. Nothing
 * but https is spoken, redirections are not followed, and what is posted goes to the configured host only: a service may
 * name another host for tokens, and a client secret must not follow.
 */
export class TokenNetwork implements INetworkModule {
  readonly #place: TokenServicePlace;
  readonly #proxyFor: ProxyFor;
  /** Retry-After of the last answer, in milliseconds. */
  retryAfterMs: number | undefined;
  /** How long the last token given is good for, in milliseconds from its answer: clocks may differ. */
  lifeMs: number | undefined;
  /** Why the last answer was a refusal, in the service's words: the library drops them where it only discovers. */
  refusedBecause: string | undefined;
  /** What the last attempt failed of: the library drops the causes of its errors. */
  failure: TokenServiceFailed | undefined;

  constructor(place: TokenServicePlace, proxyFor: ProxyFor) {
    this.#place = place;
    this.#proxyFor = proxyFor;
  }

  sendGetRequestAsync<T>(url: string, options?: NetworkRequestOptions, timeout?: number): Promise<NetworkResponse<T>> {
    return this.#send<T>('GET', url, options, timeout);
  }

  sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    return this.#send<T>('POST', url, options);
  }

  async #send<T>(
    method: 'GET' | 'POST',
    url: string,
    options: NetworkRequestOptions = {},
    timeout = ANSWER_TIMEOUT_MS,
  ): Promise<NetworkResponse<T>> {
    this.retryAfterMs = undefined;
    this.lifeMs = undefined;
    this.refusedBecause = undefined;
    this.failure = undefined;
    try {
      if (method === 'POST') this.#checkHost(url);
      const { status, headers, text } = await this.#exchange(method, url, options, timeout);
      this.retryAfterMs = retryAfter(headers['retry-after']);
      const body = parse(text, status, url);
      this.lifeMs = lifeOf(body);
      this.refusedBecause = refusalOf(body);
      return { status, headers: plain(headers), body };
    } catch (error) {
      this.failure = error instanceof TokenServiceFailed ? error : classify(error);
      throw this.failure;
    }
  }

  #checkHost(url: string): void {
    const { host } = new URL(url);
    if (host === new URL(this.#place.authority).host) return;
    throw new TokenServiceFailed('elsewhere', host);
  }

  async #exchange(
    method: 'GET' | 'POST',
    url: string,
    options: NetworkRequestOptions,
    timeout: number,
  ): Promise<Answer> {
    const signal = AbortSignal.timeout(timeout);
    const { authorityCaPem } = this.#place;
    const trust = authorityCaPem === undefined ? {} : { ca: authorityCaPem };
    const target = new URL(url);
    const proxy = this.#proxyFor(target);
    const socket = proxy === undefined ? undefined : await tunnel(proxy, target, trust, signal);
    return new Promise((resolve, reject) => {
      const asking = request(
        target,
        {
          method,
          ...(options.headers !== undefined && { headers: options.headers }),
          ...trust,
          // A connection that is kept could have been made under another trust.
          agent: socket === undefined ? false : Object.assign(new Agent(), { createConnection: () => socket }),
          signal,
        },
        (response) => {
          read(response).then(
            (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
            reject,
          );
        },
      );
      asking.once('error', reject);
      asking.end(method === 'POST' ? options.body : undefined);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_ANSWER_BYTES) throw new TokenServiceFailed('answer', 'its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** JSON is of no type; the library asked for one, and checks what it uses of it. */
function parse(text: string, status: number, url: string): ReturnType<typeof JSON.parse> {
  try {
    if (JSON_START.test(text)) return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TokenServiceFailed('answer', `${new URL(url).host} answered ${status} without JSON`);
}

/** `error_description` of RFC 6749 section 5.2. */
function refusalOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error_description' in body)) return undefined;
  return typeof body.error_description === 'string' ? body.error_description : undefined;
}

/** `expires_in` of RFC 6749 section 5.1, in seconds; some services write it as a text. */
function lifeOf(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null || !('expires_in' in body)) return undefined;
  const seconds = Number(body.expires_in);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')] as const);
  return Object.fromEntries(entries);
}

/** RFC 9110 section 10.2.3; of the two forms only seconds are used by token services. */
function retryAfter(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : undefined;
}

function classify(error: unknown): TokenServiceFailed {
  if (error instanceof ProxyFailed) return new TokenServiceFailed('proxy', error.message, error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code);
  const said = error instanceof Error ? error.message : String(error);
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  return new TokenServiceFailed(certificate ? 'certificate' : 'network', timedOut ? 'no answer in time' : said, error);
}
