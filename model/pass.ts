import type { RefusalCode } from './refusals.ts';

/**
 * `prestage`: mail older than the pre-stage age; `delta`: the same, again, while the MX record is on the old side;
 * `final`: everything, after the cutover; `tail`: what still arrives at the old side afterwards.
 */
export type PassKind = 'prestage' | 'delta' | 'final' | 'tail';

/** Counts of one copy of one folder, or sums of them. */
export interface CopyCounts {
  /** Messages the source listed for this pass. */
  readonly listed: number;
  readonly copied: number;
  readonly adopted: number;
  readonly bytes: number;
  readonly flagsChanged: number;
  readonly aside: number;
  /** Handled messages that are no longer on the source. */
  readonly goneFromSource: number;
  /** Our copies at the destination that followed a message which its user moved on the source. */
  readonly moved: number;
}

export const NO_COPY_COUNTS: CopyCounts = {
  listed: 0,
  copied: 0,
  adopted: 0,
  bytes: 0,
  flagsChanged: 0,
  aside: 0,
  goneFromSource: 0,
  moved: 0,
};

export function addCopyCounts(a: CopyCounts, b: CopyCounts): CopyCounts {
  return {
    listed: a.listed + b.listed,
    copied: a.copied + b.copied,
    adopted: a.adopted + b.adopted,
    bytes: a.bytes + b.bytes,
    flagsChanged: a.flagsChanged + b.flagsChanged,
    aside: a.aside + b.aside,
    goneFromSource: a.goneFromSource + b.goneFromSource,
    moved: a.moved + b.moved,
  };
}

/** Kept in the mailbox's state for its last passes, so that the history reads as a story. */
export interface PassSummary {
  readonly kind: PassKind;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly folders: number;
  readonly counts: CopyCounts;
}

/** A message put aside: where it is and why; its texts are fetched again when somebody asks. */
export interface AsideNote {
  readonly uid: number;
  readonly code: RefusalCode;
  /** The server's own words, of the newest few; at most 200 characters. */
  readonly words?: string;
}

/** The comparison of both sides of a mailbox, without the ledger. */
export interface Verification {
  readonly at: number;
  readonly folders: number;
  /** Messages on the source that were compared. */
  readonly messages: number;
  readonly identical: number;
  /** On the source, not found in the counterpart folder and not explained by the ledger (put aside, handled before). */
  readonly missing: number;
  /** Source messages with more counterparts at the destination than there are on the source, written by us. */
  readonly doubled: number;
  /** Handled once, and moved or deleted at the destination by its user since. */
  readonly movedByUser: number;
}
