import type { Screen } from '../printer.ts';
import type { Backup } from '../up/backup.ts';
import { size, table } from './format.ts';

/** What was copied where, and how it is put back. */
export function backupScreen(backup: Backup): Screen<Backup> {
  return {
    data: backup,
    text: ({ directory, files }, theme) =>
      [
        `Copied to ${theme.bold(directory)}`,
        table(
          files.map(({ name, bytes }) => [name, size(bytes)]),
          [1],
        ),
        'Whoever has the key can open the secrets: keep the copy where only you can read it.',
        'To restore: stop mailferry, put all of these files into an empty state directory, start `mailferry up` there.',
      ].join('\n'),
  };
}
