import type { Screen } from '../printer.ts';

/** What `init` wrote. */
export interface InitReport {
  readonly project: string;
  readonly file: string;
  readonly csv: string;
  /** False where there was a list of mailboxes already. */
  readonly csvWritten: boolean;
}

export function initScreen(report: InitReport): Screen<InitReport> {
  return {
    data: report,
    text: ({ file, csv, csvWritten }) =>
      [
        `Wrote ${file}${csvWritten ? ` and ${csv}` : `; left ${csv} as it is`}.`,
        'next: edit both, put secrets into the files that they name, then: mailferry start ' + file,
      ].join('\n'),
  };
}
