import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the programs of an installed Dovecot 2.3 are. */
export interface DovecotInstallation {
  readonly dovecot: string;
  readonly doveadm: string;
  readonly version: string;
}

/** Whether tests can run against a real Dovecot; if not, why, and the one command that would help. */
export type DovecotAvailability =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string; readonly command: string };

const INSTALL_COMMAND = 'apt-get install --yes --no-install-recommends dovecot-core dovecot-imapd';
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin'];
const IMAP_BINARIES = ['/usr/lib/dovecot/imap', '/usr/libexec/dovecot/imap', '/usr/local/libexec/dovecot/imap'];

function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    ...SYSTEM_FOLDERS,
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function locate(): DovecotInstallation | { readonly reason: string } {
  const dovecot = findProgram('dovecot');
  const doveadm = findProgram('doveadm');
  if (dovecot === undefined || doveadm === undefined) return { reason: 'Dovecot is not installed' };
  if (!IMAP_BINARIES.some((path) => existsSync(path)))
    return { reason: 'Dovecot is installed without its IMAP server' };
  const version = execFileSync(dovecot, ['--version'], { encoding: 'utf8' }).trim();
  if (!version.startsWith('2.3.')) {
    return { reason: `Dovecot ${version} is installed, but the configuration written here is that of Dovecot 2.3` };
  }
  return { dovecot, doveadm, version };
}

/** The programs of the installed Dovecot. Throws with the reason and the command that helps if there is none. */
export function dovecotInstallation(): DovecotInstallation {
  const found = locate();
  if ('reason' in found) throw new Error(`${found.reason}; ${INSTALL_COMMAND}`);
  return found;
}

/** Looks for Dovecot 2.3 with its IMAP server on this machine. Never throws for a Dovecot that is merely absent. */
export function dovecotAvailable(): DovecotAvailability {
  const found = locate();
  if ('reason' in found) return { available: false, reason: found.reason, command: INSTALL_COMMAND };
  return { available: true, version: found.version };
}
