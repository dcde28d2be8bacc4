import { CASE_NAMES } from './cases.ts';
import { judge, speedUp, type BenchResult, type Judged } from './results.ts';

/** Of the line below the headings. */
const LEAST_WIDTH = 3;

/** Cells of a table in Markdown, padded so that it reads well on a terminal too. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, at) =>
    Math.max(LEAST_WIDTH, heading.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => pad(cells[at] ?? '', width, at)).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(headings), rule, ...rows.map((row) => line(row))].join('\n');
}

/** Words to the left, numbers to the right. */
function pad(cell: string, width: number, at: number): string {
  return at === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** A table for each case, then what was required. */
export function copyReport(results: readonly BenchResult[]): string {
  const cases = CASE_NAMES.map((name) => results.filter((result) => result.case === name));
  const tables = cases.filter((rows) => rows.length > 0).map(caseTable);
  return [...tables, requirementsTable(judge(results))].join('\n\n');
}

function caseTable(results: readonly BenchResult[]): string {
  const [first] = results;
  if (first === undefined) return '';
  const title = `### ${first.case}: ${number(first.messages)} messages, ${number(first.bytes / 1e6)} MB`;
  const rows = results.map((result) => [
    result.tool,
    number(result.messages / result.seconds),
    number(result.bytes / 1e6 / result.seconds, result.bytes / 1e6 / result.seconds < 10 ? 1 : 0),
    result.seconds.toFixed(2),
    result.cpuSeconds.toFixed(2),
    number(result.peakRssBytes / 1e6),
    ratio(result.tool === 'mailferry' ? undefined : speedUp(results, result.case, result.tool)),
  ]);
  const headings = ['tool', 'messages/s', 'MB/s', 'seconds', 'CPU s', 'peak RSS MB', 'mailferry is'];
  return `${title}\n\n${markdownTable(headings, rows)}`;
}

function requirementsTable(judged: readonly Judged[]): string {
  if (judged.length === 0) return 'Nothing that was required could be compared.';
  const rows = judged.map(({ requirement, measured, met }) => {
    const aim = requirement.aim === undefined ? '' : ` (aim ${ratio(requirement.aim)})`;
    const required = `${ratio(requirement.atLeast)}${aim}`;
    return [
      `${requirement.case}, mailferry to ${requirement.than}`,
      required,
      ratio(measured),
      met ? 'met' : 'NOT MET',
    ];
  });
  return `### Required\n\n${markdownTable(['speed', 'at least', 'measured', ''], rows)}`;
}

export function ratio(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(2)} ×`;
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
