import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import type { Plan } from '../program.ts';
import { backupScreen } from '../screens/backup.ts';
import { backUp, type Backup, type BackupFile } from '../up/backup.ts';
import { askControl } from '../up/control.ts';
import { currentHolder, holdHome } from '../up/hold.ts';
import { existsSync } from 'node:fs';

interface BackupOptions {
  readonly to?: string;
}

export function configure(command: Command, plan: Plan): void {
  command
    .option('--to <directory>', 'put the copy there (else into backups/ of the state directory)')
    .addHelpText(
      'after',
      '\nWorks while `mailferry up` is running, and when nothing is. With a Temporal elsewhere only the key is here: its' +
        '\ndatabase is the ledger, and is backed up by whoever runs it.',
    )
    .action((options: BackupOptions) => plan((context) => backup(context, options)));
}

async function backup(context: Context, options: BackupOptions): Promise<ExitCode> {
  const { home, io, printer } = context;
  if (!existsSync(home)) throw new Failure('command.file', `There is no state directory ${home}.`);
  const to = options.to === undefined ? {} : { to: resolve(io.cwd, options.to) };
  const holder = await currentHolder(home);
  const made = holder?.role === 'up' ? await askUp(context, holder.control, to) : await copyAlone(context, to);
  printer.show(backupScreen(made));
  return EXIT.done;
}

/** The running `up` makes the copy: it alone may make its server stand still, and wakes it whatever happens to us. */
async function askUp(context: Context, control: Parameters<typeof askControl>[0], to: BackupOptions): Promise<Backup> {
  const made = await askControl(control, '/backup', to, context.signal);
  if (!isBackup(made)) throw new Failure('us.bug', 'The running mailferry answered something that is not a copy.');
  return made;
}

/** Holds the directory meanwhile, so that no `up` starts in the middle of the copy. */
async function copyAlone({ home, io }: Context, to: BackupOptions): Promise<Backup> {
  const release = await holdHome(home, io.pid, 'backup', {});
  try {
    return await backUp({ home, now: io.now(), ...to, whileStill: (copy) => copy() });
  } finally {
    await release();
  }
}

function isBackup(value: unknown): value is Backup {
  if (typeof value !== 'object' || value === null) return false;
  if (!('directory' in value && 'createdAt' in value && 'files' in value)) return false;
  const { directory, createdAt, files } = value;
  return typeof directory === 'string' && typeof createdAt === 'number' && Array.isArray(files) && files.every(isFile);
}

function isFile(value: unknown): value is BackupFile {
  return typeof value === 'object' && value !== null && 'name' in value && 'bytes' in value && 'sha256' in value;
}
