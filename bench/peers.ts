import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dovecotAvailable } from '../test/support/dovecot-installation.ts';
import { missingProgram } from './tools/installed.ts';

/** Debian's packages, and the program by which each is known to be there. */
const PACKAGES = [
  { name: 'isync', isMissing: () => missingProgram('mbsync') !== undefined },
  { name: 'interimap', isMissing: () => missingProgram('interimap') !== undefined },
  { name: 'dovecot-imapd', isMissing: () => !dovecotAvailable().available },
] as const;

/** Installs what is missing. Throws, with what would help, where that cannot be. */
export function installPeers(say: (line: string) => void): void {
  const missing = PACKAGES.filter(({ isMissing }) => isMissing()).map(({ name }) => name);
  if (missing.length === 0) return;
  const command = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0) throw new Error(`only root may install ${missing.join(', ')}: ${command.join(' ')}`);
  if (!existsSync('/usr/bin/apt-get')) throw new Error(`there is no apt-get to install ${missing.join(', ')} with`);
  say(command.join(' '));
  run(['apt-get', 'update', '-qq']);
  run(command);
}

function run([command = '', ...args]: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${String(status)}: ${stderr.trim()}`);
}
