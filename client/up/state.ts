import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running `mailferry up` tells the other commands that use its state directory. */
export interface UpState {
  readonly pid: number;
  readonly address: string;
  readonly uiUrl: string;
  readonly startedAt: number;
}

/** The `up` that runs on this directory; undefined when none does, also where one has died and left its file. */
export async function readUpState(home: string): Promise<UpState | undefined> {
  const state = parseUpState(await readJson(upFile(home)));
  return state !== undefined && isAlive(state.pid) ? state : undefined;
}

export async function writeUpState(home: string, state: UpState): Promise<void> {
  const whole = `${upFile(home)}.${state.pid}`;
  await writeFile(whole, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(whole, upFile(home));
}

export async function removeUpState(home: string): Promise<void> {
  await rm(upFile(home), { force: true });
}

/** Whether a process of this number exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The value in a JSON file; undefined where there is none, where it is not ours to read, and where it is damaged. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    const absent = ['ENOENT', 'ENOTDIR', 'EACCES'];
    if (error instanceof Error && 'code' in error && absent.includes(String(error.code))) return undefined;
    throw error;
  }
}

function upFile(home: string): string {
  return join(home, 'up.json');
}

function parseUpState(value: unknown): UpState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('pid' in value && 'address' in value && 'uiUrl' in value && 'startedAt' in value)) return undefined;
  const { pid, address, uiUrl, startedAt } = value;
  if (typeof pid !== 'number' || typeof startedAt !== 'number') return undefined;
  return typeof address === 'string' && typeof uiUrl === 'string' ? { pid, address, uiUrl, startedAt } : undefined;
}
