import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backUp, newestBackup, pruneBackups } from '../../../client/up/backup.ts';
import { backUpWhenDue } from '../../../client/up/daily.ts';
import { whileFrozen } from '../../../client/up/freeze.ts';
import { main } from '../../../client/main.ts';
import { memoryIo } from './memory-io.ts';

const NOON = Date.UTC(2026, 2, 1, 12);
const DAY = 24 * 3_600_000;
const whileStill = <T>(copy: () => Promise<T>): Promise<T> => copy();

let root = '';
let home = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailferry-backup-'));
  home = join(root, 'state');
  await mkdir(home);
  await writeFile(join(home, 'temporal.db'), 'ledger');
  await writeFile(join(home, 'temporal.db-journal'), 'hot');
  await writeFile(join(home, 'temporal.db-shm'), 'index');
  await writeFile(join(home, 'seal.key'), 'key');
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('a copy of the state', () => {
  it('holds the ledger with its journal, the key, and a manifest, for this user only', async () => {
    const { directory, files } = await backUp({ home, now: NOON, whileStill });
    expect(await readdir(directory)).toEqual(['backup.json', 'seal.key', 'temporal.db', 'temporal.db-journal']);
    expect(await readFile(join(directory, 'temporal.db'), 'utf8')).toBe('ledger');
    expect(files.find(({ name }) => name === 'seal.key')).toEqual({
      name: 'seal.key',
      bytes: 3,
      sha256: createHash('sha256').update('key').digest('hex'),
    });
    expect(JSON.parse(await readFile(join(directory, 'backup.json'), 'utf8'))).toEqual({ createdAt: NOON, files });
    for (const name of await readdir(directory)) {
      expect((await stat(join(directory, name))).mode & 0o077).toBe(0);
    }
  });

  it('is made while the writer stands still', async () => {
    const steps: string[] = [];
    await backUp({
      home,
      now: NOON,
      whileStill: async (copy) => {
        steps.push('still');
        const result = await copy();
        const [partial = ''] = await readdir(join(home, 'backups'));
        steps.push(...(await readdir(join(home, 'backups', partial))), 'goes on');
        return result;
      },
    });
    expect(steps).toEqual(['still', 'temporal.db', 'temporal.db-journal', 'goes on']);
  });

  it('goes where it is told to', async () => {
    const { directory } = await backUp({ home, now: NOON, whileStill, to: join(root, 'elsewhere') });
    expect(directory).toBe(join(root, 'elsewhere', 'mailferry-2026-03-01T12-00-00.000Z'));
    expect(await readdir(join(home, 'backups'))).toEqual([]);
  });

  it('does not appear when it could not be made', async () => {
    const broken = { home, now: NOON, whileStill: () => Promise.reject(new Error('no')) };
    await expect(backUp(broken)).rejects.toThrow('no');
    expect(await readdir(join(home, 'backups'))).toEqual([]);
  });

  it('is refused where there is nothing to copy', async () => {
    await rm(home, { recursive: true });
    await mkdir(home);
    await expect(backUp({ home, now: NOON, whileStill })).rejects.toMatchObject({ code: 'command.file' });
  });
});

/** Looks whether a copy is due; answers how many were made. */
async function daily(now: number): Promise<number> {
  let made = 0;
  await backUpWhenDue({ home, now: () => now, whileStill, done: () => (made += 1) });
  return made;
}

describe('the daily copy', () => {
  it('is made once a day', async () => {
    expect(await daily(NOON)).toBe(1);
    expect(await daily(NOON + DAY - 1)).toBe(0);
    expect(await daily(NOON + DAY)).toBe(1);
    expect(await newestBackup(home)).toBe(NOON + DAY);
  });

  it('is kept for a week', async () => {
    for (let day = 0; day < 9; day += 1) await daily(NOON + day * DAY);
    const kept = await readdir(join(home, 'backups'));
    expect(kept).toHaveLength(7);
    expect(kept[0]).toBe('2026-03-03T12-00-00.000Z');
  });

  it('leaves alone what is not a copy', async () => {
    await mkdir(join(home, 'backups', 'mine'), { recursive: true });
    await daily(NOON);
    await pruneBackups(home, 1);
    expect(await readdir(join(home, 'backups'))).toContain('mine');
  });
});

describe('mailferry backup', () => {
  it('works when nothing is running', async () => {
    const io = memoryIo({ cwd: root });
    expect(await main(['backup', '--home', home, '-o', 'json'], io)).toBe(0);
    expect(JSON.parse(io.out())).toMatchObject({ files: [{ name: 'seal.key' }, { name: 'temporal.db' }, {}] });
    expect(await readdir(home)).not.toContain('hold.json');
  });

  it('says that there is no state directory', async () => {
    const io = memoryIo({ cwd: root });
    expect(await main(['backup'], io)).toBe(2);
    expect(io.err()).toContain('error command.file:');
  });
});

describe.skipIf(process.platform === 'win32')('a frozen process', () => {
  /** Counts up in a file as fast as it can. */
  const COUNT = `const {writeFileSync} = require('fs'); let n = 0;
    setInterval(() => writeFileSync(process.argv[1], String(++n)), 0); process.stdout.write('up');`;
  let child: ChildProcess;
  let file = '';

  beforeEach(async () => {
    file = join(root, 'counter');
    child = spawn(process.execPath, ['-e', COUNT, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout !== null) await once(child.stdout, 'data');
  });

  afterEach(() => child.kill('SIGKILL'));

  const count = async (): Promise<number> => Number(await readFile(file, 'utf8').catch(() => '0'));
  const countAbove = async (least: number): Promise<void> => {
    while ((await count()) <= least) await new Promise((resolve) => setImmediate(resolve));
  };

  it('writes nothing while it is frozen, and goes on afterwards', async () => {
    await countAbove(0);
    const stood = await whileFrozen(child.pid ?? 0, process.platform, async () => {
      const first = await count();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await count()).toBe(first);
      return first;
    });
    await countAbove(stood);
  });

  it('goes on when what was done meanwhile has failed', async () => {
    await countAbove(0);
    await expect(
      whileFrozen(child.pid ?? 0, process.platform, () => Promise.reject(new Error('disk full'))),
    ).rejects.toThrow('disk full');
    await countAbove(await count());
  });
});
