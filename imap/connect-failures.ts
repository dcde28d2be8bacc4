/** From the errors of a connection attempt to refusals: fresh ones, since a library's error may carry what it sent. */
import type { ServerAddress } from '../model/project.ts';
import { describeFault, fetchCertificate, isCertificateFault } from './certificate.ts';
import { isImapRefusal, refuse } from './refusal.ts';
import { classify } from './refusals.ts';
import type { ImapRefusal, Login, SessionOptions } from './types.ts';

/** The fields of the client's and Node's errors that are looked at; each is checked before it is believed. */
interface Failure {
  readonly message: string;
  readonly code?: string | undefined;
  /** NO or BAD. */
  readonly responseStatus?: string | undefined;
  readonly responseText?: string | undefined;
  readonly serverResponseCode?: string | undefined;
  /** The server's words as one line, on some paths the only ones. */
  readonly response?: string | undefined;
  /** Of a BYE. */
  readonly reason?: string | undefined;
  readonly tlsFailed: boolean;
  readonly authenticationFailed: boolean;
}

function field(error: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(error, name)?.value;
}

function readFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error), tlsFailed: false, authenticationFailed: false };
  const text = (name: string): string | undefined => {
    const value = field(error, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    message: error.message,
    code: text('code'),
    responseStatus: text('responseStatus'),
    responseText: text('responseText'),
    serverResponseCode: text('serverResponseCode'),
    response: text('response'),
    reason: CLOSED.has(text('code') ?? '') ? text('reason') : undefined,
    tlsFailed: field(error, 'tlsFailed') === true,
    authenticationFailed: field(error, 'authenticationFailed') === true,
  };
}

/** Errors whose `reason` is that of a BYE; those of OpenSSL have one as well. */
const CLOSED = new Set(['ClosedAfterConnectText', 'ClosedAfterConnectTLS', 'NoConnection']);

const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'the name does not exist'],
  ['EAI_AGAIN', 'the name cannot be resolved at the moment'],
  ['EAI_FAIL', 'the name cannot be resolved'],
  ['ETIMEDOUT', 'there was no answer'],
  ['EHOSTUNREACH', 'there is no way to the host'],
  ['ENETUNREACH', 'there is no way to the network'],
  ['EADDRNOTAVAIL', 'the address cannot be reached from here'],
  ['ECONNRESET', 'the connection was reset'],
  ['EPIPE', 'the connection was closed'],
  ['CONNECT_TIMEOUT', 'there was no answer in time'],
  ['GREETING_TIMEOUT', 'the server did not greet; a server that expects TLS from the first byte does not'],
  ['UPGRADE_TIMEOUT', 'the TLS handshake did not end in time'],
  ['NoConnection', 'the server closed the connection during the login'],
  ['EConnectionClosed', 'the server closed the connection during the login'],
  ['ClosedAfterConnectText', 'the server closed the connection before the login was complete'],
  ['ClosedAfterConnectTLS', 'the server closed the connection before the login was complete'],
]);

const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO']);

/** The client's errors for lines and literals beyond the limits that it was given. */
const TOO_LONG = new Set(['LineTooLarge', 'LiteralTooLarge', 'ResponseTooLarge']);

/** All forms in which a secret may come back in a server's words. */
function scrub(text: string, login: Login): string {
  const secret = login.secret();
  const parts = login.kind === 'acting' ? [login.actsFor, login.user, secret] : ['', login.user, secret];
  const messages = [parts.join('\0'), secret, `user=${login.user}\u0001auth=Bearer ${secret}\u0001\u0001`].map(
    (message) => Buffer.from(message, 'utf8').toString('base64'),
  );
  return [...messages, secret].reduce((scrubbed, form) => scrubbed.replaceAll(form, '***'), text);
}

function who(login: Login): string {
  return login.kind === 'acting' ? `${login.user} acting for ${login.actsFor}` : login.user;
}

/** The words of the tagged answer without tag, status and response code. */
function wordsOf({ responseText, response }: Failure): string | undefined {
  if (responseText !== undefined) return responseText;
  return response?.replace(/^\S+ (?:NO|BAD) (?:\[[^\]]*\] ?)?/i, '');
}

function refusedLogin(failure: Failure, words: string, { address, login, side }: SessionOptions): ImapRefusal {
  const { serverResponseCode: responseCode, responseStatus } = failure;
  const { code, waitMs } = classify({
    asked: 'authenticate',
    side: side ?? 'source',
    login: login.kind,
    responseCode,
    text: words,
  });
  const status = responseStatus === 'NO' || responseStatus === 'BAD' ? responseStatus : undefined;
  const bracketed = responseCode === undefined ? '' : `[${responseCode}] `;
  return refuse(code, `${address.host}:${address.port} refused the login of ${who(login)}`, {
    serverText: `${status === undefined ? '' : `${status} `}${bracketed}${scrub(words, login)}`,
    waitMs,
    stored: 'refused',
    status,
    responseCode,
  });
}

function endedByServer(reason: string, { address, login, side }: SessionOptions): ImapRefusal {
  const bye = { asked: 'bye', side: side ?? 'source', login: login.kind } as const;
  const [, responseCode] = /^\[([A-Z-]+)/.exec(reason) ?? [];
  const { code, waitMs } = classify({ ...bye, responseCode, text: reason });
  return refuse(code, `${address.host}:${address.port} ended the connection during the login of ${who(login)}`, {
    serverText: scrub(reason, login),
    waitMs,
    stored: 'refused',
    status: 'BYE',
    responseCode,
  });
}

function noWayToLogIn({ address, login }: SessionOptions, capabilities: readonly string[]): ImapRefusal {
  const needed = { password: 'a password', acting: 'AUTH=PLAIN', xoauth2: 'AUTH=XOAUTH2' }[login.kind];
  const offered = capabilities.filter((name) => /^(?:AUTH=|LOGINDISABLED$)/.test(name));
  const list = offered.length === 0 ? 'no AUTH capability' : offered.join(' ');
  const text = `${address.host}:${address.port} offers no login with ${needed}: it announces ${list}`;
  return refuse('access.method', text, { stored: 'refused' });
}

/** The client's error for everything that happens before a proxy has made the connection; its cause is in `_err`. */
const NOT_CONNECTED = 'Failed to setup proxy connection';

function failedProxy(error: unknown, proxy: URL, { address }: SessionOptions): ImapRefusal {
  const cause = error instanceof Error ? field(error, '_err') : undefined;
  const said = cause instanceof Error ? cause.message : 'it was not reached';
  const [, status] = /^Invalid response from proxy: (\d{3})$/.exec(said) ?? [];
  const fault =
    proxy.username === '' ? 'no user is given for it' : 'it does not take the user and password given for it';
  const why = status === undefined ? said : status === '407' ? `it answered 407; ${fault}` : `it answered ${status}`;
  const text = `The proxy ${proxy.host} made no connection to ${address.host}:${address.port}: ${why}`;
  return refuse('server.proxy', text, { stored: 'refused' });
}

async function badCertificate(address: ServerAddress, code: string, options: SessionOptions): Promise<ImapRefusal> {
  // Past the proxy there may be no way at all, or one to another server.
  const direct = options.proxy === undefined;
  const certificate = direct ? await fetchCertificate(address, options.commandTimeout, options.signal) : undefined;
  return refuse('server.certificate', describeFault(address, code, certificate), { stored: 'refused' });
}

function failedTls(failure: Failure, { address }: SessionOptions): ImapRefusal {
  const peer = `${address.host}:${address.port}`;
  if (failure.code === 'STARTTLS_INJECTION') {
    const text = `${peer} sent data between STARTTLS and TLS, as somebody between us and the server would`;
    return refuse('server.protocol', text, { stored: 'refused' });
  }
  if (failure.code === undefined) {
    return refuse('server.starttls', `${peer} does not offer STARTTLS, or refused it`, { stored: 'refused' });
  }
  return refuse('server.unreachable', `The TLS handshake with ${peer} failed: ${failure.code}`, { stored: 'refused' });
}

/**
 * What a failed attempt means. `secretUsed`: whether the login had begun; `capabilities`: the last that the server
 * announced.
 */
export async function explainFailure(
  error: unknown,
  options: SessionOptions,
  secretUsed: boolean,
  capabilities: readonly string[],
): Promise<ImapRefusal> {
  if (isImapRefusal(error)) return error;
  const failure = readFailure(error);
  const { code, reason } = failure;
  if (options.proxy !== undefined && failure.message === NOT_CONNECTED) {
    return failedProxy(error, options.proxy, options);
  }
  const { address, commandTimeout } = options;
  const peer = `${address.host}:${address.port}`;
  if (isCertificateFault(code)) return badCertificate(address, code, options);
  if (reason !== undefined) return endedByServer(reason, options);
  const words = wordsOf(failure);
  if (words !== undefined && secretUsed) return refusedLogin(failure, words, options);
  if (code !== undefined && NO_TLS.has(code)) {
    const text = `${peer} does not speak TLS ${address.tls === 'implicit' ? 'from the first byte' : 'after STARTTLS'}`;
    return refuse('server.unreachable', `${text}: check port and tls`, { stored: 'refused' });
  }
  if (failure.tlsFailed) return failedTls(failure, options);
  const silent = code === 'ETIMEOUT' && capabilities.length === 0;
  const unreachable = code === undefined ? undefined : UNREACHABLE.get(silent ? 'GREETING_TIMEOUT' : code);
  if (unreachable !== undefined) {
    return refuse('server.unreachable', `No connection to ${peer}: ${unreachable}`, { stored: 'refused' });
  }
  if (code === 'ETIMEOUT') {
    const text = `${peer} was silent for ${commandTimeout} ms during the login`;
    return refuse('server.timeout', text, { stored: 'refused' });
  }
  if (failure.authenticationFailed || /unsupported authentication/i.test(failure.message)) {
    return noWayToLogIn(options, capabilities);
  }
  if (code !== undefined && TOO_LONG.has(code)) {
    const what = 'it says more at a time than any answer to a login can have';
    return refuse('server.protocol', `${peer} does not keep to IMAP: ${what}`, { stored: 'refused' });
  }
  const text = `The login at ${peer} failed: ${code ?? 'the server’s answer could not be understood'}`;
  return refuse('server.protocol', text, {
    stored: 'refused',
    cause: new Error(scrub(failure.message, options.login)),
  });
}
