import type { CredentialEnd } from './credential-expiry.ts';
import type { RefusalCode } from './refusals.ts';
import type { LeftOutFolder } from './folders.ts';
import type { AsideNote, PassKind, PassSummary, Verification } from './pass.ts';

/** Where a mailbox stands; also the value of its search attribute. `paused` is shown instead while the project is paused. */
export const MAILBOX_PHASES = [
  'queued',
  'probe',
  'refused',
  'survey',
  'prestage',
  'ready',
  'final',
  'tail',
  'verify',
  'done',
  'attention',
  'cancelled',
] as const;
export type MailboxPhase = (typeof MAILBOX_PHASES)[number];

/** Something that went wrong, told so that a person can act: the table of refusals holds meaning and next step of its code. */
export interface Problem {
  readonly code: RefusalCode;
  /** What happened to what, in one sentence; no secrets. */
  readonly text: string;
  /** The server's own words, where there were any. */
  readonly serverText?: string;
  readonly folder?: string;
  /** Milliseconds that the server asked us to wait. */
  readonly waitMs?: number;
}

/** Counts of one mailbox, over all its passes so far. */
export interface MailboxCounts {
  readonly folders: number;
  /** Messages on the source at the last survey, in folders that are moved. */
  readonly messages: number;
  readonly copied: number;
  readonly adopted: number;
  readonly bytes: number;
  readonly flagsChanged: number;
  readonly aside: number;
  readonly missing: number;
  readonly doubled: number;
}

export const NO_COUNTS: MailboxCounts = {
  folders: 0,
  messages: 0,
  copied: 0,
  adopted: 0,
  bytes: 0,
  flagsChanged: 0,
  aside: 0,
  missing: 0,
  doubled: 0,
};

/** Adds counts up, field by field. */
export function addCounts(a: MailboxCounts, b: MailboxCounts): MailboxCounts {
  return {
    folders: a.folders + b.folders,
    messages: a.messages + b.messages,
    copied: a.copied + b.copied,
    adopted: a.adopted + b.adopted,
    bytes: a.bytes + b.bytes,
    flagsChanged: a.flagsChanged + b.flagsChanged,
    aside: a.aside + b.aside,
    missing: a.missing + b.missing,
    doubled: a.doubled + b.doubled,
  };
}

/** What a mailbox tells its shard whenever something a person cares about has changed. */
export interface MailboxReport {
  readonly id: string;
  readonly phase: MailboxPhase;
  readonly problem?: Problem;
  readonly counts: MailboxCounts;
  /** True when the mailbox's workflow is over. */
  readonly ended: boolean;
}

/** What `show` prints, answered by the mailbox workflow. */
export interface MailboxView extends MailboxReport {
  /** Where the project's mailboxes were listed, and in whose form. */
  readonly list?: string;
  readonly sourceUser: string;
  readonly destinationUser: string;
  readonly paused: boolean;
  /** One sentence: what it does or waits for now. */
  readonly now: string;
  readonly pass?: PassKind;
  readonly folders: readonly FolderView[];
  readonly leftOut: readonly LeftOutFolder[];
  /** Things worth knowing, counted by code. */
  readonly notes: Readonly<Partial<Record<RefusalCode, number>>>;
  readonly passes: readonly PassSummary[];
  readonly verification?: Verification;
  /** Epoch milliseconds of the next try or pass, where one is set. */
  readonly nextAt?: number;
  /** When the secrets and certificates end that open it, as far as that is known. */
  readonly credentials?: readonly CredentialEnd[];
}

export interface FolderView {
  readonly source: string;
  readonly destination: string;
  readonly messages: number;
  readonly handled: number;
  readonly aside: readonly AsideNote[];
  /** Handled messages that were deleted on the source since; they stay at the destination. */
  readonly goneFromSource?: number;
  readonly problem?: Problem;
}
