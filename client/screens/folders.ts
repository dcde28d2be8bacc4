import type { PreflightFolder, PreflightRow } from '../../model/preflight.ts';
import type { Screen } from '../printer.ts';
import type { Theme } from '../theme.ts';
import { countOf, table, thousands } from './format.ts';

/** Where each folder of one mailbox goes. */
export interface FoldersReport extends Extract<PreflightRow, { readonly ok: true }> {
  readonly project: string;
  readonly source: string;
  readonly destination: string;
}

export function foldersScreen(report: FoldersReport): Screen<FoldersReport> {
  return { data: report, text: foldersText };
}

function foldersText(
  { id, source, destination, folders, leftOut, notes, messages }: FoldersReport,
  theme: Theme,
): string {
  return [
    `${theme.bold(id)}  ${source} → ${destination}`,
    ...section('Folders', folders.length === 0 ? undefined : table(folders.map(cellsOf), [3]), theme),
    ...section(
      'Left out',
      leftOut.length === 0
        ? undefined
        : table(
            leftOut.map(({ sourcePath, messages: count, reason }) => [sourcePath, countOf(count, 'message'), reason]),
          ),
      theme,
    ),
    ...section('Notes', notes.length === 0 ? undefined : notes.map((note) => `  ${note}`).join('\n'), theme),
    '',
    `${countOf(messages, 'message')} in ${countOf(folders.length, 'folder')}. Nothing was written.`,
  ].join('\n');
}

function cellsOf({ source, destination, messages, role, repeats = false }: PreflightFolder): readonly string[] {
  return [source, '→', destination, `${repeats ? 'of ' : ''}${thousands(messages)}`, role ?? ''];
}

function section(title: string, body: string | undefined, theme: Theme): readonly string[] {
  return body === undefined ? [] : ['', theme.bold(title), body];
}
