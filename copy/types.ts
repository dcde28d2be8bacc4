/** What one copy of one folder is given by the activity that runs it. */
import type {
  CopyFolderResult,
  CopyHeartbeat,
  LedgerBeside,
  LedgerRest,
  PairedFolder,
  PairMovesResult,
  ShownFolder,
  Surveyed,
  VerifiedFolder,
  VerifyFolderResult,
} from '../model/activities.ts';
import type { FolderPair } from '../model/folders.ts';
import type { Limits } from '../model/project.ts';
import type { PassKind } from '../model/pass.ts';
import type { ImapSession } from '../imap/types.ts';

/**
 * One attempt's right to write to the destination. It holds while a heartbeat was acknowledged a short time ago; an
 * attempt that lost it has another attempt beside it, or may have, and must not write one byte more.
 */
export interface Lease {
  /** Throws `LeaseLost` when the last acknowledgement is too old, or the process was asleep. Synchronous, cheap. */
  readonly check: () => void;
  /** What the next heartbeat is to carry; called when the heartbeat is sent, so it always carries the newest growth. */
  readonly carry: (beat: () => CopyHeartbeat) => void;
  /** Resolves when a heartbeat that was sent after this call has been acknowledged. */
  readonly acknowledged: () => Promise<void>;
}

export interface CopyTask {
  readonly pass: PassKind;
  readonly folder: FolderPair;
  readonly ledger?: string | undefined;
  /** For when the ledger is lost. */
  readonly rest?: LedgerRest;
  readonly before?: number;
  readonly retryAside: boolean;
  readonly limits: Limits;
  /** What is known of the other source folders that a rule brings into the same destination folder. */
  readonly beside?: readonly LedgerBeside[];
  /** For a folder that shows messages of others once more: those of them that were copied before. */
  readonly shown?: readonly ShownFolder[];
  /** The source folder as it was surveyed: what came later waits for the next pass. */
  readonly surveyed?: Surveyed;
  /** Growth carried by the last heartbeat of an attempt that crashed: what lies beyond it is in doubt. */
  readonly previousGrowth?: string;
}

export interface CopyContext {
  readonly source: ImapSession;
  readonly destination: ImapSession;
  /** Gives up both sessions and opens new ones, after a server has dropped a connection; absent: once lost, all is over. */
  readonly reopen?: () => Promise<{ readonly source: ImapSession; readonly destination: ImapSession }>;
  /**
   * Resolves after a time within which what a connection had sent when it ended arrives, as a rule; at once when the lease is lost.
   * Absent: it has arrived by then.
   */
  readonly ebb?: () => Promise<void>;
  readonly lease: Lease;
  /** Aborted when the copy shall end after the batch in hand. */
  readonly interrupt: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export type CopyFolder = (task: CopyTask, context: CopyContext) => Promise<CopyFolderResult>;

export interface VerifyTask extends VerifiedFolder {
  /** The other source folders that a rule brings into the same destination folder. */
  readonly beside?: readonly VerifiedFolder[];
}

export interface PairTask {
  readonly folders: readonly PairedFolder[];
  readonly limits: Limits;
  /** Of an attempt that crashed, or that ended while a MOVE was in doubt. */
  readonly previousGrowth?: string;
}

export type PairMoves = (task: PairTask, context: CopyContext) => Promise<PairMovesResult>;

export type VerifyFolder = (
  task: VerifyTask,
  context: Pick<CopyContext, 'source' | 'destination' | 'interrupt' | 'reopen'>,
) => Promise<VerifyFolderResult>;
