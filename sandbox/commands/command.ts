import type { Session } from '../session.ts';
import type { Arguments } from '../wire/arguments.ts';

/** A tagged answer without its tag: `OK [READ-ONLY] …`, `NO …`, `BAD …`. */
export type Answer = string;

/** A command that was read and can be executed. */
export type Action = () => Answer | Promise<Answer>;

/** One command of RFC 3501 §6 or of an extension. */
export interface Command {
  /** The states in which it is known; elsewhere it is answered as an unknown command. */
  readonly state: 'any' | 'not-authenticated' | 'authenticated' | 'selected';
  /** Unknown unless this capability is listed. */
  readonly capability?: string;
  /** Message numbers may not move while it runs, so expunges are reported later (RFC 3501 §7.4.1). */
  readonly keepsNumbers?: true;
  /**
   * Reads the arguments to the end of the command. Throws `BadSyntax` for what is malformed and `Refused` for what can
   * be refused without reading on.
   */
  readonly parse: (session: Session, args: Arguments) => Action | Promise<Action>;
}

export type CommandTable = Readonly<Record<string, Command>>;
