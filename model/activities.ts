/**
 * What the workflows ask of the world: inputs and outputs of every activity. Expected endings (refusals, quota, pause, the
 * end of a share) come back as values, because the ledger's growth must come back with them; only crashes throw.
 */
import type { AsideInput, AsideResult } from './aside.ts';
import type { FolderPair, LeftOutFolder, MappedFolder } from './folders.ts';
import type { Problem } from './mailbox.ts';
import type { AsideNote, CopyCounts, PassKind } from './pass.ts';
import type { MailboxJob, MailboxRow, ProjectSettings, Side } from './project.ts';
import type { RefusalCode } from './refusals.ts';

export interface TokenInput {
  readonly settings: ProjectSettings;
  /** A mailbox whose application is asked for, and whose domain tells the tenant where nothing else does. */
  readonly row?: MailboxRow;
  readonly side: Side;
  /** After a refusal that may be propagation, a cached token would keep lacking the role. */
  readonly fresh: boolean;
}

/** What the workflow may know of a token: never the token. */
export type TokenResult =
  | {
      readonly ok: true;
      readonly expiresAt: number;
      readonly audience: string;
      readonly roles: readonly string[];
      /** Delegated permissions, which are of no use to an application; absent where there are none. */
      readonly delegated?: readonly string[];
    }
  | { readonly ok: false; readonly problem: Problem };

export interface ProbeInput extends MailboxJob {
  readonly freshToken: boolean;
}

/** One side of a mailbox alone: a canary. */
export interface ProbeSideInput extends ProbeInput {
  readonly side: Side;
}

export type ProbeSideResult =
  | { readonly ok: true; readonly facts: ServerFacts }
  | { readonly ok: false; readonly problem: Problem };

export interface ServerFacts {
  readonly capabilities: readonly string[];
  readonly delimiter: string | null;
}

export type ProbeResult =
  | {
      readonly ok: true;
      readonly source: ServerFacts;
      readonly destination: ServerFacts;
      /** What could not be made sure of, in sentences. */
      readonly notes?: readonly string[];
    }
  | { readonly ok: false; readonly side: Side; readonly problem: Problem };

export interface SurveyedFolder extends MappedFolder {
  readonly messages: number;
  readonly uidNext: number;
  readonly uidValidity: number;
}

export type SurveyResult =
  | {
      readonly ok: true;
      readonly folders: readonly SurveyedFolder[];
      readonly leftOut: readonly LeftOutFolder[];
      /** What was changed in names on the way, in sentences. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly side: Side; readonly problem: Problem };

export interface CreateFoldersInput extends MailboxJob {
  readonly folders: readonly FolderPair[];
  /** The mailbox's other folders, whose names at the destination are given away. */
  readonly others?: readonly GivenName[];
}

/** The name that a folder has at the destination, and the one that it should have had and that was refused. */
export interface GivenName {
  readonly destination: string;
  readonly destinationPath: string;
  readonly refusedName?: string;
}

/** A destination folder under another name than was asked for, since the server does not take that one. */
export interface SubstituteFolder {
  readonly source: string;
  readonly destination: string;
  readonly destinationPath: string;
}

export interface CreateFoldersResult {
  readonly created: number;
  readonly substitutes?: readonly SubstituteFolder[];
  /** Folders that could not be made; their messages are not copied. */
  readonly refused: readonly { readonly folder: FolderPair; readonly problem: Problem }[];
  /** Set when the session itself failed. */
  readonly problem?: Problem;
}

export interface CopyFolderInput extends MailboxJob {
  readonly pass: PassKind;
  readonly folder: FolderPair;
  /** Encoded by `copy/`; absent before the first copy of this folder. */
  readonly ledger?: string;
  /** Of the last result; absent before the first copy of this folder. */
  readonly rest?: LedgerRest;
  /** Growth of an earlier activity whose result never came, where its last heartbeat is known. */
  readonly growth?: string;
  /** Only messages with an INTERNALDATE before this instant (epoch ms); absent: all. */
  readonly before?: number;
  /** The server has said that the token at hand has expired. */
  readonly freshToken?: boolean;
  /** Whether messages put aside earlier are tried again. */
  readonly retryAside: boolean;
  /** The source folder as it was surveyed: what came later waits for the next pass, which knows whether it was moved. */
  readonly surveyed?: Surveyed;
  /** What is known of the other source folders that a rule brings into the same destination folder. */
  readonly beside?: readonly LedgerBeside[];
  /** For a folder that shows messages of others once more: those of them that were copied before. */
  readonly shown?: readonly ShownFolder[];
}

/** A folder whose messages another one shows once more, as it was surveyed in this pass. */
export interface ShownFolder {
  readonly source: string;
  readonly destination: string;
  readonly messages: number;
  readonly uidNext: number;
  readonly uidValidity: number;
}

/** What is carried beside a folder's ledger, and serves when that is lost. UIDs and UIDVALIDITY of 0: not known. */
export interface LedgerRest {
  readonly sourceValidity: number;
  readonly destinationValidity: number;
  /** Epoch ms: every message with an earlier INTERNALDATE was handled or put aside when a pass last completed. */
  readonly completeBefore: number;
  /** UIDNEXT of the destination when this move first and last wrote there. */
  readonly writtenFrom: number;
  readonly writtenBelow: number;
  /** What had been put aside; only where there is no ledger. */
  readonly aside?: readonly AsideNote[];
}

/** The ledger of a source folder that shares its destination folder: what is there for it is not there for others. */
export interface LedgerBeside {
  /** Name of the source folder. */
  readonly source: string;
  readonly ledger?: string;
  readonly growth?: string;
}

export interface Surveyed {
  readonly uidNext: number;
  readonly uidValidity: number;
  /** Epoch ms, before any folder was surveyed. */
  readonly at: number;
}

export type CopyOutcome =
  /** All that the pass lists is handled or put aside. */
  | { readonly kind: 'complete' }
  /** More is left; ask again. */
  | { readonly kind: 'share-ended' }
  /** Cancelled between two batches: paused, or being cancelled. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'refused'; readonly side: Side; readonly problem: Problem };

export interface CopyFolderResult {
  readonly outcome: CopyOutcome;
  /** The whole ledger of the folder, encoded; absent when it is too large to be carried. */
  readonly ledger?: string;
  readonly rest?: LedgerRest;
  readonly handled: number;
  readonly counts: CopyCounts;
  /** What was put aside in this share. */
  readonly aside: readonly AsideNote[];
  /** Things worth knowing, counted by code: dropped flags, altered messages. */
  readonly notes: Readonly<Partial<Record<RefusalCode, number>>>;
}

export interface VerifyFolderInput extends MailboxJob, VerifiedFolder {
  /** The other source folders that a rule brings into the same destination folder: compared with it together. */
  readonly beside?: readonly VerifiedFolder[];
}

export interface VerifiedFolder {
  readonly folder: FolderPair;
  readonly ledger?: string | undefined;
}

export type VerifyFolderResult =
  | {
      readonly ok: true;
      readonly messages: number;
      readonly identical: number;
      readonly missing: number;
      readonly doubled: number;
      readonly movedByUser: number;
      /** Source UIDs of at most 20 that are missing. */
      readonly missingUids: readonly number[];
      /** Destination UIDs of at most 20 that are doubled. */
      readonly doubledUids: readonly number[];
    }
  | { readonly ok: false; readonly side: Side; readonly problem: Problem };

/** A folder of which messages may have disappeared, or in which messages may be new that disappeared from another. */
export interface PairedFolder extends FolderPair {
  readonly ledger?: string;
  /** Growth of a copy whose result never came. */
  readonly growth?: string;
  /**
   * Source UIDs that may be of moved messages: those that came since a pass over the folder last completed, and before this
   * one listed any folder. Absent: nothing is to be paired with them.
   */
  readonly arrived?: { readonly from: number; readonly below: number; readonly uidValidity: number };
}

export interface PairMovesInput extends MailboxJob {
  readonly folders: readonly PairedFolder[];
  /** Growth of an earlier activity with at least these folders, where its last heartbeat is known or it was in doubt. */
  readonly growth?: string;
}

export interface PairMovesResult {
  readonly outcome: CopyOutcome;
  /** The ledgers that changed; they take the place of ledger and growth. */
  readonly folders: readonly {
    readonly source: string;
    /** Absent when it is too large to be carried. */
    readonly ledger?: string | undefined;
    readonly rest?: LedgerRest;
    readonly handled: number;
    readonly aside: readonly AsideNote[];
  }[];
  /**
   * Nobody can tell yet whether the last messages were moved: instead of `folders` this growth goes into the next
   * activity, with the same ledgers.
   */
  readonly growth?: string;
  /** Of copies whose growth was settled, and of copies moved along. */
  readonly counts: CopyCounts;
  readonly notes: Readonly<Partial<Record<RefusalCode, number>>>;
}

/** All activities, by the names under which histories know them. */
export interface Activities {
  acquireToken(input: TokenInput): Promise<TokenResult>;
  probeAccess(input: ProbeInput): Promise<ProbeResult>;
  probeSide(input: ProbeSideInput): Promise<ProbeSideResult>;
  surveyMailbox(input: MailboxJob): Promise<SurveyResult>;
  createFolders(input: CreateFoldersInput): Promise<CreateFoldersResult>;
  pairMoves(input: PairMovesInput): Promise<PairMovesResult>;
  copyFolder(input: CopyFolderInput): Promise<CopyFolderResult>;
  verifyFolder(input: VerifyFolderInput): Promise<VerifyFolderResult>;
  describeAside(input: AsideInput): Promise<AsideResult>;
}

/** Details of a copy's heartbeats: readable in the Web UI, and all that the next attempt needs. */
export interface CopyHeartbeat {
  /** For people: `INBOX: 120 of 3,000`. */
  readonly text: string;
  readonly done: number;
  readonly of: number;
  /** Growth of the ledger since the activity began, encoded by `copy/`. */
  readonly growth: string;
}

/** Reads details that came back from Temporal; undefined when they are not a copy's. */
export function parseCopyHeartbeat(details: unknown): CopyHeartbeat | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const text = 'text' in details && typeof details.text === 'string' ? details.text : '';
  const done = 'done' in details && typeof details.done === 'number' ? details.done : 0;
  const of = 'of' in details && typeof details.of === 'number' ? details.of : 0;
  if (!('growth' in details) || typeof details.growth !== 'string') return undefined;
  return { text, done, of, growth: details.growth };
}
