/** Messages put aside, as they are shown and exported: the ledger knows their UIDs and codes, the source has the rest. */
import type { Problem } from './mailbox.ts';
import type { AsideNote } from './pass.ts';
import type { MailboxJob } from './project.ts';
import type { RefusalCode } from './refusals.ts';

/** Of one source folder. */
export interface AsideFolder {
  /** As commands are given it. */
  readonly source: string;
  readonly sourcePath: string;
  /** Of the source when the notes were made; under another one their UIDs mean nothing. */
  readonly uidValidity: number;
  readonly notes: readonly AsideNote[];
}

/** Notes of one mailbox, some at a time: a query's answer is limited to 2 MiB. */
export interface AsidePage extends MailboxJob {
  /** In the whole mailbox. */
  readonly total: number;
  readonly folders: readonly AsideFolder[];
}

/** Notes that one page, and one short workflow, is about; a note becomes about a kilobyte. */
export const ASIDE_NOTES = 500;

export interface AsideInput extends MailboxJob {
  readonly folders: readonly AsideFolder[];
}

/** A message put aside, and what the source says of it. */
export interface AsideMessage {
  readonly uid: number;
  readonly code: RefusalCode;
  /** The server's words, or what it did, where that is remembered. */
  readonly words?: string;
  /** Its user has deleted or moved it since, or its folder was renumbered. */
  readonly gone: boolean;
  /** INTERNALDATE, as the source writes it. */
  readonly date?: string;
  /** Decoded (RFC 2047) and cut to a length that can be shown. */
  readonly from?: string;
  readonly subject?: string;
  /** As the source tells it; an estimate on some servers. */
  readonly size?: number;
}

export interface DescribedFolder {
  readonly sourcePath: string;
  readonly messages: readonly AsideMessage[];
}

export type AsideResult =
  | { readonly ok: true; readonly folders: readonly DescribedFolder[] }
  | { readonly ok: false; readonly problem: Problem };

/** The notes from number `skip` on, at most `take`, in the order of the folders. */
export function asideNotes(folders: readonly AsideFolder[], skip: number, take: number): readonly AsideFolder[] {
  let before = skip;
  let left = take;
  return folders.flatMap((folder) => {
    const notes = folder.notes.slice(before, before + left);
    before = Math.max(0, before - folder.notes.length);
    left -= notes.length;
    return notes.length === 0 ? [] : [{ ...folder, notes }];
  });
}
