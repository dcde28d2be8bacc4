import { Refused, type Session } from '../session.ts';
import type { User } from '../store/user.ts';
import { type Arguments, BadSyntax } from '../wire/arguments.ts';
import type { Action, CommandTable } from './command.ts';

/** What a client presents to be let in. */
interface Credentials {
  readonly mechanism: 'LOGIN' | 'PLAIN' | 'XOAUTH2';
  /** Whose store it asks for. */
  readonly user: string;
  /** Who asks. */
  readonly authenticatedAs: string;
  readonly secret: string;
}

export const authenticationCommands: CommandTable = {
  LOGIN: {
    state: 'not-authenticated',
    parse: async (session, args) => {
      args.space();
      const login = utf8(await args.astring());
      args.space();
      const secret = utf8(await args.astring());
      args.end();
      const credentials: Credentials = { mechanism: 'LOGIN', ...session.settings.identify(login), secret };
      session.claimedUser = credentials.user;
      return () => {
        requireTls(session);
        return admit(session, credentials);
      };
    },
  },

  AUTHENTICATE: {
    state: 'not-authenticated',
    parse: async (session, args) => {
      args.space();
      const mechanism = args.atom().toUpperCase();
      const initial = initialResponse(session, args);
      requireTls(session);
      if (!session.able(`AUTH=${mechanism}`)) throw new Refused(session.text('mechanismUnknown'));
      const response = initial ?? (await ask(session));
      const credentials = mechanism === 'XOAUTH2' ? xoauth2(response) : plain(session, mechanism, response);
      session.claimedUser = credentials.user;
      return () => admit(session, credentials);
    },
  },

  /** RFC 3501 §6.2.1. What was sent behind it in clear text is never looked at. */
  STARTTLS: {
    state: 'not-authenticated',
    parse: (session, args): Action => {
      args.end();
      const { startTls } = session;
      if (startTls === undefined || session.secure) throw new Refused(session.text('unknownCommand'));
      return () => {
        session.afterAnswer = startTls;
        return session.completed();
      };
    },
  },
};

/** Lets a client in, or throws. */
async function admit(session: Session, credentials: Credentials): Promise<string> {
  const refusal = session.context.faults.loginRefusal(session);
  if (refusal !== undefined) {
    refusal.strike();
    throw new Refused(refusal.fault.text ?? session.text('authenticationFailed'));
  }
  return credentials.mechanism === 'XOAUTH2'
    ? admitToken(session, credentials)
    : admitAs(session, authenticate(session, credentials), credentials);
}

async function admitToken(session: Session, credentials: Credentials): Promise<string> {
  const verdict = await session.settings.checkToken(credentials.user, credentials.secret);
  if (!verdict.accepted) return refuseToken(session, verdict.answer);
  if (verdict.connected === false) return leaveUnconnected(session, credentials);
  const actor = session.context.store.findUser(credentials.authenticatedAs);
  if (actor === undefined) throw new Refused(session.text('authenticationFailed'));
  const answer = admitAs(session, actor, credentials);
  if (session.account !== undefined) verdict.opened?.(session);
  return answer;
}

/** Opens the store that the credentials are for. */
function admitAs(session: Session, actor: User, credentials: Credentials): string {
  const account = authorise(session, actor, credentials);
  const { connectionsPerUser, excessConnections } = session.settings;
  if (session.context.connectionsOf(account.name) >= connectionsPerUser) {
    if (excessConnections === 'leave-unconnected') return leaveUnconnected(session, credentials);
    throw new Refused(session.text('tooManyConnections'));
  }
  session.open(account, credentials.mechanism, actor === account ? undefined : actor.name);
  return welcome(session);
}

function leaveUnconnected(session: Session, { mechanism }: Credentials): string {
  session.leaveUnconnected(mechanism);
  return welcome(session);
}

function welcome(session: Session): string {
  const code = session.settings.announceCapabilities ? `[CAPABILITY ${session.capabilities()}] ` : '';
  return `OK ${code}${session.text('loggedIn')}`;
}

/** Who presents the name and the password, once they have proved right. */
function authenticate(session: Session, credentials: Credentials): User {
  if (!session.settings.acceptsPasswords) throw new Refused(session.text('passwordsRefused'));
  const actor = session.context.store.findUser(credentials.authenticatedAs);
  if (actor?.password === undefined || actor.password !== credentials.secret) {
    throw new Refused(session.text('authenticationFailed'));
  }
  return actor;
}

/** Whose store is opened: the user's own, or another's that the user may act for (RFC 4616 §2). */
function authorise(session: Session, actor: User, credentials: Credentials): User {
  const account = session.context.store.findUser(credentials.user);
  if (account === actor) return actor;
  const allowed =
    actor.actsFor === 'everyone' || actor.actsFor.some((name) => name.toLowerCase() === credentials.user.toLowerCase());
  if (!allowed) throw new Refused(session.text('authorizationFailed'));
  if (account === undefined) throw new Refused(session.text('authenticationFailed'));
  return account;
}

/** A bad token is answered with a challenge that says why; the client answers with nothing, and then gets its NO. */
async function refuseToken(session: Session, answer: string | undefined): Promise<never> {
  const { tokenChallenge } = session.settings;
  if (tokenChallenge !== null) {
    await session.goAhead(Buffer.from(JSON.stringify(tokenChallenge)).toString('base64'));
    await session.reader.line();
  }
  throw new Refused(answer ?? session.text('authenticationFailed'));
}

function requireTls(session: Session): void {
  if (session.settings.loginDisabledWithoutTls && !session.secure) throw new Refused(session.text('loginDisabled'));
}

/** The initial response of RFC 4959, where the server takes one. */
function initialResponse(session: Session, args: Arguments): Buffer | undefined {
  if (args.atEnd() || !session.able('SASL-IR')) {
    args.end();
    return undefined;
  }
  args.space();
  const text = args.run((octet) => octet > 0x20 && octet < 0x7f, 'an initial response');
  args.end();
  return text === '=' ? Buffer.alloc(0) : fromBase64(text);
}

async function ask(session: Session): Promise<Buffer> {
  await session.goAhead('');
  const line = (await session.reader.line()).toString('latin1');
  if (line === '*') throw new BadSyntax('Authentication aborted');
  return fromBase64(line);
}

function fromBase64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw new BadSyntax('Invalid base64 data');
  return Buffer.from(text, 'base64');
}

/** RFC 4616: authorisation identity, NUL, authentication identity, NUL, password. */
function plain(session: Session, mechanism: string, response: Buffer): Credentials {
  const parts = response.toString('utf8').split('\0');
  const [authorisation = '', authentication = '', secret = ''] = parts;
  if (mechanism !== 'PLAIN' || parts.length !== 3) throw new BadSyntax('Invalid response');
  const { identify, honoursAuthorisation } = session.settings;
  const identity = identify(authentication);
  const actsFor = authorisation === '' || !honoursAuthorisation ? {} : { user: authorisation };
  return { mechanism, ...identity, ...actsFor, secret };
}

/** Google's and Microsoft's XOAUTH2: `user=…`, 0x01, `auth=Bearer …`, 0x01, 0x01. */
function xoauth2(response: Buffer): Credentials {
  // oxlint-disable-next-line no-control-regex -- 0x01 is the mechanism's separator
  const found = /^user=([^\u0001]*)\u0001auth=Bearer ([^\u0001]*)\u0001\u0001$/i.exec(response.toString('utf8'));
  const [, user, secret] = found ?? [];
  if (user === undefined || secret === undefined) throw new BadSyntax('Invalid response');
  return { mechanism: 'XOAUTH2', user, authenticatedAs: user, secret };
}

function utf8(octets: string): string {
  return Buffer.from(octets, 'latin1').toString('utf8');
}
