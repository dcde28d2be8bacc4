import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, chmod, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';

/** Names within a state directory. */
export const LEDGER_FILE = 'temporal.db';
export const KEY_FILE = 'seal.key';
const MANIFEST = 'backup.json';
const COPIES = 'backups';
const STAMP = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z$/;

/**
 * What a copy of the ledger consists of: SQLite's database and whichever of its two journals exists. The journal's
 * index (`-shm`) is made anew by whoever opens it (sqlite.org/walformat.html, section 1.4).
 */
const LEDGER_PARTS = ['', '-wal', '-journal'].map((suffix) => `${LEDGER_FILE}${suffix}`);

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Backup {
  readonly directory: string;
  readonly createdAt: number;
  readonly files: readonly BackupFile[];
}

export interface BackupOptions {
  readonly home: string;
  readonly now: number;
  /** A directory to put the copy into; `backups/` of the state directory without it. */
  readonly to?: string;
  /**
   * Does the copying of the ledger while nobody writes to it. The files are then in a state that a crash of the writer
   * could have left, or a clean end; from both SQLite recovers the last committed transaction
   * (sqlite.org/atomiccommit.html). Copied while somebody writes they could be torn.
   */
  readonly whileStill: <T>(copy: () => Promise<T>) => Promise<T>;
}

/**
 * Copies ledger and key. The copy appears under its name when it is whole and on the disk. The writer stands still only
 * for a copy on the same disk, wherever the copy goes in the end. Rejects with `command.file` when there is nothing.
 */
export async function backUp({ home, now, to, whileStill }: BackupOptions): Promise<Backup> {
  const name = new Date(now).toISOString().replaceAll(':', '-');
  const copies = join(home, COPIES);
  const partial = join(copies, `.${name}.partial`);
  await mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    await whileStill(async () => {
      for (const part of LEDGER_PARTS) await copyIfThere(join(home, part), join(partial, part));
    });
    await copyIfThere(join(home, KEY_FILE), join(partial, KEY_FILE));
    const files = await describeFiles(partial);
    if (files.length === 0) throw new Failure('command.file', `There is neither a ledger nor a key in ${home} yet.`);
    await writeFile(join(partial, MANIFEST), `${JSON.stringify({ createdAt: now, files }, null, 2)}\n`, {
      mode: 0o600,
    });
    const directory = to === undefined ? join(copies, name) : join(resolve(to), `mailferry-${name}`);
    await (to === undefined ? publish(partial, directory) : carryOver(partial, directory));
    return { directory, createdAt: now, files };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** When the newest copy in the state directory was made, as its name tells. */
export async function newestBackup(home: string): Promise<number | undefined> {
  const newest = (await listCopies(home)).at(-1);
  return newest === undefined ? undefined : Date.parse(newest.replace(/T(\d{2})-(\d{2})-/, 'T$1:$2:'));
}

/** Removes all but the newest copies in the state directory. */
export async function pruneBackups(home: string, keep: number): Promise<void> {
  const old = (await listCopies(home)).slice(0, -keep);
  for (const name of old) await rm(join(home, COPIES, name), { recursive: true });
}

/** Oldest first: the names sort as their times do. */
async function listCopies(home: string): Promise<readonly string[]> {
  const names = await readdir(join(home, COPIES)).catch(whenAbsent<string[]>([]));
  return names.filter((name) => STAMP.test(name)).toSorted();
}

async function copyIfThere(from: string, to: string): Promise<void> {
  // On file systems that can share blocks this takes no time, whatever the size.
  const copied = await copyFile(from, to, constants.COPYFILE_FICLONE).then(() => true, whenAbsent(false));
  if (copied) await chmod(to, 0o600);
}

async function describeFiles(directory: string): Promise<readonly BackupFile[]> {
  const names = (await readdir(directory)).toSorted();
  const files: BackupFile[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    files.push({ name, bytes: (await stat(path)).size, sha256: hash.digest('hex') });
  }
  return files;
}

/** To another place, maybe another disk: whole under a hidden name first. */
async function carryOver(from: string, directory: string): Promise<void> {
  const partial = `${directory}.partial`;
  await mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    for (const name of await readdir(from)) await copyIfThere(join(from, name), join(partial, name));
    await publish(partial, directory);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function publish(partial: string, directory: string): Promise<void> {
  for (const name of await readdir(partial)) await toDisk(join(partial, name));
  await toDisk(partial);
  await rename(partial, directory);
  await toDisk(dirname(directory));
}

async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function whenAbsent<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value;
    throw error;
  };
}
