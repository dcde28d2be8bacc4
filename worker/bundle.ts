import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from 'pino';
import { sdkLogger } from './logging.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILT = join(ROOT, 'workflow-bundle.js');
const PREFIX = 'workflow-bundle-';
/** What the bundle is made of. */
const ROOMS = ['workflows', 'model'];

/**
 * The file with the bundled workflows: the one beside the built rooms where there is one; from sources a bundle that is kept in
 * the state directory for as long as the sources stay the same, since making it takes seconds.
 */
export async function workflowBundle(stateDir: string, log: Logger): Promise<string> {
  if (existsSync(BUILT)) return BUILT;
  const kept = join(stateDir, `${PREFIX}${await digestOfSources()}.js`);
  if (existsSync(kept)) return kept;
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'workflows', 'index.ts'),
    logger: sdkLogger(log.child({}, { level: 'warn' })),
  });
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await removeOthers(stateDir);
  const beside = `${kept}.${process.pid}`;
  await writeFile(beside, code);
  await rename(beside, kept);
  return kept;
}

/** Of the sources and of the packages that are bundled with them. */
async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const names: string[] = [];
  for (const room of ROOMS) {
    const entries = await readdir(join(ROOT, room), { recursive: true, withFileTypes: true });
    names.push(...entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)));
  }
  for (const name of [...names.toSorted(), join(ROOT, 'package.json')]) {
    const text = await readFile(name);
    hash.update(`${relative(ROOT, name)} ${text.length}\n`).update(text);
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOthers(stateDir: string): Promise<void> {
  for (const name of await readdir(stateDir)) {
    if (name.startsWith(PREFIX) && name.endsWith('.js')) await rm(join(stateDir, name), { force: true });
  }
}
