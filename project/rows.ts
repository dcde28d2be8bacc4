/** Rows of mailboxes from wherever they come: checked against the endpoints and against each other. */
import { mailboxId } from '../model/ids.ts';
import type { Side } from '../model/project.ts';
import type { IssueList } from './issues.ts';
import { quote } from './show.ts';
import type { OpenMailboxSide, OpenRow, OpenRowApplication, Place, SecretSource } from './types.ts';

/** A row as it was written. */
export interface WrittenRow {
  readonly place: Place;
  readonly source: WrittenSide;
  readonly destination: WrittenSide;
}

export interface WrittenSide {
  readonly user: string;
  /** Source: the mailbox's root. Destination: the folder below which all folders are put. */
  readonly place?: string | undefined;
  readonly secret?: SecretSource | undefined;
  /** An application of the row's own. */
  readonly app?: OpenRowApplication | undefined;
  /** Where the secret stands, or would. */
  readonly secretPlace: Place;
}

/**
 * How mailboxes are opened, where that is known: sides whose section of the file has faults are not checked. `applications`:
 * by OAuth2 with an application of each row.
 */
export type AuthKinds = Readonly<Partial<Record<Side, 'password' | 'admin' | 'oauth2' | 'applications'>>>;

/** `/Old//Mail/` is `Old/Mail`. */
function tidyPath(path: string | undefined): string | undefined {
  const levels = (path ?? '')
    .split('/')
    .map((level) => level.trim())
    .filter((level) => level !== '');
  return levels.length === 0 ? undefined : levels.join('/');
}

function openSide(side: Side, written: WrittenSide): OpenMailboxSide {
  const place = tidyPath(written.place);
  return {
    user: written.user,
    ...(written.secret === undefined ? {} : { password: written.secret }),
    ...(written.app === undefined ? {} : { app: written.app }),
    ...(place === undefined ? {} : side === 'source' ? { root: place } : { folderPrefix: place }),
  };
}

function checkSecret(side: Side, written: WrittenSide, kinds: AuthKinds, how: string, issues: IssueList): void {
  const kind = kinds[side];
  if (kind === undefined || (kind === 'password') === (written.secret !== undefined)) return;
  if (kind === 'password') {
    issues.add(written.secretPlace, `the password of ${quote(written.user)} at the ${side} is missing`, how);
  } else {
    const opener = kind === 'admin' ? 'an administrator' : 'an application (oauth2)';
    issues.add(
      written.secretPlace,
      `the password of ${quote(written.user)} at the ${side} is not needed: ${opener} opens every mailbox there`,
      'no password, or `kind: password` in the project file',
    );
  }
}

function checkApplication(side: Side, written: WrittenSide, kinds: AuthKinds, issues: IssueList): void {
  const kind = kinds[side];
  const { app, user, secretPlace } = written;
  if (kind === 'applications' && app === undefined) {
    issues.add(
      secretPlace,
      `no application opens ${quote(user)} at the ${side}`,
      `an application of the row’s own, or \`clientId\` under \`${side}.authentication\``,
    );
  } else if ((kind === 'password' || kind === 'admin') && app !== undefined) {
    issues.add(
      secretPlace,
      `the application of ${quote(user)} at the ${side} is not needed: mailboxes are opened with ${kind === 'admin' ? 'an administrator’s password' : 'their passwords'} there`,
      'no application, or `kind: oauth2` in the project file',
    );
  }
}

function rowName(place: Place): string {
  return place.line === undefined ? 'another row' : `line ${place.line}`;
}

/**
 * The rows, opened; faults are added to the issues: a missing or needless password, and two rows that fill one
 * destination mailbox (whatever the case of its name) under one prefix, with both lines named.
 */
export function openRows(
  written: readonly WrittenRow[],
  kinds: AuthKinds,
  howToGivePassword: (side: Side) => string,
  issues: IssueList,
): readonly OpenRow[] {
  const seen = new Map<string, WrittenRow>();
  return written.map((row) => {
    for (const side of ['source', 'destination'] as const) {
      checkSecret(side, row[side], kinds, howToGivePassword(side), issues);
      checkApplication(side, row[side], kinds, issues);
    }
    const destination = openSide('destination', row.destination);
    const { user, folderPrefix } = destination;
    const id = mailboxId({ user, ...(folderPrefix === undefined ? {} : { folderPrefix }) });
    const first = seen.get(id);
    if (first === undefined) {
      seen.set(id, row);
    } else {
      issues.add(
        row.place,
        `the destination ${quote(user)} is filled by ${rowName(first.place)} already, from ${quote(first.source.user)}`,
        'each destination once, or a destination prefix of its own for the second source',
      );
    }
    return { id, source: openSide('source', row.source), destination };
  });
}
