/** What the rooms above know of an IMAP server. Everything that it said has been parsed; names and dates are validated. */
import type { ListedFolder } from '../model/folders.ts';
import type { Body } from './body.ts';
import type { ByteBudget } from './budget.ts';
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
  /** An HTTP or SOCKS proxy that makes the connection; directly when absent. */
  readonly proxy?: URL;
  /** A folder of whatever namespace, `/` between levels, that is listed with what is below it. */
  readonly root?: string;
  /**
   * A folder that is opened while the server is asked what it can do, so that opening it afterwards takes no time: for writing at
   * a destination only. Where it cannot be opened, opening it tells why.
   */
  readonly folder?: string;
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
   * For APPEND: `refused` when nothing is stored, because the server answered NO or BAD or had not been sent the command's
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
  /**
   * HIGHESTMODSEQ as the folder was opened (RFC 7162); absent where the server keeps none for it (NOMODSEQ), or one too
   * large for a number.
   */
  readonly highestModseq?: number;
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
  /** The server's own name of the message, the same in all folders that show it: Gmail's X-GM-MSGID. */
  readonly storedAs?: string;
}

export interface FetchedMessage extends FlagsRow {
  readonly internalDate: string;
  /**
   * The exact bytes; absent when the server has no body for it (NIL). What is too large to be held is a stream, which ends
   * when the next rows are asked for.
   */
  readonly body?: Body;
  readonly bytes: number;
}

/** The date that a message is stored with. */
export interface Dated {
  /** A date-time that `formatDateTime` made. */
  readonly internalDate: string;
  /** The date is yet to come, so that a server may refuse it: it waits for that. */
  readonly isAhead?: boolean;
}

export interface AppendMessage extends Dated {
  readonly flags: readonly string[];
  readonly body: Body;
  readonly bytes: number;
}

/**
 * How messages are sent: many in one command (RFC 3502), one command each without waiting for the answers in between
 * (RFC 7888), or one after another.
 */
export type AppendMode = 'multiappend' | 'pipelined' | 'plain';

export interface Appended {
  /** From APPENDUID (RFC 4315); absent where the server does not tell. */
  readonly uid?: number;
  readonly uidValidity?: number;
  /** The server said that it keeps no keywords. */
  readonly keywordsLost?: true;
}

/** What the server told of a MOVE, by COPYUID (RFC 4315); messages that it does not name may have been moved as well. */
export interface Moved {
  /** Of the folder to which they went. */
  readonly uidValidity?: number;
  readonly pairs: readonly { readonly from: number; readonly to: number }[];
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
  /** The connection has ended before the server answered what it was to store: some of that may be on the wire, and be stored yet. */
  readonly mayStillStore: boolean;

  /**
   * All folders but those under the prefixes of other users' and shared namespaces (RFC 2342), each once; of those only the
   * session's root and what is below it.
   */
  list(): Promise<readonly ListedFolder[]>;
  /**
   * Of the folder itself. STATUS is not for the one that is open (RFC 3501 section 6.3.10; Dovecot tells what it has told this
   * session already), so one that was opened by `examine` is opened so once more.
   */
  status(name: string): Promise<FolderStatus>;
  /** Also subscribes. `exists` when the server says that it is there already. */
  create(name: string): Promise<'created' | 'exists'>;
  /** EXAMINE. */
  examine(name: string): Promise<OpenFolder>;
  /** SELECT; never used on a source. */
  select(name: string): Promise<OpenFolder>;
  /** UIDs found, ascending, each once. */
  search(criteria: SearchCriteria): Promise<Uint32Array>;
  /**
   * UIDs asked for and not received are simply absent; the caller compares. `'all'` means 1:*. Rows of this and the next
   * two come in the server's order, each UID once. Until they are read to their end other commands are rejected, since
   * a consumer that waited for one amid its rows would wait for itself; leaving before the end destroys the connection,
   * since the rest is on its way.
   */
  fetchFlags(uids: readonly number[] | 'all'): AsyncIterable<FlagsRow>;
  /** Of all messages that are new or whose flags changed since this mod-sequence; only where `highestModseq` was told. */
  fetchChangedFlags(since: number): AsyncIterable<FlagsRow>;
  fetchIdentities(uids: readonly number[] | 'all'): AsyncIterable<IdentityRow>;
  /**
   * Bodies by BODY.PEEK[], in groups as they arrive. What is held is taken from the budget when it is announced; whoever is
   * given a body that is no stream gives its bytes back. Reading pauses while the budget is full, without any time-out.
   * Messages larger than a quarter of the budget are streams, each the last of its group.
   */
  readMessages(uids: readonly number[], budget: ByteBudget): AsyncIterable<readonly FetchedMessage[]>;
  /** The same one by one; a message is held until the next is asked for. */
  fetchMessages(uids: readonly number[]): AsyncIterable<FetchedMessage>;
  readonly appendMode: AppendMode;
  /** Bytes of the largest message that this folder takes (RFC 7889); undefined where the server does not say. */
  appendLimit(name: string): Promise<number | undefined>;
  /**
   * Whether messages with these flags go to this folder without waiting for the server to accept each: on this connection it
   * has taken the folder, each of the flags, and a list of as many. The others are sent all the same, a round trip more each.
   */
  isProven(name: string, flags: readonly string[]): boolean;
  /**
   * The same of a date: on this connection the server has taken its zone, and a date as old. True as well of one that is never
   * taken for proven (it is ahead, before 1970, in a zone that does not exist): its messages wait in any case.
   */
  isDateProven(message: Dated): boolean;
  /**
   * Appends messages with exact bytes in one command; several only in the mode `multiappend`, which stores all or none. Other
   * than in the mode `plain` it may be called again before the first has resolved. Gives what the server told of each.
   *
   * `mayCommit` is called before each write of less than 256 KiB, and in the same tick in which the last body's last byte and
   * the final CRLF, without which no server stores anything, are written; when it throws, the sockets are destroyed and
   * the promise rejects with what it threw.
   *
   * `onProven` is called, well before the promise resolves, when the server has taken flags or a date that it had not taken before
   * (`isProven`, `isDateProven`), and before anything of the message that has them is written. Until then nothing else is sent.
   */
  append(
    name: string,
    messages: readonly AppendMessage[],
    mayCommit: () => void,
    onProven?: () => void,
  ): Promise<readonly Appended[]>;
  /** UID STORE; rows that the server no longer has are left out of the result. */
  store(
    uids: readonly number[],
    change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<void>;
  /**
   * UID MOVE (RFC 6851) from the selected folder; only where the server has MOVE. UIDs that are not there are left out by
   * the server. `mayCommit` as for `append`. When it rejects with a NO, some messages may have been moved all the same.
   */
  move(uids: readonly number[], name: string, mayCommit: () => void): Promise<Moved>;
  noop(): Promise<void>;
  /** Never throws; bounded by one second, then destroys. */
  logout(): Promise<void>;
  /** In this very tick; everything pending rejects with an ImapRefusal that has the reason as its cause. */
  destroy(reason: Error): void;
}

/** Opens a session: connects, negotiates TLS, authenticates. Rejects with an ImapRefusal. */
export type OpenSession = (options: SessionOptions) => Promise<ImapSession>;
