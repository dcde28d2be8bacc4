/** The text of a CSV (RFC 4180, with comma, semicolon or tab) as rows of fields, each with its line. Says nothing of columns. */
import { CsvError, parse } from 'csv-parse/sync';
import type { IssueList } from './issues.ts';

type Separator = ',' | ';' | '\t';

export interface CsvRecord {
  /** Line in the file, from 1, where the record ends; records of one line are the rule. */
  readonly line: number;
  readonly fields: readonly string[];
}

interface ParsedRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function isParsedRecord(value: unknown): value is ParsedRecord {
  return typeof value === 'object' && value !== null && 'record' in value && 'info' in value;
}

/** The separator that divides the header into most fields; comma where there is only one field. */
function separatorOf(header: string): Separator {
  const unquoted = header.replaceAll(/"(?:[^"]|"")*"/g, '');
  const counted = ([',', ';', '\t'] as const).map((separator) => ({
    separator,
    count: unquoted.split(separator).length,
  }));
  return counted.toSorted((a, b) => b.count - a.count)[0]?.separator ?? ',';
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
export function csvRecords(text: string, file: string, issues: IssueList): readonly CsvRecord[] {
  const lines = text.split(/\r\n|\n|\r/);
  const separator = separatorOf(lines.find((line) => line.trim() !== '') ?? '');
  const records = parseLines(lines, 1, separator, (line) =>
    issues.add(
      { file, line },
      'a quote opens or closes in the middle of a field',
      'fields with quotes like "this ""one""", closed on their line',
    ),
  );
  return records.filter(({ fields }) => fields.some((field) => field.trim() !== ''));
}
