/** The state of a project and what its workflows tell each other. Levels, not edges: every message states the whole wish. */
import type { LedgerRest } from './activities.ts';
import type { CredentialEnd } from './credential-expiry.ts';
import type { FolderPair, LeftOutFolder } from './folders.ts';
import type { GateView } from './gate-view.ts';
import type { Gate } from './gates.ts';
import {
  MAILBOX_PHASES,
  NO_COUNTS,
  addCounts,
  type MailboxCounts,
  type MailboxPhase,
  type MailboxReport,
  type Problem,
} from './mailbox.ts';
import type { AsideNote, CopyCounts, PassKind, PassSummary, Verification } from './pass.ts';
import type { MailboxRow, ProjectSettings, Side } from './project.ts';
import type { RefusalCode } from './refusals.ts';

export const PROJECT_PHASES = [
  'loading',
  'prepare',
  'prestage',
  'ready',
  'final',
  'tail',
  'finished',
  'cancelled',
] as const;
export type ProjectPhase = (typeof PROJECT_PHASES)[number];

/** How far the project lets its mailboxes go; at `hold` (loading, tokens) none of them has been started. */
export type Stage = 'hold' | 'prestage' | 'cutover' | 'finish' | 'cancel';

/** What the project wishes of every mailbox; a mailbox that missed ten of these has missed nothing once it has the last. */
export interface Directive {
  readonly revision: number;
  readonly stage: Stage;
  readonly paused: boolean;
  /** Counts up with every `retry`: wakes what waits because of a refusal. */
  readonly retryRefused: number;
  /** Counts up with every `retry` and `retry --failed`: wakes what needs attention. */
  readonly retryAttention: number;
  /** Epoch milliseconds of the cutover signal. */
  readonly cutoverAt?: number;
  /** Keys of closed gates: mailboxes behind them are not started. Shards only. */
  readonly closed?: readonly string[];
}

export const FIRST_DIRECTIVE: Directive = {
  revision: 0,
  stage: 'hold',
  paused: false,
  retryRefused: 0,
  retryAttention: 0,
};

/** Sums over mailboxes, answered in one call whatever the project's size. */
export interface Totals {
  readonly mailboxes: number;
  readonly phases: Readonly<Partial<Record<MailboxPhase, number>>>;
  /** Mailboxes whose workflow has ended. */
  readonly ended: number;
  /** Mailboxes that have a problem, messages put aside, missing or doubled. */
  readonly exceptions: number;
  readonly counts: MailboxCounts;
}

export const NO_TOTALS: Totals = { mailboxes: 0, phases: {}, ended: 0, exceptions: 0, counts: NO_COUNTS };

export function addTotals(a: Totals, b: Totals): Totals {
  const phases: Partial<Record<MailboxPhase, number>> = {};
  for (const phase of MAILBOX_PHASES) {
    const sum = (a.phases[phase] ?? 0) + (b.phases[phase] ?? 0);
    if (sum > 0) phases[phase] = sum;
  }
  return {
    mailboxes: a.mailboxes + b.mailboxes,
    phases,
    ended: a.ended + b.ended,
    exceptions: a.exceptions + b.exceptions,
    counts: addCounts(a.counts, b.counts),
  };
}

/** True when something about the mailbox has to be named at the end. */
export function isException(report: MailboxReport): boolean {
  const { aside, missing, doubled } = report.counts;
  return report.problem !== undefined || aside > 0 || missing > 0 || doubled > 0;
}

export function totalsOf(reports: readonly MailboxReport[]): Totals {
  return reports.reduce(
    (sum, report) =>
      addTotals(sum, {
        mailboxes: 1,
        phases: { [report.phase]: 1 },
        ended: report.ended ? 1 : 0,
        exceptions: isException(report) ? 1 : 0,
        counts: report.counts,
      }),
    NO_TOTALS,
  );
}

/** What is known of a token: never the token. */
export interface TokenView {
  readonly expiresAt: number;
  readonly audience: string;
  readonly roles: readonly string[];
}

/** What `status` prints: answered by a query, and kept as the memo `status` for when no worker answers. */
export interface ProjectView {
  readonly name: string;
  readonly phase: ProjectPhase;
  readonly paused: boolean;
  /** One sentence: what the project does or waits for. */
  readonly now: string;
  readonly startedAt: number;
  readonly readyAt?: number;
  readonly cutoverAt?: number;
  readonly expectedMailboxes: number;
  readonly shards: number;
  readonly totals: Totals;
  readonly problem?: Problem;
  /** Gates that are closed, and why. */
  readonly gates?: readonly GateView[];
  /** When the applications' secrets and certificates end, as far as that is known. */
  readonly credentials?: readonly CredentialEnd[];
}

/** The result of a project's workflow. */
export interface ProjectResult {
  readonly phase: 'finished' | 'cancelled';
  readonly totals: Totals;
}

/** Rows that travel in one message; each chunk becomes a shard. */
export interface MailboxChunk {
  /** Chosen by the sender; a chunk that was sent twice is taken once. */
  readonly key: string;
  readonly rows: readonly MailboxRow[];
}

/** What changes for the mailboxes of one shard; the sender knows from the shard's rows which one has them. */
export interface ShardChange {
  readonly index: number;
  /** Rows that the shard has, with other secrets or source users. */
  readonly rows?: readonly MailboxRow[];
  /** Ids of mailboxes that leave the project; their mail stays at the destination. */
  readonly removed?: readonly string[];
}

/** One message stays below 700 kB; the sender makes several. */
export interface ProjectChange {
  readonly settings?: ProjectSettings;
  readonly shards?: readonly ShardChange[];
}

export interface ShardInfo {
  readonly index: number;
  readonly key: string;
  readonly totals: Totals;
}

/** Everything the project workflow carries through a continue-as-new. */
export interface ProjectState {
  readonly settings: ProjectSettings;
  readonly expectedMailboxes: number;
  readonly phase: ProjectPhase;
  readonly startedAt?: number;
  readonly readyAt?: number;
  readonly directive: Directive;
  readonly shards: readonly ShardInfo[];
  readonly tokens: Readonly<Partial<Record<Side, TokenView>>>;
  /** Before the mailboxes that applications open. */
  readonly gates: readonly Gate[];
  readonly problem?: Problem | undefined;
}

/** The input of a new project's workflow; its mailboxes follow in chunks. */
export function newProject(settings: ProjectSettings, expectedMailboxes: number): ProjectState {
  return {
    settings,
    expectedMailboxes,
    phase: 'loading',
    directive: FIRST_DIRECTIVE,
    shards: [],
    tokens: {},
    gates: [],
  };
}

export interface ShardState {
  readonly index: number;
  readonly settings: ProjectSettings;
  readonly directive: Directive;
  readonly rows: readonly MailboxRow[];
  /** How many of the rows have had their turn, in their order. */
  readonly started: number;
  /** Ids of those that had their turn and could not be started, being behind a closed gate. */
  readonly held?: readonly string[];
  readonly reports: Readonly<Record<string, MailboxReport>>;
}

export interface ShardReport {
  readonly index: number;
  readonly totals: Totals;
}

/** What a mailbox carries for one folder. */
export interface FolderState extends FolderPair {
  readonly messages: number;
  readonly uidNext: number;
  readonly uidValidity: number;
  readonly handled: number;
  readonly aside: readonly AsideNote[];
  /** Made or found at the destination. */
  readonly created: boolean;
  /** The name that it would have there and that the server refused; `destination` was taken instead. */
  readonly refusedName?: string | undefined;
  /** No longer on the source. */
  readonly gone: boolean;
  readonly ledger?: string | undefined;
  /** Of the last copy, whether its ledger is carried or not. */
  readonly rest?: LedgerRest | undefined;
  /** Growth of an attempt whose end never came; what lies beyond it is in doubt. */
  readonly growth?: string | undefined;
  /** The source as it was surveyed before a pass over the folder last completed. */
  readonly completeAt?:
    | { readonly messages: number; readonly uidNext: number; readonly uidValidity: number }
    | undefined;
  /**
   * Source UIDs below are of no message that was handled in another folder and moved here: they were here when a pass
   * over the folder last completed, or before anything of the mailbox was copied.
   */
  readonly seenUpTo?: { readonly uidNext: number; readonly uidValidity: number } | undefined;
  /** Handled messages that the source no longer had when a pass over the folder last completed: they stay. */
  readonly goneFromSource?: number;
  /** Why its messages are not copied; the other folders go on. */
  readonly problem?: Problem | undefined;
}

/** A pass that has begun and not ended; survives waits, pauses and continue-as-new. */
export interface CurrentPass {
  readonly kind: PassKind;
  readonly startedAt: number;
  /** Only messages with an INTERNALDATE before this instant. */
  readonly before?: number;
  /** Epoch milliseconds; before any folder was listed by the survey that this pass goes by. */
  readonly surveyedAt?: number;
  /** Of a search for moved messages whose end never came or is in doubt, and the source names of the folders that it had. */
  readonly pairing?: { readonly growth: string; readonly folders: readonly string[] };
  /** Source names of the folders that are through. */
  readonly done: readonly string[];
  readonly counts: CopyCounts;
  readonly retryAside: boolean;
  /** A folder was not as it had been listed: `wanted` until the folders have been listed once more in this pass. */
  readonly relisting?: 'wanted' | 'done';
}

export interface MailboxState {
  readonly settings: ProjectSettings;
  readonly row: MailboxRow;
  readonly shard: number;
  readonly directive: Directive;
  readonly removed: boolean;
  readonly phase: MailboxPhase;
  readonly counts: MailboxCounts;
  readonly folders: readonly FolderState[];
  readonly leftOut: readonly LeftOutFolder[];
  /** Newest last, at most `KEPT_PASSES`. */
  readonly passes: readonly PassSummary[];
  readonly current?: CurrentPass | undefined;
  readonly notes: Readonly<Partial<Record<RefusalCode, number>>>;
  readonly verification?: Verification | undefined;
  /** Passes made because a comparison found something missing. */
  readonly repairs: number;
  /** Since when access has been refused without a break. */
  readonly refusedSince?: number | undefined;
  /** Folders copied at the same time, where the server has asked for less than the limit allows. */
  readonly connections?: number | undefined;
  /** Failures in a row, of whatever kind. */
  readonly tries: number;
  readonly problem?: Problem | undefined;
  /** When the final delta ended. */
  readonly finalAt?: number | undefined;
  /** When a tail pass last found something new. */
  readonly lastNewAt?: number | undefined;
  /** The next pass tries messages put aside again. */
  readonly retryAside: boolean;
}

/** The first folder that is on the source and cannot be copied. */
export function stuckFolder(state: MailboxState): FolderState | undefined {
  return state.folders.find((folder) => folder.problem !== undefined && !folder.gone);
}

export const KEPT_PASSES = 12;

export function newMailbox(
  settings: ProjectSettings,
  row: MailboxRow,
  shard: number,
  directive: Directive,
): MailboxState {
  return {
    settings,
    row,
    shard,
    directive,
    removed: false,
    phase: 'queued',
    counts: NO_COUNTS,
    folders: [],
    leftOut: [],
    passes: [],
    notes: {},
    repairs: 0,
    tries: 0,
    retryAside: false,
  };
}
