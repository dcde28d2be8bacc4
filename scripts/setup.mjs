/** What a fresh checkout lacks, brought about by Node alone: nothing from node_modules is imported before it is there. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Installs the packages of package-lock.json unless exactly these are installed. Ends the process where that fails. */
export async function ensurePackages() {
  if (packagesAreInstalled()) return;
  say('Installing packages (npm ci)');
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm === undefined ? ['npm', 'ci'] : [process.execPath, npm, 'ci'];
  const code = await run(command, args, { cwd: root, shell: npm === undefined && process.platform === 'win32' });
  if (code !== 0) {
    say(`npm ci ended with exit code ${code}; nothing was run`);
    process.exit(code);
  }
}

/**
 * The path of the `temporal` binary, downloaded where there is none. Rejects with a message that says what was tried.
 *
 * @returns {Promise<string>}
 */
export async function ensureTemporal() {
  const { defaultCacheDir, obtainTemporalCli } = await importTypeScript('temporal/binary.ts');
  const { env, platform } = process;
  return obtainTemporalCli({ env, cacheDir: defaultCacheDir(env, { platform, home: homedir() }), say });
}

/**
 * Installs Dovecot with apt-get where this process may.
 *
 * @returns {Promise<{available: true} | {available: false, reason: string, command: string}>}
 */
export async function ensureDovecot() {
  const { dovecotAvailable } = await importTypeScript('test/support/dovecot-installation.ts');
  const before = dovecotAvailable();
  if (before.available) return before;
  if (process.getuid?.() !== 0) return { ...before, reason: `${before.reason}, and only root may install it` };
  if (!existsSync('/usr/bin/apt-get')) return { ...before, reason: `${before.reason}, and there is no apt-get` };
  say('Installing Dovecot (apt-get update; apt-get install dovecot-imapd)');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  const code = await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', 'dovecot-imapd'], { env });
  const after = dovecotAvailable();
  return after.available ? after : { ...after, reason: `${after.reason}: apt-get ended with exit code ${code}` };
}

/** npm's own record of what it installed names everything in package-lock.json, but for what other platforms need. */
function packagesAreInstalled() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const { packages: installed } = JSON.parse(readFileSync(installedFile, 'utf8'));
  const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional === true && installed[path] === undefined),
  );
}

async function importTypeScript(path) {
  const { tsImport } = await import('tsx/esm/api');
  return tsImport(join(root, path), import.meta.url);
}
