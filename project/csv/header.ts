/** At which place each column of a dialect stands. */
import type { IssueList } from '../issues.ts';
import { nearest, quote } from '../show.ts';
import type { Place } from '../types.ts';
import { plainName, type Column, type Dialect } from './dialect.ts';
import { DIALECTS } from './dialects.ts';
import type { CsvRecord } from './table.ts';

/** A column that the file has. */
export interface Slot {
  readonly column: Column;
  readonly index: number;
}

export interface Layout {
  readonly slots: readonly Slot[];
  /** Fields that a row may have. */
  readonly width: number;
}

interface HeaderContext {
  readonly dialect: Dialect;
  /** Whether somebody said that it is this dialect: columns of others are then known not to count. */
  readonly told: boolean;
  readonly file: string;
  readonly issues: IssueList;
  readonly warnings: IssueList;
}

function columnNamed(columns: readonly Column[], name: string): Column | undefined {
  return columns.find((column) => plainName(column.name) === plainName(name));
}

function addUnknown(name: string, place: Place, { dialect, told, issues, warnings }: HeaderContext): void {
  const { columns, title } = dialect;
  if (told && DIALECTS.some((other) => columnNamed(other.columns, name) !== undefined)) {
    warnings.add(place, `the column ${quote(name)} is passed over: it is none of ${title}`);
    return;
  }
  const names = columns.map((column) => column.name);
  const meant = nearest(name, names);
  const expected = meant === undefined ? `the columns ${names.join(', ')}` : `${meant}, if that is meant`;
  const message = name === '' ? 'a column has no name' : `the column ${quote(name)} is unknown`;
  issues.add(place, message, expected);
}

/** The layout that a header names. Names that the dialect does not know are mistakes, unless it expects them. */
export function namedLayout(record: CsvRecord, context: HeaderContext): Layout {
  const { dialect, file, issues } = context;
  const slots: Slot[] = [];
  const names = record.fields.map((field) => field.trim());
  // Spreadsheets save empty columns at the end.
  const width = names.findLastIndex((name) => name !== '') + 1;
  for (const [index, name] of names.slice(0, width).entries()) {
    const place = { file, line: record.line, column: index + 1 };
    const column = columnNamed(dialect.columns, name);
    if (column === undefined) {
      if (dialect.otherColumns === 'mistakes') addUnknown(name, place, context);
    } else if (slots.some((slot) => slot.column === column)) {
      issues.add({ ...place, path: column.name }, 'the column stands here a second time', 'each column once');
    } else {
      slots.push({ column, index });
    }
  }
  for (const column of dialect.columns) {
    if (column.required !== true || slots.some((slot) => slot.column === column)) continue;
    const place = { file, line: record.line, path: column.name };
    issues.add(place, 'the column is missing', `a column named ${column.name}`);
  }
  return { slots, width };
}

/** The layout of a dialect without a header: its columns in their order. */
export function placedLayout({ columns }: Dialect): Layout {
  return { slots: columns.map((column, index) => ({ column, index })), width: columns.length };
}
