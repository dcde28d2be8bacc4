import { DOVECOT_CAPABILITIES } from './capabilities.ts';
import { SYSTEM_FLAGS } from './message/flags.ts';
import type { Delimiter } from './store/hierarchy.ts';
import { DEFAULT_TEXTS, type Texts } from './texts.ts';

/** How the connection is secured. With `starttls` it begins in clear text. PEM texts. */
export type TlsSettings =
  | { readonly mode: 'none' }
  | { readonly mode: 'implicit' | 'starttls'; readonly cert: string; readonly key: string };

/** What the server makes of a token. A refusal may bring its own tagged answer. */
export type TokenVerdict = { readonly accepted: true } | { readonly accepted: false; readonly answer?: string };

/** Whom a login name means: the store that is opened, and whose password opens it. */
export interface LoginIdentity {
  readonly user: string;
  readonly authenticatedAs: string;
}

/** How a server behaves, apart from faults. Everything has a default: a Dovecot without TLS. */
export interface ServerSettings {
  readonly capabilities: readonly string[];
  readonly texts: Texts;
  readonly tls: TlsSettings;
  /** Refuses passwords and tokens on a connection without TLS, and says so (LOGINDISABLED). Default: false. */
  readonly loginDisabledWithoutTls: boolean;
  /** Shows the capabilities in the greeting and after login (RFC 3501 §7.1, CAPABILITY). Default: true. */
  readonly announceCapabilities: boolean;
  /** Fields of the ID response (RFC 2971); null for NIL. */
  readonly id: Readonly<Record<string, string>> | null;
  /** The personal namespace's prefix, such as `INBOX.`; folders outside cannot be created. Default: none. */
  readonly prefix: string;
  readonly delimiter: Delimiter;
  /** How LIST sends names. A literal is as good as a quoted string (RFC 3501 §9, mailbox). */
  readonly namesAs: 'quoted' | 'literal';
  /** Tells names apart by case. Exchange does not. Default: true. */
  readonly caseSensitiveNames: boolean;
  /** A tagged answer for a name that may not be created (reserved names), or undefined. */
  readonly refuseName: (wire: string) => string | undefined;
  /** Flags that can be kept; `\*` stands for any keyword (RFC 3501 §7.1, PERMANENTFLAGS). */
  readonly permanentFlags: readonly string[];
  /**
   * What becomes of other flags: the command is refused, or they are left out, announced with an untagged
   * NO or without a word. Default: `refuse`.
   */
  readonly otherFlags: 'refuse' | 'drop-announced' | 'drop';
  /**
   * Whether APPEND answers BAD to these arguments, without reading the literal that they announce, as servers do to flags
   * and dates that they do not like. Default: only what RFC 3501 does not allow.
   */
  readonly dislikes: (flags: readonly string[], internalDate: string | undefined, folder: string) => boolean;
  /** A tagged answer for a message that is not taken (NUL, long lines, …), or undefined. Called once it was read. */
  readonly refuseMessage: (body: Buffer) => string | undefined;
  /** Turns an appended message into what is kept. Default: as it came, octet by octet. */
  readonly rewrite: (body: Buffer) => Buffer;
  /** RFC822.SIZE of a message. Default: its octets. */
  readonly reportedSize: (body: Buffer) => number;
  /** Takes login names apart, for `user*administrator` and its like. Default: the name is the user's own. */
  readonly identify: (login: string) => LoginIdentity;
  /** Opens the store of the authorisation identity of SASL PLAIN (RFC 4616); some servers pass over it. Default: true. */
  readonly honoursAuthorisation: boolean;
  /** Decides on a token presented with XOAUTH2. Default: none is accepted. */
  readonly checkToken: (user: string, token: string) => TokenVerdict | Promise<TokenVerdict>;
  /** The JSON challenge that comes before the NO to a bad token; null for none. */
  readonly tokenChallenge: Readonly<Record<string, string>> | null;
  /** More simultaneous connections than this are refused at login. Default: no limit. */
  readonly connectionsPerUser: number;
  /** After so many BAD answers the server says BYE, as Dovecot (20) does. */
  readonly badCommandsAllowed: number;
}

/** Settings as handed in: each may be left out; texts are replaced one by one. */
export type PartialSettings = Partial<Omit<ServerSettings, 'texts'>> & { readonly texts?: Partial<Texts> };

/** Fills in the defaults. */
export function completeSettings(given: PartialSettings): ServerSettings {
  return {
    capabilities: DOVECOT_CAPABILITIES,
    tls: { mode: 'none' },
    loginDisabledWithoutTls: false,
    announceCapabilities: true,
    id: { name: 'mailferry sandbox' },
    prefix: '',
    delimiter: '/',
    namesAs: 'quoted',
    caseSensitiveNames: true,
    refuseName: () => undefined,
    permanentFlags: [...SYSTEM_FLAGS, '\\*'],
    otherFlags: 'refuse',
    dislikes: () => false,
    refuseMessage: () => undefined,
    rewrite: (body) => body,
    reportedSize: (body) => body.length,
    identify: (login) => ({ user: login, authenticatedAs: login }),
    honoursAuthorisation: true,
    checkToken: () => ({ accepted: false }),
    tokenChallenge: { status: '400', schemes: 'Bearer', scope: 'https://outlook.office365.com/.default' },
    connectionsPerUser: Number.POSITIVE_INFINITY,
    badCommandsAllowed: 20,
    ...given,
    texts: { ...DEFAULT_TEXTS, ...given.texts },
  };
}
