/** What `start` looks at before anything is copied: both sides of every mailbox, without writing. */
import type { FolderRole, LeftOutFolder } from './folders.ts';
import type { Problem } from './mailbox.ts';
import type { MailboxRow, ProjectSettings, Side } from './project.ts';

export interface PreflightInput {
  readonly settings: ProjectSettings;
  readonly rows: readonly MailboxRow[];
}

export interface PreflightFolder {
  readonly source: string;
  readonly destination: string;
  readonly messages: number;
  readonly role?: FolderRole;
  /** It shows messages of other folders once more: only what is nowhere else is moved, so `messages` is the most that can be. */
  readonly repeats?: boolean;
}

export type PreflightRow =
  | {
      readonly ok: true;
      readonly id: string;
      readonly folders: readonly PreflightFolder[];
      readonly leftOut: readonly LeftOutFolder[];
      readonly notes: readonly string[];
      readonly messages: number;
      /** Of the source mailbox, see `printOf`. */
      readonly print?: string;
    }
  | { readonly ok: false; readonly id: string; readonly side: Side; readonly problem: Problem };

export type PreflightResult = readonly PreflightRow[];

/** Rows that one preflight workflow looks at; the sender makes chunks. */
export const PREFLIGHT_ROWS = 200;
