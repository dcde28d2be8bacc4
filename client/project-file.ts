import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { credentialEnds, credentialWarnings, RENEW_CREDENTIALS } from '../model/credential-expiry.ts';
import { describeList } from '../project/csv/read.ts';
import { formatIssue } from '../project/issues.ts';
import { readProjectFile } from '../project/read.ts';
import { resolveProject, type ResolvedProject } from '../project/resolve.ts';
import type { SecretPlaces } from '../project/secret-reader.ts';
import { createKeyFile, KEY_VARIABLE, loadKeyring } from '../seal/key-file.ts';
import type { Keyring } from '../seal/key.ts';
import { SealError } from '../seal/errors.ts';
import { seal } from '../seal/seal.ts';
import { askLine, type Context } from './context.ts';
import { countOf } from './screens/format.ts';
import { KEY_FILE } from './up/backup.ts';

/** A project file with everything that it refers to, its secrets sealed with this machine's key. */
export interface SealedProject extends ResolvedProject {
  readonly keys: Keyring;
}

/**
 * Reads the file, its CSV and its secrets, and seals them. Tells what the CSV was taken for, and warnings. Rejects with
 * everything that is wrong in the file and its CSV at once, and then with every secret that cannot be had. Does not speak to
 * any server.
 */
export async function readProject(context: Context, file: string): Promise<SealedProject> {
  const { io, printer } = context;
  const parsed = await readProjectFile(resolve(io.cwd, file), { readFile: (path) => readFile(path) });
  const { list } = parsed;
  if (list !== undefined) printer.say(`${describeList(list)}, ${countOf(list.rows, 'row')}`);
  const keys = await keysOf(context);
  const resolved = await resolveProject(parsed, {
    ...secretPlaces(context),
    seal: (binding, secret) => seal(keys[0], binding, secret),
  });
  for (const warning of resolved.warnings) printer.say(`warning: ${formatIssue(warning)}`);
  warnOfCredentials(context, resolved);
  return { ...resolved, keys };
}

/** Where secrets come from on this machine. */
export function secretPlaces(context: Context): SecretPlaces {
  const { io } = context;
  return {
    readSecretFile: async (path) => ({ bytes: await readFile(path), ...(await modeOf(context, path)) }),
    env: io.env,
    now: io.now,
    ...(io.interactive && { ask: (question) => askLine(context, `${question}: `, { hidden: true }) }),
  };
}

/** So many are told; rows may bring thousands that end on one day. */
const TOLD_CREDENTIALS = 10;

function warnOfCredentials({ io, printer }: Context, { settings, rows }: ResolvedProject): void {
  const warnings = credentialWarnings(credentialEnds(settings, rows), { now: io.now() });
  for (const { text } of warnings.slice(0, TOLD_CREDENTIALS)) printer.say(`warning: ${text}`);
  if (warnings.length > TOLD_CREDENTIALS) printer.say(`warning: and ${warnings.length - TOLD_CREDENTIALS} more`);
  if (warnings.length > 0) printer.say(`  next: ${RENEW_CREDENTIALS}`);
}

/** This machine's keys. The first project of a machine whose worker is elsewhere makes a key that the worker needs too. */
async function keysOf({ io, home, printer }: Context): Promise<Keyring> {
  const file = join(home, KEY_FILE);
  try {
    return await loadKeyring(io.env, file);
  } catch (error) {
    if (!(error instanceof SealError) || error.code !== 'seal.key-missing') throw error;
  }
  const keys = await createKeyFile(file);
  printer.say(`Made the key ${file}. Workers on other machines need a copy of it, or its text in ${KEY_VARIABLE}.`);
  return keys;
}

/** Where the file system has permissions. */
async function modeOf({ io }: Context, path: string): Promise<{ readonly mode?: number }> {
  return io.platform === 'win32' ? {} : { mode: (await stat(path)).mode };
}
