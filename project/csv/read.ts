/** A CSV of mailboxes in whichever dialect it is written. */
import path from 'node:path';
import type { Side } from '../../model/project.ts';
import type { IssueList } from '../issues.ts';
import type { Endpoints, WrittenRow } from '../rows.ts';
import type { MailboxList, Place } from '../types.ts';
import type { Dialect, DialectId, Target } from './dialect.ts';
import { DIALECTS } from './dialects.ts';
import { namedLayout, placedLayout, type Layout } from './header.ts';
import { recognise, type Recognised } from './recognise.ts';
import { RowReader } from './row.ts';
import { csvRecords, csvText, type CsvRecord } from './table.ts';

export interface CsvInput {
  readonly text: string;
  readonly file: string;
  /** What the project file says that it is written in. */
  readonly dialect?: DialectId | undefined;
  readonly endpoints: Endpoints;
  readonly issues: IssueList;
  readonly warnings: IssueList;
}

export interface CsvRows {
  readonly rows: readonly WrittenRow[];
  /** The sides whose authentication is still to be checked row by row. */
  readonly endpoints: Endpoints;
  /** How a password is given, for people. */
  readonly howToGivePassword: (side: Side) => string;
  /** Absent where the list could not be read. */
  readonly list?: MailboxList;
}

const SIDES = ['source', 'destination'] as const;

/** `Microsoft’s migration CSV (EmailAddress,UserName,Password)` */
function described({ title, columns }: Dialect): string {
  const names = columns.filter(({ required }) => required === true).map(({ name }) => name);
  return `${title} (${names.join(',')})`;
}

/** `users.csv: Microsoft’s migration CSV (EmailAddress,UserName,Password)` */
export function describeList({ file, title, columns }: MailboxList): string {
  return `${path.basename(file)}: ${title} (${columns.join(',')})`;
}

function addUnrecognised(found: Exclude<Recognised, { kind: 'one' }>, place: Place, issues: IssueList): void {
  if (found.kind === 'none') {
    // The line may hold passwords: it is not shown.
    issues.add(
      place,
      'the first line is not a header, nor a row of a list that has none',
      `the columns of one of ${DIALECTS.map(described).join('; ')}`,
    );
    return;
  }
  const readings = found.dialects.map(described).join(' and as ');
  const settings = found.dialects.map(({ id }) => `\`csv: { file: …, dialect: ${id} }\``).join(' or ');
  issues.add(place, `the columns can be read as ${readings}`, `${settings} in the project file, to say which is meant`);
}

function hasColumn(layout: Layout, target: Target): boolean {
  return layout.slots.some(({ column }) => column.fills.includes(target));
}

/** One complaint about the header instead of one about every row; the sides of which none had to be made. */
function checkPasswordColumns(dialect: Dialect, layout: Layout, place: Place, input: CsvInput): Endpoints {
  const left: Endpoints = Object.fromEntries(
    SIDES.flatMap((side) => {
      const endpoint = input.endpoints[side];
      const target = `${side}.password` as const;
      if (endpoint === undefined) return [];
      if (endpoint.auth.kind !== 'password' || hasColumn(layout, target)) return [[side, endpoint]];
      const name = dialect.columns.find(({ fills }) => fills.includes(target))?.name;
      const lacks = name === undefined ? `${dialect.title} has no passwords for the ${side}` : 'the column is missing';
      const expected =
        name === undefined
          ? `a CSV with the columns source, destination and ${side}_password`
          : `a column named ${name}`;
      input.issues.add(
        { ...place, ...(name === undefined ? {} : { path: name }) },
        `${lacks}, and every mailbox logs in at the ${side} with its own password`,
        `${expected}, or another \`authentication\` in the project file`,
      );
      return [];
    }),
  );
  return left;
}

function howToGive(dialect: Dialect): (side: Side) => string {
  return (side) => {
    const column = dialect.columns.find(({ fills }) => fills.includes(`${side}.password`));
    return column === undefined ? 'a list that has passwords' : `a value in the column ${column.name}`;
  };
}

interface Table {
  readonly layout: Layout;
  readonly records: readonly CsvRecord[];
}

/** Undefined where the columns that name the mailboxes are missing. */
function tableOf(dialect: Dialect, records: readonly CsvRecord[], input: CsvInput): Table | undefined {
  const [first, ...below] = records;
  if (first === undefined) return undefined;
  const { file, issues, warnings } = input;
  if (dialect.header === 'none') {
    return { layout: placedLayout(dialect), records: dialect.isHeader?.(first.fields) === true ? below : records };
  }
  const layout = namedLayout(first, { dialect, told: input.dialect !== undefined, file, issues, warnings });
  if (!SIDES.every((side) => hasColumn(layout, `${side}.user`))) return undefined;
  return { layout, records: below };
}

function readRows(dialect: Dialect, table: Table, firstLine: number, input: CsvInput): CsvRows {
  const { file, issues, warnings } = input;
  const { layout, records } = table;
  const place = { file, line: firstLine };
  if (records.length === 0) issues.add(place, 'there is no row below the header', 'a row for each mailbox');
  const endpoints = checkPasswordColumns(dialect, layout, place, input);
  const reader = new RowReader({ ...input, dialect, layout });
  const rows = records.flatMap((record) => reader.read(record) ?? []);
  if (reader.passwordsPassedOver > 0) {
    const count = reader.passwordsPassedOver;
    warnings.add(
      { file },
      `${count === 1 ? 'a row has a password' : `${count} rows have passwords`} that nobody needs`,
    );
  }
  const columns = layout.slots.map(({ column }) => column.name);
  return {
    rows,
    endpoints,
    howToGivePassword: howToGive(dialect),
    list: { file, dialect: dialect.id, title: dialect.title, columns, rows: rows.length },
  };
}

/**
 * The rows of a CSV, and what it was taken for; everything wrong with it is added to the issues. Fields are data: nothing
 * in them is interpreted.
 */
export function readCsv(input: CsvInput): CsvRows {
  const { file, issues } = input;
  const nothing: CsvRows = { rows: [], endpoints: input.endpoints, howToGivePassword: () => '' };
  const text = csvText(input.text);
  if (text === undefined) {
    issues.add({ file }, 'the file is empty', `a header and a row for each mailbox`);
    return nothing;
  }
  const found = recognise(text, input.dialect);
  if (found.kind !== 'one') {
    addUnrecognised(found, { file, line: text.firstLine }, issues);
    return nothing;
  }
  const table = tableOf(found.dialect, csvRecords(text, found.separator, file, issues), input);
  return table === undefined ? nothing : readRows(found.dialect, table, text.firstLine, input);
}
