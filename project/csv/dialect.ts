/** What a kind of list of mailboxes says of itself. A dialect is data: the reader is the same for all of them. */
import type { IssueList } from '../issues.ts';
import type { OpenEndpoint, Place } from '../types.ts';
import type { Side } from '../../model/project.ts';

/** The names that a project file has for them. */
export const DIALECT_IDS = ['mailferry', 'microsoft', 'exchange', 'infoswitch', 'qboxmail'] as const;
export type DialectId = (typeof DIALECT_IDS)[number];

type OfSide = 'user' | 'password' | 'tenant' | 'clientId' | 'clientSecret';

/** What the field of a column is. */
export type Target = `${Side}.${OfSide}` | 'source.root' | 'source.server' | 'destination.prefix' | 'kind';

export interface Column {
  /** As its makers write it; compared without regard to case, blanks, hyphens and underscores. */
  readonly name: string;
  /** One field may be the same name on both sides. */
  readonly fills: readonly Target[];
  readonly required?: true;
}

/** A row as the hooks of a dialect see it: fields by what they are, empty ones left out. Secrets are not among them. */
export interface RowFacts {
  readonly values: ReadonlyMap<Target, string>;
  readonly placeOf: (target: Target) => Place;
  /** Where that is known. */
  readonly endpoints: Readonly<Partial<Record<Side, OpenEndpoint>>>;
  readonly issues: IssueList;
  readonly warnings: IssueList;
}

export interface Dialect {
  readonly id: DialectId;
  /** For people: whose list it is. */
  readonly title: string;
  readonly columns: readonly Column[];
  /** `named`: the first line names the columns, in any order. `none`: they are told by their places. */
  readonly header: 'named' | 'none';
  /** Whether columns of other names belong to it as well, as in exports of everything, or are mistakes. */
  readonly otherColumns: 'expected' | 'mistakes';
  /** A password that the row has and does not need is a part of the form and passed over, and no mistake. */
  readonly passwordsByForm?: true;
  /** Without a header: whether a first line looks like a row of this dialect. */
  readonly fits?: (fields: readonly string[]) => boolean;
  /** Without a header: whether a first line is one all the same. */
  readonly isHeader?: (fields: readonly string[]) => boolean;
  /** Looks at what only this dialect says; false when the row is left out. */
  readonly check?: (row: RowFacts) => boolean;
}

/** Names of columns as they are compared. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]+/g, '');
}
