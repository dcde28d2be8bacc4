import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LEDGER_FILE } from '../../client/up/backup.ts';
import { currentHolder } from '../../client/up/hold.ts';

/** Temporal's configuration file for the demonstration's commands. */
export const CONFIG_FILE = 'temporal.toml';
/** Says that a directory is the demonstration's own, and may be emptied. */
const MARK = 'this-is-a-demo';
/** What a new run keeps of the one before: making it takes seconds, and its name says what it was made of. */
const KEPT = /^workflow-bundle-.*\.js$/;

/**
 * Makes the state directory, or empties that of an earlier run. Rejects where a process uses it, and where it was not
 * made by a demonstration.
 */
export async function prepareHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const names = await readdir(home);
  if (names.length > 0 && !names.includes(MARK)) {
    throw new Error(
      `${home} holds something else than an earlier demonstration${names.includes(LEDGER_FILE) ? ': the ledger of real projects' : ''}. ` +
        'Nothing was changed. Name another directory with --home.',
    );
  }
  const holder = await currentHolder(home);
  if (holder !== undefined) {
    throw new Error(
      `${home} is in use by process ${holder.pid}: a demonstration with --keep, or mailferry ${holder.role}. ` +
        'Stop it with Ctrl-C, or name another directory with --home.',
    );
  }
  for (const name of names) if (!KEPT.test(name)) await rm(join(home, name), { recursive: true });
  await writeFile(join(home, MARK), 'Made by `npm run demo`, which empties this directory when it is run again.\n');
  await writeFile(join(home, CONFIG_FILE), '# The user’s own Temporal is left alone.\n[profile.default]\n');
}
