import type { Dialect, Target } from './dialect.ts';
import { namedLayout, placedLayout } from './header.ts';
import { IssueList } from '../issues.ts';
import { recognise } from './recognise.ts';
import { csvText, fieldsOf } from './table.ts';

/** What the first line of a list tells, before there is a project that it belongs to. */
export interface Glance {
  readonly dialect: Dialect;
  /** What the list has columns for; without a header, what its first row fills. */
  readonly fills: ReadonlySet<Target>;
  /** The source's server, where rows name it. */
  readonly server?: string;
}

/** Undefined where the list is none that is known, or may be several. */
export function glanceAt(text: string): Glance | undefined {
  const table = csvText(text);
  const found = table === undefined ? undefined : recognise(table, undefined);
  if (table === undefined || found?.kind !== 'one') return undefined;
  const { dialect, separator } = found;
  const [first = '', second = ''] = table.lines;
  const header = fieldsOf(first, separator);
  if (dialect.header === 'named') {
    const unheard = new IssueList('project.csv');
    const record = { line: table.firstLine, fields: header };
    const { slots } = namedLayout(record, { dialect, told: false, file: '', issues: unheard, warnings: unheard });
    return { dialect, fills: new Set(slots.flatMap(({ column }) => column.fills)) };
  }
  const row = dialect.isHeader?.(header) === true ? fieldsOf(second, separator) : header;
  const filled = placedLayout(dialect).slots.filter(({ index }) => (row[index] ?? '').trim() !== '');
  const server = filled.find(({ column }) => column.fills.includes('source.server'));
  return {
    dialect,
    fills: new Set(filled.flatMap(({ column }) => column.fills)),
    ...(server !== undefined && { server: (row[server.index] ?? '').trim() }),
  };
}
