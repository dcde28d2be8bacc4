import type { Screen } from '../printer.ts';
import type { ProjectLine } from '../remote/projects.ts';
import { clock, countOf, table } from './format.ts';

/** A line for each project. */
export function listScreen(projects: readonly ProjectLine[]): Screen<readonly ProjectLine[]> {
  return {
    data: projects,
    text: (lines) => (lines.length === 0 ? 'There are no projects.' : table(lines.map(cells), [], '')),
  };
}

function cells(line: ProjectLine): readonly string[] {
  const broken = line.workflow === 'terminated' || line.workflow === 'failed';
  return [
    line.project,
    `${line.phase}${broken ? `, ${line.workflow}` : ''}${line.paused ? ', paused' : ''}`,
    countOf(line.mailboxes, 'mailbox', 'mailboxes'),
    countOf(line.handled, 'message'),
    line.exceptions === 0 ? '' : countOf(line.exceptions, 'exception'),
    clock(line.startedAt),
  ];
}
