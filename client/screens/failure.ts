import type { FailureReport } from '../exit.ts';
import type { Theme } from '../theme.ts';

/** `error CODE: what happened`, why, and what to do now. */
export function failureScreen(report: FailureReport, theme: Theme): string {
  return [
    `${theme.bad(`error ${report.code}:`)} ${report.what}`,
    ...report.why.map((line, index) => `  ${index === 0 ? 'why: ' : '     '} ${line}`),
    `  next: ${report.next}`,
    ...(report.stack === undefined ? [] : report.stack.map((line) => theme.dim(line))),
  ].join('\n');
}
