import { DOVECOT_CAPABILITIES } from './capabilities.ts';
import type { Damage } from './commands/damage.ts';
import { SYSTEM_FLAGS } from './message/flags.ts';
import type { Delimiter } from './store/hierarchy.ts';
import type { StoredMessage } from './store/message.ts';
import { DEFAULT_TEXTS, type Texts } from './texts.ts';

/** How the connection is secured. With `starttls` it begins in clear text. PEM texts. */
export type TlsSettings =
  | { readonly mode: 'none' }
  | { readonly mode: 'implicit' | 'starttls'; readonly cert: string; readonly key: string };

/** A session that a token has opened. */
export interface OpenSession {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Sends `* BYE text` and ends the connection. */
  end(text: string): void;
}

/** What the server makes of a token. A refusal may bring its own tagged answer. */
export type TokenVerdict =
  | {
      readonly accepted: true;
      /** False lets the client in to no store: every command that needs one is refused. Default: true. */
      readonly connected?: boolean;
      /** Called once the session is open. */
      readonly opened?: (session: OpenSession) => void;
    }
  | { readonly accepted: false; readonly answer?: string };

/** A command as a gate sees it. */
export interface Passage {
  /** Counts the server's connections from 1. */
  readonly connection: number;
  /** Whose store is open, or whom a login names. */
  readonly user: string | undefined;
  readonly command: string;
}

/** Stands before every command, as a server's throttling does. */
export interface Gate {
  /** A tagged answer that the command gets instead of being executed, or undefined. Asked once for each command. */
  refusal(passage: Passage): string | undefined;
  /** A command was executed; `octets` went over the connection for it, both ways together. */
  passed(passage: Passage, octets: number): void;
}

/** Where a message lies. */
export interface Place {
  readonly user: string;
  /** Name on the wire. */
  readonly folder: string;
}

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
  /**
   * A tagged answer for a message that is not taken (NUL, long lines, flags of some kind, …), or undefined. Called once it was
   * read.
   */
  readonly refuseMessage: (body: Buffer, flags: readonly string[]) => string | undefined;
  /** Turns an appended message into what is kept. Default: as it came, octet by octet. */
  readonly rewrite: (body: Buffer) => Buffer;
  /** Flags that APPEND takes and does not store. Default: none. */
  readonly lostOnAppend: readonly string[];
  /** The largest message that a user's store takes, in octets; APPENDLIMIT says it openly. Default: no limit. */
  readonly largestMessage: (user: string) => number;
  /** The octets that a FETCH reads for a message, or undefined where it answers without them. Default: what is kept. */
  readonly read: (message: StoredMessage, place: Place) => Buffer | undefined;
  /** How the server fails when it is to read the body of a message, or undefined. Default: never. */
  readonly damage: (message: StoredMessage, place: Place) => Damage | undefined;
  /** Whether it fails so when it is to read headers as well. Default: no. */
  readonly damagesHeaders: boolean;
  /** RFC822.SIZE of a message. Default: its octets. */
  readonly reportedSize: (body: Buffer) => number;
  /** Takes login names apart, for `user*administrator` and its like. Default: the name is the user's own. */
  readonly identify: (login: string) => LoginIdentity;
  /** Opens the store of the authorisation identity of SASL PLAIN (RFC 4616); some servers pass over it. Default: true. */
  readonly honoursAuthorisation: boolean;
  /** Whether a password opens anything. Default: true. */
  readonly acceptsPasswords: boolean;
  /** Decides on a token presented with XOAUTH2. Default: none is accepted. */
  readonly checkToken: (user: string, token: string) => TokenVerdict | Promise<TokenVerdict>;
  /** The JSON challenge that comes before the NO to a bad token; null for none. */
  readonly tokenChallenge: Readonly<Record<string, string>> | null;
  /** More simultaneous connections than this are refused at login. Default: no limit. */
  readonly connectionsPerUser: number;
  /** What becomes of a login beyond that: it is refused, or let in to no store. Default: `refuse`. */
  readonly excessConnections: 'refuse' | 'leave-unconnected';
  /** Default: every command passes. */
  readonly gate: Gate;
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
    lostOnAppend: [],
    largestMessage: () => Number.POSITIVE_INFINITY,
    read: ({ body }) => body,
    damage: () => undefined,
    damagesHeaders: false,
    reportedSize: (body) => body.length,
    identify: (login) => ({ user: login, authenticatedAs: login }),
    honoursAuthorisation: true,
    acceptsPasswords: true,
    checkToken: () => ({ accepted: false }),
    tokenChallenge: { status: '400', schemes: 'Bearer', scope: 'https://outlook.office365.com/.default' },
    connectionsPerUser: Number.POSITIVE_INFINITY,
    excessConnections: 'refuse',
    gate: { refusal: () => undefined, passed: () => {} },
    badCommandsAllowed: 20,
    ...given,
    texts: { ...DEFAULT_TEXTS, ...given.texts },
  };
}
