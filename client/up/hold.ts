import { randomBytes } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { askControl, serveControl, type ControlAddress, type Handler } from './control.ts';
import { isAlive, readJson } from './state.ts';

/** Who holds a state directory: at most one process changes what is in it. */
export interface Holder {
  readonly pid: number;
  /** What it is busy with: `up` or `backup`. */
  readonly role: string;
  readonly control: ControlAddress;
}

const PING_MS = 3_000;

/**
 * Takes the directory for this process and answers `handlers` while it is held. Rejects with `up.running` when another
 * process holds it. A holder that has died does not count, even when its number has been given to another process:
 * only the holder itself knows the token.
 */
export async function holdHome(
  home: string,
  pid: number,
  role: string,
  handlers: Readonly<Record<string, Handler>>,
): Promise<() => Promise<void>> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const control = await serveControl(randomBytes(24).toString('base64url'), {
    ...handlers,
    '/ping': () => Promise.resolve({ pid }),
  });
  try {
    await claim(home, { pid, role, control: control.address });
  } catch (error) {
    await control.close();
    throw error;
  }
  return async () => {
    await rm(holdFile(home), { force: true });
    await control.close();
  };
}

/** The process that holds the directory now. */
export async function currentHolder(home: string): Promise<Holder | undefined> {
  const holder = parseHolder(await readJson(holdFile(home)));
  return holder !== undefined && (await answers(holder)) ? holder : undefined;
}

/** The file appears whole, and only where there was none. */
async function claim(home: string, holder: Holder): Promise<void> {
  const whole = join(home, `hold.${holder.pid}.${randomBytes(4).toString('hex')}`);
  await writeFile(whole, `${JSON.stringify(holder)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    for (let tries = 0; tries < 3; tries += 1) {
      if (await linked(whole, holdFile(home))) return;
      const other = await currentHolder(home);
      if (other !== undefined) throw held(home, other);
      await rm(holdFile(home), { force: true });
    }
    throw new Failure('up.running', `Several processes want the state directory ${home} at once.`);
  } finally {
    await rm(whole, { force: true });
  }
}

function held(home: string, { pid, role }: Holder): Failure {
  return new Failure('up.running', `\`mailferry ${role}\` is running on ${home} already, as process ${pid}.`);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Only a refused connection or an answer to a wrong token is a proof of its death: a stopped process may wake up again. */
async function answers({ pid, control }: Holder): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    await askControl(control, '/ping', null, AbortSignal.timeout(PING_MS));
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    return !(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED');
  }
}

function holdFile(home: string): string {
  return join(home, 'hold.json');
}

function parseHolder(value: unknown): Holder | undefined {
  if (typeof value !== 'object' || value === null || !('pid' in value && 'role' in value && 'control' in value)) {
    return undefined;
  }
  const { pid, role, control } = value;
  if (typeof pid !== 'number' || typeof role !== 'string' || typeof control !== 'object' || control === null) {
    return undefined;
  }
  if (!('port' in control && 'token' in control)) return undefined;
  const { port, token } = control;
  return typeof port === 'number' && typeof token === 'string' ? { pid, role, control: { port, token } } : undefined;
}
