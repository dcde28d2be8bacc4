/** Our own CSV of mailboxes: a header that names the columns, in any order, and a mailbox in each row. */
import type { Side } from '../model/project.ts';
import { csvRecords, type CsvRecord } from './csv-table.ts';
import type { IssueList } from './issues.ts';
import type { AuthKinds, WrittenRow, WrittenSide } from './rows.ts';
import { nearest, quote } from './show.ts';
import type { Place } from './types.ts';

export const CSV_COLUMNS = [
  'source',
  'destination',
  'source_password',
  'destination_password',
  'source_root',
  'destination_prefix',
] as const;
type CsvColumn = (typeof CSV_COLUMNS)[number];

const LONGEST: Readonly<Record<CsvColumn, number>> = {
  source: 320,
  destination: 320,
  source_password: 1_024,
  destination_password: 1_024,
  source_root: 200,
  destination_prefix: 200,
};

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/u;

/** At which index each column stands. */
type Header = ReadonlyMap<CsvColumn, number>;

function columnNamed(name: string): CsvColumn | undefined {
  return CSV_COLUMNS.find((column) => column === name);
}

/** `Source Password` and `source-password` are `source_password`. */
function plainName(field: string): string {
  return field
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}

/** The columns by the header's names. Without a known name the line is no header, and may hold passwords: it is not shown. */
function readHeader(record: CsvRecord, file: string, issues: IssueList): Header {
  const header = new Map<CsvColumn, number>();
  const place = { file, line: record.line };
  const names = record.fields.map(plainName);
  if (!names.some((name) => columnNamed(name) !== undefined)) {
    issues.add(place, 'the first line is not a header', `column names, such as ${CSV_COLUMNS.slice(0, 2).join(',')}`);
    return header;
  }
  for (const [index, name] of names.entries()) {
    const column = columnNamed(name);
    if (column === undefined) {
      const meant = nearest(name, CSV_COLUMNS);
      const expected = meant === undefined ? `the columns ${CSV_COLUMNS.join(', ')}` : `${meant}, if that is meant`;
      issues.add(
        { ...place, column: index + 1 },
        name === '' ? 'a column has no name' : `the column ${quote(name)} is unknown`,
        expected,
      );
    } else if (header.has(column)) {
      issues.add(
        { ...place, column: index + 1, path: column },
        'the column stands here a second time',
        'each column once',
      );
    } else {
      header.set(column, index);
    }
  }
  for (const column of ['source', 'destination'] as const) {
    if (!header.has(column))
      issues.add({ ...place, path: column }, 'the column is missing', `a column named ${column}`);
  }
  return header;
}

function isPlace(column: CsvColumn): boolean {
  return column === 'source_root' || column === 'destination_prefix';
}

function checkField(column: CsvColumn, value: string, place: Place, issues: IssueList): void {
  const isSecret = column.endsWith('_password');
  if (value.length > LONGEST[column]) {
    issues.add(place, `the field has ${value.length} characters`, `at most ${LONGEST[column]}`);
  }
  if (CONTROL.test(value)) {
    issues.add(place, 'the field holds a line break or another control character', 'text on one line');
  }
  if (value === '' && !isSecret && !isPlace(column)) issues.add(place, 'the field is empty', 'a user name');
}

/** What every row of one file needs. */
interface OwnFile {
  readonly file: string;
  readonly header: Header;
  /** Fields of the header, known or not. */
  readonly width: number;
  readonly issues: IssueList;
  readonly warnings: IssueList;
}

class OwnRows {
  readonly #own: OwnFile;

  constructor(own: OwnFile) {
    this.#own = own;
  }

  /** The field of a column, checked; undefined where it is empty or the file has no such column. Only passwords keep blanks. */
  #field(record: CsvRecord, column: CsvColumn): string | undefined {
    const index = this.#own.header.get(column);
    if (index === undefined) return undefined;
    const field = record.fields[index] ?? '';
    const value = column.endsWith('_password') ? field : field.trim();
    checkField(column, value, this.#place(record, column), this.#own.issues);
    return value === '' ? undefined : value;
  }

  #place(record: CsvRecord, column: CsvColumn): Place {
    return { file: this.#own.file, line: record.line, path: column };
  }

  #side(record: CsvRecord, side: Side): WrittenSide | undefined {
    const user = this.#field(record, side);
    const password = this.#field(record, `${side}_password`);
    const folder = this.#field(record, side === 'source' ? 'source_root' : 'destination_prefix');
    const place = this.#place(record, `${side}_password`);
    if (password !== undefined && password !== password.trim()) {
      this.#own.warnings.add(place, 'the password begins or ends with a blank, which is taken as part of it');
    }
    if (user === undefined) return undefined;
    const secret = password === undefined ? undefined : ({ kind: 'value', reveal: () => password, place } as const);
    return { user, place: folder, secret, secretPlace: place };
  }

  row(record: CsvRecord): WrittenRow | undefined {
    if (record.fields.slice(this.#own.width).some((field) => field.trim() !== '')) {
      const place = { file: this.#own.file, line: record.line };
      this.#own.issues.add(
        place,
        `the row has ${record.fields.length} fields, more than the header`,
        `fields with separators inside in quotes`,
      );
    }
    const source = this.#side(record, 'source');
    const destination = this.#side(record, 'destination');
    if (source === undefined || destination === undefined) return undefined;
    return { place: { file: this.#own.file, line: record.line, path: 'destination' }, source, destination };
  }
}

/** One complaint about the header instead of one about every row. */
function checkPasswordColumns(header: Header, kinds: AuthKinds, place: Place, issues: IssueList): AuthKinds {
  const left: Partial<Record<Side, NonNullable<AuthKinds[Side]>>> = { ...kinds };
  for (const side of ['source', 'destination'] as const) {
    if (kinds[side] !== 'password' || header.has(`${side}_password`)) continue;
    delete left[side];
    issues.add(
      { ...place, path: `${side}_password` },
      `the column is missing, and every mailbox logs in at the ${side} with its own password`,
      `a column named ${side}_password, or another \`authentication\` in the project file`,
    );
  }
  return left;
}

interface CsvRows {
  readonly rows: readonly WrittenRow[];
  /** The authentication that is still to be checked row by row. */
  readonly kinds: AuthKinds;
}

/** The rows of a CSV; everything wrong with it is added to the issues. Fields are data: nothing in them is interpreted. */
export function readCsv(text: string, file: string, kinds: AuthKinds, issues: IssueList, warnings: IssueList): CsvRows {
  const [first, ...records] = csvRecords(text, file, issues);
  if (first === undefined) {
    if (issues.all.length === 0) issues.add({ file }, 'the file is empty', `a header and a row for each mailbox`);
    return { rows: [], kinds };
  }
  const header = readHeader(first, file, issues);
  if (!header.has('source') || !header.has('destination')) return { rows: [], kinds };
  if (records.length === 0)
    issues.add({ file, line: first.line }, 'there is no row below the header', 'a row for each mailbox');
  const left = checkPasswordColumns(header, kinds, { file, line: first.line }, issues);
  const own = new OwnRows({ file, header, width: first.fields.length, issues, warnings });
  return { rows: records.flatMap((record) => own.row(record) ?? []), kinds: left };
}
