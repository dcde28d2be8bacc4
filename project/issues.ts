/** What is wrong with a project file, its CSV or its secrets: everything at once, each with its place and what is expected. */
import type { RefusalCode } from '../model/refusals.ts';
import type { Place } from './types.ts';

export type ProjectRefusalCode = Extract<RefusalCode, 'project.file' | 'project.csv' | 'project.secret'>;

export interface Issue extends Place {
  readonly code: ProjectRefusalCode;
  /** What was found and why it cannot stay. Never a secret, never a control character. */
  readonly message: string;
  readonly expected?: string;
}

/** Most lines that a person is shown at once. */
const SHOWN_ISSUES = 200;

/** `project.yaml:12:9 source.port: found “99999”; expected a number from 1 to 65535`. Lines and columns count from 1. */
export function formatIssue(issue: Issue): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(':');
  const path = issue.path === undefined || issue.path === '' ? '' : ` ${issue.path}`;
  const expected = issue.expected === undefined ? '' : `; expected ${issue.expected}`;
  return `${place}${path}: ${issue.message}${expected}`;
}

/** One line for each issue in the order of the files, and how many more there are. */
export function formatIssues(issues: readonly Issue[], limit: number = SHOWN_ISSUES): readonly string[] {
  const lines = issues.slice(0, limit).map((issue) => formatIssue(issue));
  return issues.length > limit ? [...lines, `and ${issues.length - limit} more`] : lines;
}

function compareIssues(a: Issue, b: Issue): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** Sorted by place within each file, files in the order in which they were read. */
export function sortIssues(issues: readonly Issue[]): readonly Issue[] {
  const files = [...new Set(issues.map((issue) => issue.file))];
  return issues.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || compareIssues(a, b));
}

/** Nothing was started: the files have to be corrected first. The message has a line for each issue. */
export class ProjectRefusal extends Error {
  override readonly name = 'ProjectRefusal';
  readonly code: ProjectRefusalCode;
  readonly issues: readonly Issue[];

  constructor(issues: readonly [Issue, ...Issue[]]) {
    const sorted = sortIssues(issues);
    super(formatIssues(sorted).join('\n'));
    this.code = sorted[0]?.code ?? issues[0].code;
    this.issues = sorted;
  }
}

/** Collects issues of one kind. */
export class IssueList {
  readonly #issues: Issue[] = [];
  readonly #code: ProjectRefusalCode;

  constructor(code: ProjectRefusalCode) {
    this.#code = code;
  }

  get all(): readonly Issue[] {
    return this.#issues;
  }

  add(place: Place, message: string, expected?: string): void {
    this.#issues.push({ ...place, code: this.#code, message, ...(expected === undefined ? {} : { expected }) });
  }
}

/** Throws when there is at least one issue. */
export function refuse(issues: readonly Issue[]): void {
  const [first, ...rest] = issues;
  if (first !== undefined) throw new ProjectRefusal([first, ...rest]);
}
