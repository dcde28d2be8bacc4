/** Roles of folders (RFC 6154, and INBOX, which every mailbox has, RFC 3501 section 5.1). */
export type FolderRole = 'inbox' | 'sent' | 'drafts' | 'trash' | 'junk' | 'archive' | 'all' | 'flagged' | 'important';

/** A folder as its server lists it. */
export interface ListedFolder {
  /** The name exactly as listed, in the server's encoding (modified UTF-7): what commands are given. */
  readonly name: string;
  /** Levels, decoded for people and rules; invalid encodings are kept as they stand. */
  readonly path: readonly string[];
  readonly delimiter: string | null;
  readonly role?: FolderRole;
  /** False for \Noselect and \NonExistent (RFC 3501 section 7.2.2, RFC 5258). */
  readonly selectable: boolean;
}

/** A source folder and its counterpart; `name`s are what commands are given, `path`s what people read. */
export interface FolderPair {
  readonly source: string;
  readonly sourcePath: string;
  readonly destination: string;
  readonly destinationPath: string;
  /**
   * Only where the source folder shows messages of other folders once more (\All and its like, RFC 6154): the names of
   * those others. What is in any of them is not carried over from here.
   */
  readonly exceptIn?: readonly string[];
}

/** A pair as the mapping explains it. */
export interface MappedFolder extends FolderPair {
  /** As the source marks it, or by its name. */
  readonly role?: FolderRole;
}

/** The pair alone, of something that holds more. */
export function pairOf({ source, sourcePath, destination, destinationPath, exceptIn }: FolderPair): FolderPair {
  return { source, sourcePath, destination, destinationPath, ...(exceptIn !== undefined && { exceptIn }) };
}

export interface LeftOutFolder {
  readonly sourcePath: string;
  readonly messages: number;
  /** Why it is not moved, in one sentence. */
  readonly reason: string;
}
