/** What the rooms above know of an IMAP server. Everything that it said has been parsed; names and dates are validated. */
import type { ListedFolder } from '../model/folders.ts';
import type { Problem } from '../model/mailbox.ts';
import type { ServerAddress, Side } from '../model/project.ts';

/** How to log in. Secrets are functions, so that no object that is printed or serialised holds one. */
export type Login =
  /** LOGIN or AUTHENTICATE PLAIN as `user`. */
  | { readonly kind: 'password'; readonly user: string; readonly secret: () => string }
  /** AUTHENTICATE PLAIN with an authorization identity (RFC 4616): `user` logs in and acts for `actsFor`. */
  | { readonly kind: 'acting'; readonly user: string; readonly actsFor: string; readonly secret: () => string }
  /** AUTHENTICATE XOAUTH2. */
  | { readonly kind: 'xoauth2'; readonly user: string; readonly secret: () => string };

export interface SessionOptions {
  readonly address: ServerAddress;
  readonly login: Login;
  /** For the codes of refusals that name a side; `source` when absent. */
  readonly side?: Side;
  /** Milliseconds without any answer to a command after which the connection counts as lost. */
  readonly commandTimeout: number;
  /** Aborting destroys the sockets in the same tick. */
  readonly signal: AbortSignal;
}

/** A refusal by a server or the network, classified; thrown by everything in this room. */
export interface ImapRefusal extends Error {
  readonly name: 'ImapRefusal';
  readonly problem: Problem;
  /**
   * For APPEND: `refused` when nothing is stored, because the server answered NO or BAD or had not been sent the message's
   * last bytes; `in-doubt` for everything else.
   */
  readonly stored: 'refused' | 'in-doubt';
  /** The tagged answer's status where there was one. */
  readonly status?: 'NO' | 'BAD' | 'BYE';
  /** Response code in brackets, upper case, without arguments, e.g. OVERQUOTA (RFC 3501 section 7.1, RFC 5530). */
  readonly responseCode?: string;
}

export interface FolderStatus {
  readonly messages: number;
  readonly uidNext: number;
  readonly uidValidity: number;
}

export interface OpenFolder extends FolderStatus {
  readonly name: string;
  readonly readOnly: boolean;
  readonly flags: readonly string[];
  /** Absent when the server does not say (RFC 3501 section 6.3.1: then all can be changed). */
  readonly permanentFlags?: readonly string[];
}

export interface FlagsRow {
  readonly uid: number;
  /** As the server sent them, without \Recent, sorted. */
  readonly flags: readonly string[];
}

export interface IdentityRow extends FlagsRow {
  /** The server's date-time text, e.g. `17-Jul-1996 02:44:25 -0700`. */
  readonly internalDate: string;
  /** RFC822.SIZE; an estimate on some servers. */
  readonly size: number;
  /** The header fields Message-ID, Date, From and Subject as sent. */
  readonly headers: Buffer;
}

export interface FetchedMessage extends FlagsRow {
  readonly internalDate: string;
  /** The exact bytes, in the pieces in which they arrived; absent when the server has no body for it (NIL). */
  readonly body?: readonly Buffer[];
  readonly bytes: number;
}

export interface AppendMessage {
  readonly flags: readonly string[];
  /** A date-time that `formatDateTime` made. */
  readonly internalDate: string;
  readonly body: readonly Buffer[];
  readonly bytes: number;
}

export interface Appended {
  /** From APPENDUID (RFC 4315); absent where the server does not tell. */
  readonly uid?: number;
  readonly uidValidity?: number;
}

export type SearchCriteria =
  | { readonly kind: 'all' }
  /** INTERNALDATE's day, disregarding time and zone, before this day (RFC 3501 section 6.4.4). */
  | { readonly kind: 'before'; readonly date: { readonly year: number; readonly month: number; readonly day: number } }
  /** Messages whose Message-ID field contains this text. */
  | { readonly kind: 'message-id'; readonly text: string };

/**
 * An authenticated connection. Commands run one after another in the order of the calls; every promise settles, and
 * rejects with an ImapRefusal.
 */
export interface ImapSession {
  /** Upper case. Fetched again after login. */
  readonly capabilities: ReadonlySet<string>;
  /** Of the personal namespace (RFC 2342); `''` and the delimiter of LIST where the server has no NAMESPACE. */
  readonly prefix: string;
  readonly delimiter: string | null;
  /** True until the connection is lost, logged out or destroyed. */
  readonly usable: boolean;

  /** All folders but those under the prefixes of other users' and shared namespaces (RFC 2342), each once. */
  list(): Promise<readonly ListedFolder[]>;
  status(name: string): Promise<FolderStatus>;
  /** Also subscribes. `exists` when the server says that it is there already. */
  create(name: string): Promise<'created' | 'exists'>;
  /** EXAMINE. */
  examine(name: string): Promise<OpenFolder>;
  /** SELECT; never used on a source. */
  select(name: string): Promise<OpenFolder>;
  search(criteria: SearchCriteria): Promise<readonly number[]>;
  /**
   * UIDs asked for and not received are simply absent; the caller compares. `'all'` means 1:*. Rows of this and the next
   * two come in the server's order, each UID once. Until they are read to their end other commands are rejected, since
   * a consumer that waited for one amid its rows would wait for itself; leaving before the end destroys the connection,
   * since the rest is on its way.
   */
  fetchFlags(uids: readonly number[] | 'all'): AsyncIterable<FlagsRow>;
  fetchIdentities(uids: readonly number[] | 'all'): AsyncIterable<IdentityRow>;
  /**
   * Bodies by BODY.PEEK[]. Pulled: beyond the consumed message at most what came in the same 64 KiB, or one larger message,
   * is held (backpressure reaches the server); no time-out runs while the consumer is busy.
   */
  fetchMessages(uids: readonly number[]): AsyncIterable<FetchedMessage>;
  /**
   * Appends one message with exact bytes, as a synchronising literal. `mayCommit` is called before each slice of at most
   * 64 KiB, and in the same tick in which the body's last byte and the final CRLF, without which no server stores the
   * message, are written; when it throws, the sockets are destroyed, nothing is stored, and the promise rejects with what
   * it threw.
   */
  append(name: string, message: AppendMessage, mayCommit: () => void): Promise<Appended>;
  /** UID STORE; rows that the server no longer has are left out of the result. */
  store(
    uids: readonly number[],
    change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<void>;
  noop(): Promise<void>;
  /** Never throws; bounded by one second, then destroys. */
  logout(): Promise<void>;
  /** In this very tick; everything pending rejects with an ImapRefusal that has the reason as its cause. */
  destroy(reason: Error): void;
}

/** Opens a session: connects, negotiates TLS, authenticates. Rejects with an ImapRefusal. */
export type OpenSession = (options: SessionOptions) => Promise<ImapSession>;
