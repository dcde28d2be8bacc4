/**
 * The moments of a command at which something can go wrong:
 * - `arrived`: its name was read, its arguments were not. Literals are still unread, and stay so if it is answered now.
 * - `received`: all of it was read, literals included, and nothing was done.
 * - `executed`: it was done, and not answered.
 * - `answered`: its tagged answer was handed to the network.
 */
export type Moment = 'arrived' | 'received' | 'executed' | 'answered';

/** What goes wrong. */
export type Effect =
  /** The connection ends; what was answered before is still delivered. `reset` ends it with a TCP reset. */
  | { readonly do: 'cut'; readonly reset?: boolean }
  /** `* BYE text`, then the end. */
  | { readonly do: 'bye'; readonly text: string }
  /** The command is held for so many milliseconds, or without a number until the fault is released. */
  | { readonly do: 'hold'; readonly ms?: number }
  /** The tagged answer is this (`NO [UNAVAILABLE] …`). Before `executed` the command is not executed. */
  | { readonly do: 'answer'; readonly text: string }
  /** The command is never answered, the connection goes on. Before `executed` it is not executed. */
  | { readonly do: 'lose-answer' }
  /** Nothing is read or answered any more on this connection, which stays open. */
  | { readonly do: 'hang' }
  /** These lines are sent as they are, each with CRLF. */
  | { readonly do: 'send'; readonly lines: readonly string[] };

/** Who is meant, and how often. */
export interface FaultScope {
  /** Only this user (whoever it is that a login names). Default: everybody. */
  readonly user?: string;
  /** How often. Default: once; without limit where `until` is given. */
  readonly times?: number | 'always';
  /** Ends by itself at this moment. */
  readonly until?: Date;
}

/** Something goes wrong with commands of a kind. */
export interface CommandFault extends FaultScope {
  readonly kind: 'command';
  readonly at: Moment;
  /** `APPEND`, `UID FETCH`, …; default: any command. */
  readonly command?: string | readonly string[];
  /** Only on commands that concern this folder (its name on the wire); never matches at `arrived`. */
  readonly folder?: string;
  /** The first so many matching commands are spared: `nth: 3` strikes at the third. Default: 1. */
  readonly nth?: number;
  readonly effect: Effect;
}

/** Logins are refused, whatever the password or token. */
export interface LoginRefusal extends FaultScope {
  readonly kind: 'refuse-login';
  /** The tagged answer; default: the server's answer to a wrong password. */
  readonly text?: string;
}

/**
 * The connection ends after exactly so many octets of IMAP (before TLS) in one direction, wherever that is, also in
 * the middle of a literal. Commands that were complete by then are answered.
 */
export interface OctetFault extends FaultScope {
  readonly kind: 'octets';
  /** Seen from the server. */
  readonly direction: 'sent' | 'received';
  readonly after: number;
  /**
   * Where counting begins: with the connection (default), or with the first octet of the nth command of a name, and
   * then only until its answer. A command's first line is always read before the count is looked at.
   */
  readonly since?: { readonly command: string; readonly nth?: number };
  readonly reset?: boolean;
}

/** Responses are changed on their way out: a server that lies. */
export interface AlteringFault extends FaultScope {
  readonly kind: 'alter';
  /** Only responses given during this command. */
  readonly command?: string;
  /** Gets each whole response, literals included, and answers what is sent instead; undefined leaves it as it is. */
  readonly alter: (response: Buffer) => Buffer | undefined;
}

export type Fault = CommandFault | LoginRefusal | OctetFault | AlteringFault;

/** What a fault needs to know of a connection. */
export interface FaultSubject {
  /** Whose store is open, or whom a login names. */
  readonly user: string | undefined;
  /** The command in hand. */
  readonly command: string | undefined;
  readonly folder: string | undefined;
}
