/** Which dialect a list of mailboxes is written in, and with which separator, by its first line. Never a guess. */
import { plainName, type Dialect, type DialectId } from './dialect.ts';
import { DIALECTS, dialectOf } from './dialects.ts';
import { fieldsOf, SEPARATORS, type CsvText, type Separator } from './table.ts';

export interface Reading {
  readonly dialect: Dialect;
  readonly separator: Separator;
}

export type Recognised =
  | ({ readonly kind: 'one' } & Reading)
  /** The columns of several are all there: whoever wrote it has to say which is meant. */
  | { readonly kind: 'several'; readonly dialects: readonly Dialect[] }
  | { readonly kind: 'none' };

interface Match extends Reading {
  /** Columns of the dialect that the line names. */
  readonly known: number;
  /** Whether all that are required are among them. */
  readonly whole: boolean;
}

function matchHeader(dialect: Dialect, fields: readonly string[], separator: Separator): Match {
  const names = new Set(fields.map((field) => plainName(field.trim())));
  const isNamed = ({ name }: Dialect['columns'][number]): boolean => names.has(plainName(name));
  return {
    dialect,
    separator,
    known: dialect.columns.filter(isNamed).length,
    whole: dialect.columns.every((column) => column.required !== true || isNamed(column)),
  };
}

/** With the separator that fits best; the first of those that fit equally well. */
function bestMatch(dialect: Dialect, lines: ReadonlyMap<Separator, readonly string[]>): Match | undefined {
  const matches = [...lines].map(([separator, fields]): Match => {
    if (dialect.header === 'named') return matchHeader(dialect, fields, separator);
    const fits = dialect.fits?.(fields) === true || dialect.isHeader?.(fields) === true;
    return { dialect, separator, known: fits ? fields.length : 0, whole: fits };
  });
  return matches.toSorted((a, b) => b.known - a.known)[0];
}

function chosen(matches: readonly Match[]): Recognised {
  const [first, second] = matches;
  if (first === undefined) return { kind: 'none' };
  if (second !== undefined) return { kind: 'several', dialects: matches.map(({ dialect }) => dialect) };
  return { kind: 'one', dialect: first.dialect, separator: first.separator };
}

/** With the number of fields that the first line has under each separator, for a dialect that is told. */
function told(dialect: Dialect, lines: ReadonlyMap<Separator, readonly string[]>): Recognised {
  const widest = [...lines].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? ',';
  const best = bestMatch(dialect, lines);
  return { kind: 'one', dialect, separator: best !== undefined && best.known > 0 ? best.separator : widest };
}

/**
 * Looks at the first line. A dialect whose required columns are all named is recognised; of several such none is. Where no
 * dialect is whole, the one is taken of which most columns are named, so that what is missing can be told. `id` decides
 * in all cases.
 */
export function recognise({ lines, separator }: CsvText, id: DialectId | undefined): Recognised {
  const first = lines[0] ?? '';
  const separators = separator === undefined ? SEPARATORS : [separator];
  const fields = new Map(separators.map((candidate) => [candidate, fieldsOf(first, candidate)]));
  if (id !== undefined) return told(dialectOf(id), fields);
  const matches = DIALECTS.flatMap((dialect) => bestMatch(dialect, fields) ?? []).filter(({ known }) => known > 0);
  const whole = matches.filter((match) => match.whole);
  if (whole.length > 0) return chosen(whole);
  const most = Math.max(...matches.map(({ known }) => known));
  const nearest = chosen(matches.filter(({ known }) => known === most));
  return nearest.kind === 'several' ? { kind: 'none' } : nearest;
}
