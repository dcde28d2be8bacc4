/** The text of a CSV (RFC 4180, with comma, semicolon or tab) as rows of fields, each with its line. Says nothing of columns. */
import { CsvError, parse } from 'csv-parse/sync';
import type { IssueList } from '../issues.ts';

export const SEPARATORS = [',', ';', '\t'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** The lines of a file without those in front that are not of the table. */
export interface CsvText {
  readonly lines: readonly string[];
  /** Of the first of them, from 1. */
  readonly firstLine: number;
  /** What the file says itself. */
  readonly separator?: Separator;
}

export interface CsvRecord {
  /** Line in the file, from 1, where the record ends; records of one line are the rule. */
  readonly line: number;
  readonly fields: readonly string[];
}

interface ParsedRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** Windows PowerShell's `Export-Csv` begins with the type of the objects (Microsoft, "Export-Csv", NoTypeInformation). */
const TYPE_LINE = /^"?#TYPE\b/i;
/** Tells spreadsheets how the fields are divided. */
const SEPARATOR_LINE = /^"?sep=([,;\t])"?$/i;

/** The table in the text; undefined when there are only blank lines. */
export function csvText(text: string): CsvText | undefined {
  const lines = text.split(/\r\n|\n|\r/);
  let separator: Separator | undefined;
  for (const [index, line] of lines.entries()) {
    const plain = line.trim();
    const said = SEPARATOR_LINE.exec(line.trimStart())?.[1];
    if (said !== undefined) separator = SEPARATORS.find((known) => known === said);
    else if (plain !== '' && !TYPE_LINE.test(plain)) {
      return { lines: lines.slice(index), firstLine: index + 1, ...(separator === undefined ? {} : { separator }) };
    }
  }
  return undefined;
}

function isParsedRecord(value: unknown): value is ParsedRecord {
  return typeof value === 'object' && value !== null && 'record' in value && 'info' in value;
}

function parseChunk(lines: readonly string[], firstLine: number, separator: Separator): readonly CsvRecord[] {
  const parsed: unknown = parse(lines.join('\n'), {
    delimiter: separator,
    record_delimiter: '\n',
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  return (Array.isArray(parsed) ? parsed : []).filter(isParsedRecord).map(({ record, info }) => ({
    line: firstLine + info.lines - 1,
    fields: record,
  }));
}

/** The fields of one line by itself; none where its quotes do not fit this separator. */
export function fieldsOf(line: string, separator: Separator): readonly string[] {
  try {
    return parseChunk([line], 1, separator)[0]?.fields ?? [];
  } catch (error) {
    if (error instanceof CsvError) return [];
    throw error;
  }
}

/**
 * Parses all lines at once and, only where that fails, the halves, until each line with a wrong quote is named. The
 * parser's own messages quote the field, which may be a password, so they go no further.
 */
function parseLines(
  lines: readonly string[],
  firstLine: number,
  separator: Separator,
  onFault: (line: number) => void,
): readonly CsvRecord[] {
  try {
    return parseChunk(lines, firstLine, separator);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (lines.length === 1) {
      onFault(firstLine);
      return [];
    }
    const half = Math.ceil(lines.length / 2);
    return [
      ...parseLines(lines.slice(0, half), firstLine, separator, onFault),
      ...parseLines(lines.slice(half), firstLine + half, separator, onFault),
    ];
  }
}

/** Records without blank ones; faults of quoting are added to the issues, one for each line. */
export function csvRecords(
  { lines, firstLine }: CsvText,
  separator: Separator,
  file: string,
  issues: IssueList,
): readonly CsvRecord[] {
  const records = parseLines(lines, firstLine, separator, (line) =>
    issues.add(
      { file, line },
      'a quote opens or closes in the middle of a field',
      'fields with quotes like "this ""one""", closed on their line',
    ),
  );
  return records.filter(({ fields }) => fields.some((field) => field.trim() !== ''));
}
