/** Where a list of mailboxes usually comes from and leads: what `init` proposes when it is shown one. */
import type { Side } from '../model/project.ts';
import type { DialectId } from './csv/dialect.ts';
import type { Glance } from './csv/glance.ts';

export type OpenedBy = 'password' | 'administrator' | 'oauth2';

export interface RoadEnd {
  readonly host: string;
  readonly openedBy: OpenedBy;
  /** Whether every row brings an application of its own. */
  readonly rowsApplications: boolean;
  /** The column of the list that has the passwords. */
  readonly passwordColumn?: string;
}

export type Road = Readonly<Record<Side, RoadEnd>>;

const EXCHANGE_ONLINE = 'outlook.office365.com';
const HOSTS: Readonly<Record<Side, string>> = { source: 'imap.old.example', destination: 'imap.new.example' };

/** The side of Microsoft 365, for lists that are written for moves from or to it. */
const MICROSOFTS_SIDE: Readonly<Partial<Record<DialectId, Side>>> = {
  microsoft: 'destination',
  exchange: 'source',
  infoswitch: 'source',
};

/** The road that a list implies; without one, both sides with passwords. */
export function roadOf(list: Glance | undefined): Road {
  return { source: endOf(list, 'source'), destination: endOf(list, 'destination') };
}

function endOf(list: Glance | undefined, side: Side): RoadEnd {
  if (list === undefined) return { host: HOSTS[side], openedBy: 'password', rowsApplications: false };
  const { dialect, fills, server } = list;
  const rowsApplications = fills.has(`${side}.clientId`);
  const isMicrosofts = MICROSOFTS_SIDE[dialect.id] === side || rowsApplications;
  const target = `${side}.password` as const;
  const hasPasswords = fills.has(target) && !rowsApplications;
  const column = dialect.columns.find((candidate) => candidate.fills.includes(target));
  return {
    host: (side === 'source' ? server : undefined) ?? (isMicrosofts ? EXCHANGE_ONLINE : HOSTS[side]),
    // A list without passwords leaves an administrator, or an application.
    openedBy: isMicrosofts ? 'oauth2' : hasPasswords ? 'password' : 'administrator',
    rowsApplications,
    ...(hasPasswords && column !== undefined && { passwordColumn: column.name }),
  };
}
