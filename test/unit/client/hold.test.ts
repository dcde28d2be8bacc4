import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askControl } from '../../../client/up/control.ts';
import { currentHolder, holdHome } from '../../../client/up/hold.ts';
import { readUpState, removeUpState, writeUpState } from '../../../client/up/state.ts';

let home = '';
const never = new AbortController().signal;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mailferry-hold-'));
});

afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('a state directory', () => {
  it('is held by one process at a time', async () => {
    const release = await holdHome(home, process.pid, 'up', {});
    await expect(holdHome(home, process.pid, 'backup', {})).rejects.toMatchObject({
      code: 'up.running',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await release();
    await (
      await holdHome(home, process.pid, 'backup', {})
    )();
    expect(await readdir(home)).toEqual([]);
  });

  it('goes to one of several that want it at once', async () => {
    const wanted = Array.from({ length: 5 }, () => holdHome(home, process.pid, 'up', {}));
    const ends = await Promise.allSettled(wanted);
    const got = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    expect(got).toHaveLength(1);
    await got[0]?.();
  });

  it('is taken from a process that has died', async () => {
    const control = { port: 1, token: 'x' };
    await writeFile(join(home, 'hold.json'), JSON.stringify({ pid: await deadPid(), role: 'up', control }));
    await (
      await holdHome(home, process.pid, 'up', {})
    )();
  });

  it('is taken when the dead holder’s number belongs to another process now', async () => {
    const control = { port: 1, token: 'x' };
    await writeFile(join(home, 'hold.json'), JSON.stringify({ pid: process.pid, role: 'up', control }));
    expect(await currentHolder(home)).toBeUndefined();
    await (
      await holdHome(home, process.pid, 'up', {})
    )();
  });

  it('tells its token to nobody else', async () => {
    const release = await holdHome(home, process.pid, 'up', {});
    expect((await stat(join(home, 'hold.json'))).mode & 0o077).toBe(0);
    await release();
  });
});

describe('the holder', () => {
  it('answers who knows the token, and nobody else', async () => {
    const release = await holdHome(home, process.pid, 'up', { '/echo': (body) => Promise.resolve({ body }) });
    const control = (await currentHolder(home))?.control ?? { port: 0, token: '' };
    expect(await askControl(control, '/echo', { a: 1 }, never)).toEqual({ body: { a: 1 } });
    await expect(askControl({ ...control, token: 'wrong' }, '/echo', null, never)).rejects.toThrow('wrong token');
    await expect(askControl(control, '/other', null, never)).rejects.toThrow('no such request');
    await release();
  });

  it('passes its failures on with their codes', async () => {
    const missing = join(home, 'nowhere');
    const release = await holdHome(home, process.pid, 'up', { '/read': () => readFile(missing) });
    const control = (await currentHolder(home))?.control ?? { port: 0, token: '' };
    await expect(askControl(control, '/read', null, never)).rejects.toMatchObject({ code: 'command.file' });
    await release();
  });
});

describe('what `up` tells other commands', () => {
  const state = { pid: process.pid, address: '127.0.0.1:7233', uiUrl: 'http://127.0.0.1:8233', startedAt: 1 };

  it('is read while it runs', async () => {
    await writeUpState(home, state);
    expect(await readUpState(home)).toEqual(state);
    await removeUpState(home);
    expect(await readUpState(home)).toBeUndefined();
  });

  it('is ignored when it has died, and when the file is damaged', async () => {
    await writeUpState(home, { ...state, pid: await deadPid() });
    expect(await readUpState(home)).toBeUndefined();
    await writeFile(join(home, 'up.json'), '{"pid": 1');
    expect(await readUpState(home)).toBeUndefined();
    await writeFile(join(home, 'up.json'), '[]');
    expect(await readUpState(home)).toBeUndefined();
  });
});
