/** Whose fault it is, and so how far it reaches. */
export type Scope =
  | 'tenant'
  | 'endpoint'
  | 'mailbox'
  | 'folder'
  | 'message'
  | 'connection'
  | 'project'
  | 'command'
  | 'machine'
  | 'us';

/**
 * What happens by itself:
 * `wait-for-access`: tried again with back-off up to the grace time, then needs attention;
 * `wait`: tried again with back-off, or when the server's own waiting time is over, without an end;
 * `reconnect`: gone on over a new connection at once; with back-off where that brings nothing;
 * `attention`: this mailbox or folder waits for a person, the others go on;
 * `put-aside`: the message is named in the report, the rest goes on;
 * `note`: recorded, nothing else; `stop`: the command ends and nothing was started.
 */
export type Reaction = 'wait-for-access' | 'wait' | 'reconnect' | 'attention' | 'put-aside' | 'note' | 'stop';

/** Exit codes of the command line. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  exceptions: 3,
  access: 4,
  unreachable: 5,
  notConfirmed: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Refusal {
  readonly scope: Scope;
  readonly meaning: string;
  readonly reaction: Reaction;
  /** What a person can do now. */
  readonly next: string;
  /** With which code a command ends that meets it. */
  readonly exit: ExitCode;
}
