import { backUp, newestBackup, pruneBackups, type Backup, type BackupOptions } from './backup.ts';

/** A copy each day; a week of them is kept. */
const DAY_MS = 24 * 60 * 60_000;
const KEPT = 7;
/** How often it is looked whether a day has passed: a machine that slept makes its copy when it wakes. */
const LOOK_MS = 60_000;

export interface DailyOptions {
  readonly home: string;
  readonly now: () => number;
  readonly whileStill: BackupOptions['whileStill'];
  readonly done: (backup: Backup) => void;
  /** A copy that failed is tried again an hour later. */
  readonly failed: (error: unknown) => void;
}

/** Makes a copy whenever the newest is a day old, until told to stop; resolves then when none is being made. */
export function keepDailyBackups(options: DailyOptions): () => Promise<void> {
  let notBefore = 0;
  let copying: Promise<void> | undefined;
  const look = (): void => {
    if (copying !== undefined || options.now() < notBefore) return;
    copying = backUpWhenDue(options)
      .catch((error: unknown) => {
        notBefore = options.now() + DAY_MS / 24;
        options.failed(error);
      })
      .finally(() => {
        copying = undefined;
      });
  };
  const timer = setInterval(look, LOOK_MS);
  look();
  return async () => {
    clearInterval(timer);
    await copying;
  };
}

/** One look: makes a copy, and removes old ones, when it is time. */
export async function backUpWhenDue({ home, now, whileStill, done }: Omit<DailyOptions, 'failed'>): Promise<void> {
  const newest = await newestBackup(home);
  if (newest !== undefined && now() - newest < DAY_MS) return;
  const backup = await backUp({ home, now: now(), whileStill });
  await pruneBackups(home, KEPT);
  done(backup);
}
