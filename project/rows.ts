/** Rows of mailboxes from wherever they come: checked against the endpoints and against each other. */
import { domainToUnicode } from 'node:url';
import { dividersOf } from '../model/acting.ts';
import { mailboxId } from '../model/ids.ts';
import type { Side } from '../model/project.ts';
import type { IssueList } from './issues.ts';
import { quote } from './show.ts';
import type { OpenEndpoint, OpenMailboxSide, OpenRow, OpenRowApplication, Place, SecretSource } from './types.ts';

/** A row as it was written. */
export interface WrittenRow {
  readonly source: WrittenSide;
  readonly destination: WrittenSide;
}

export interface WrittenSide {
  readonly user: string;
  readonly userPlace: Place;
  /** Source: the mailbox's root. Destination: the folder below which all folders are put. */
  readonly place?: string | undefined;
  readonly secret?: SecretSource | undefined;
  /** Where the secret stands, or would. */
  readonly secretPlace: Place;
  /** An application of the row's own. */
  readonly app?: OpenRowApplication | undefined;
  /** Where that stands, if not in the place of a secret. */
  readonly appPlace?: Place;
}

/** The servers, where they are known: rows are not checked against sides whose section of the file has faults. */
export type Endpoints = Readonly<Partial<Record<Side, OpenEndpoint>>>;

/** What a row is checked with. */
interface RowChecks {
  readonly endpoints: Endpoints;
  readonly howToGivePassword: (side: Side) => string;
  readonly issues: IssueList;
}

/** `/Old//Mail/` is `Old/Mail`. */
function tidyPath(path: string | undefined): string | undefined {
  const levels = (path ?? '')
    .split('/')
    .map((level) => level.trim())
    .filter((level) => level !== '');
  return levels.length === 0 ? undefined : levels.join('/');
}

function openSide(side: Side, { user, place: path, secret, app }: WrittenSide): OpenMailboxSide {
  const place = tidyPath(path);
  return {
    user,
    ...(secret === undefined ? {} : { password: secret }),
    ...(app === undefined ? {} : { app }),
    ...(place === undefined ? {} : side === 'source' ? { root: place } : { folderPrefix: place }),
  };
}

function checkPassword(side: Side, written: WrittenSide, { endpoints, howToGivePassword, issues }: RowChecks): void {
  const kind = endpoints[side]?.auth.kind;
  if (kind === undefined || (kind === 'password') === (written.secret !== undefined)) return;
  if (kind === 'password') {
    const message = `the password of ${quote(written.user)} at the ${side} is missing`;
    issues.add(written.secretPlace, message, howToGivePassword(side));
  } else {
    const opener = kind === 'admin' ? 'an administrator' : 'an application (oauth2)';
    issues.add(
      written.secretPlace,
      `the password of ${quote(written.user)} at the ${side} is not needed: ${opener} opens every mailbox there`,
      'no password, or `kind: password` in the project file',
    );
  }
}

function checkApplication(side: Side, written: WrittenSide, { endpoints, issues }: RowChecks): void {
  const auth = endpoints[side]?.auth;
  const { app, user, userPlace, appPlace = written.secretPlace } = written;
  if (auth === undefined) return;
  if (auth.kind === 'oauth2' && auth.app === undefined && app === undefined) {
    issues.add(
      userPlace,
      `no application opens ${quote(user)} at the ${side}`,
      `an application of the row’s own, or \`clientId\` under \`${side}.authentication\``,
    );
  } else if (auth.kind !== 'oauth2' && app !== undefined) {
    const opened = auth.kind === 'admin' ? 'an administrator’s password' : 'their passwords';
    issues.add(
      appPlace,
      `the application of ${quote(user)} at the ${side} is not needed: mailboxes are opened with ${opened} there`,
      'no application, or `kind: oauth2` in the project file',
    );
  }
}

/** A divider within a name would have the server take the administrator's login apart elsewhere, and open another mailbox. */
function checkActing(side: Side, { user, userPlace }: WrittenSide, { endpoints, issues }: RowChecks): void {
  const auth = endpoints[side]?.auth;
  if (auth?.kind !== 'admin') return;
  const divider = dividersOf(auth.form).find((character) => user.includes(character));
  if (divider === undefined) return;
  issues.add(
    userPlace,
    `${quote(user)} holds ${quote(divider)}, which divides user and administrator in the form \`${auth.form}\``,
    'the user’s name alone; the administrator’s is added to it',
  );
}

function rowName({ line }: Place): string {
  return line === undefined ? 'another row' : `line ${line}`;
}

/** Names that are one, however they are written: case, composed letters (Unicode NFC), domains in ASCII (RFC 5890). */
function comparable(id: string): string {
  const plain = id.normalize('NFC');
  return plain.includes('xn--') ? plain.replace(/(?<=@)[^@#]+/, (domain) => domainToUnicode(domain) || domain) : plain;
}

/**
 * The rows, opened; faults are added to the issues: a missing or needless password or application, a name that does not fit
 * the administrator's login, and two rows that fill one destination mailbox (however its name is written) under one
 * prefix, with both lines named.
 */
export function openRows(written: readonly WrittenRow[], checks: RowChecks): readonly OpenRow[] {
  const seen = new Map<string, WrittenRow>();
  return written.map((row) => {
    for (const side of ['source', 'destination'] as const) {
      checkPassword(side, row[side], checks);
      checkApplication(side, row[side], checks);
      checkActing(side, row[side], checks);
    }
    const destination = openSide('destination', row.destination);
    const { user, folderPrefix } = destination;
    const id = mailboxId({ user, ...(folderPrefix === undefined ? {} : { folderPrefix }) });
    const key = comparable(id);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, row);
    } else {
      const other = rowName(first.destination.userPlace);
      checks.issues.add(
        row.destination.userPlace,
        `the destination ${quote(user)} is filled by ${other} already, from ${quote(first.source.user)}`,
        'each destination once, or a destination prefix of its own for the second source',
      );
    }
    return { id, source: openSide('source', row.source), destination };
  });
}
