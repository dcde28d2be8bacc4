/**
 * Connecting, TLS and authentication, done by imapflow. Once that has happened its sockets are taken over, and nothing
 * of imapflow is used any more.
 */
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { ImapFlow } from 'imapflow';
import type { ServerAddress } from '../model/project.ts';
import { explainFailure } from './connect-failures.ts';
import { refuse } from './refusal.ts';
import { spareRoundTrips } from './spared.ts';
import type { Login, SessionOptions } from './types.ts';
import type { WireSockets } from './wire.ts';

/** Of what a server says until it has logged somebody in; an answer that it does not divide would hold the client up. */
const LONGEST_LINE = 16 << 10;
/** Connecting, the greeting, TLS and a few commands: each has the time of one command, all together these many times that. */
const STEPS = 4;

export function peerOf({ host, port }: ServerAddress): string {
  return `${host}:${port}`;
}

function tlsOptions({ caPem, serverName }: ServerAddress): ConnectionOptions {
  const named =
    serverName === undefined
      ? {}
      : {
          checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
            checkServerIdentity(serverName, certificate),
        };
  return { ...(caPem === undefined ? {} : { ca: caPem }), ...named };
}

/** What must stay out of a SASL message, whose parts are divided by such characters (RFC 4616 section 2). */
const CONTROL = /\p{Cc}/u;

function checkLogin(login: Login): void {
  const names = login.kind === 'acting' ? [login.user, login.actsFor] : [login.user];
  const broken = names.some((name) => name === '' || CONTROL.test(name));
  const secret = login.secret();
  const badSecret = secret === '' || (login.kind === 'xoauth2' ? CONTROL.test(secret) : /[\0\r\n]/.test(secret));
  if (!broken && !badSecret) return;
  const what = broken ? 'user name' : login.kind === 'xoauth2' ? 'token' : 'password';
  const code = login.kind === 'xoauth2' && !broken ? 'access.token' : 'access.password';
  throw refuse(code, `The ${what} is empty or holds control characters`, { stored: 'refused' });
}

/** What became of the login, as far as the client's answers do not tell. */
export interface LoginState {
  /** Whether the secret was asked for: not when the server greets with PREAUTH or offers no way that fits. */
  used: boolean;
}

interface Credentials {
  readonly user: string;
  readonly pass?: string | undefined;
  readonly accessToken?: string | undefined;
  readonly loginMethod?: string | undefined;
  readonly authzid?: string | undefined;
}

/**
 * The credentials, as properties that are read in the tick of the login, when the server's capabilities are known. An
 * administrator's secret is given out only where AUTH=PLAIN is offered: with LOGIN the client would drop the authorization
 * identity without a word, and open the administrator's own mailbox instead of the user's.
 */
function credentials(login: Login, offers: (capability: string) => boolean, state: LoginState): Credentials {
  const take = (): string => {
    state.used = true;
    return login.secret();
  };
  if (login.kind === 'xoauth2') {
    return {
      user: login.user,
      get accessToken() {
        return offers('AUTH=XOAUTH2') || offers('AUTH=OAUTHBEARER') ? take() : undefined;
      },
    };
  }
  return {
    user: login.user,
    get loginMethod() {
      if (login.kind === 'acting' || offers('AUTH=PLAIN')) return 'AUTH=PLAIN';
      return offers('AUTH=LOGIN') ? 'AUTH=LOGIN' : undefined;
    },
    get pass() {
      return login.kind === 'password' || offers('AUTH=PLAIN') ? take() : undefined;
    },
    ...(login.kind === 'acting' ? { authzid: login.actsFor } : {}),
  };
}

function createClient({ address, login, proxy, commandTimeout }: SessionOptions, state: LoginState): ImapFlow {
  const { host, port, tls, serverName } = address;
  const client: ImapFlow = new ImapFlow({
    host,
    port,
    secure: tls === 'implicit',
    doSTARTTLS: tls === 'starttls',
    ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    tls: tlsOptions(address),
    ...(proxy === undefined ? {} : { proxy: proxy.href }),
    auth: credentials(login, (capability) => client.capabilities.has(capability), state),
    clientInfo: { name: 'mailferry', version: '', vendor: '', 'support-url': '' },
    logger: false,
    disableAutoIdle: true,
    disableCompression: true,
    disableIMAP4rev2: true,
    // UTF8=ACCEPT would change the encoding of mailbox names under us.
    disableAutoEnable: true,
    maxLineLength: LONGEST_LINE,
    maxLiteralSize: LONGEST_LINE,
    maxResponseSize: 2 * LONGEST_LINE,
    connectionTimeout: commandTimeout,
    greetingTimeout: commandTimeout,
    socketTimeout: commandTimeout,
  });
  spareRoundTrips(client);
  return client;
}

/** Gives up a connection attempt when it is told to, or takes too long as a whole. */
async function connectInTime(client: ImapFlow, { signal, commandTimeout, address }: SessionOptions): Promise<void> {
  let givenUp: Error | undefined;
  const giveUp = (reason: Error): void => {
    givenUp ??= reason;
    client.close();
  };
  const peer = peerOf(address);
  const total = STEPS * commandTimeout;
  const timer = setTimeout(() => {
    giveUp(refuse('server.timeout', `Logging in to ${peer} took more than ${total} ms`, { stored: 'refused' }));
  }, total);
  const aborted = (): void => {
    giveUp(
      refuse('server.connection-lost', `Connecting to ${peer} was given up`, {
        stored: 'refused',
        cause: signal.reason,
      }),
    );
  };
  signal.addEventListener('abort', aborted);
  try {
    if (signal.aborted) aborted();
    if (givenUp === undefined) await client.connect();
    if (givenUp !== undefined) throw givenUp;
  } catch (error) {
    throw givenUp ?? error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
  }
}

/** An authenticated connection, and what the server has said before or with the login that it can do; it may have more to say. */
export interface Connected extends WireSockets {
  readonly told: ReadonlySet<string>;
}

function takeOver(client: ImapFlow): Connected {
  const { readSocket, writeSocket, socket } = client.unbind();
  // The client's own watchdog; the wire has one that knows when silence is to be expected.
  socket.setTimeout?.(0);
  if ('setNoDelay' in socket) socket.setNoDelay(true);
  return { readSocket, writeSocket, told: new Set([...client.capabilities.keys()].map((name) => name.toUpperCase())) };
}

/** Opens an authenticated connection and gives its sockets, to be listened to at once. Rejects with an ImapRefusal. */
export async function connect(options: SessionOptions): Promise<Connected> {
  checkLogin(options.login);
  const state: LoginState = { used: false };
  const client = createClient(options, state);
  let emitted: Error | undefined;
  client.on('error', (error: Error) => (emitted ??= error));
  try {
    await connectInTime(client, options);
    if (!state.used) {
      const text = `${peerOf(options.address)} greets with PREAUTH: it has logged somebody in, and does not say whom`;
      throw refuse('access.method', text, { stored: 'refused' });
    }
    if (emitted !== undefined) throw emitted;
    return takeOver(client);
  } catch (error) {
    client.close();
    throw await explainFailure(error, options, state.used, [...client.capabilities.keys()]);
  }
}
