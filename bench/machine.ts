import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { dovecotAvailable } from '../test/support/dovecot-installation.ts';
import { FSYNC } from './servers.ts';
import { installedProgram } from './tools/installed.ts';

/** What the numbers depend on, in lines for people; nothing that tells whose machine it is. */
export function describeMachine(): readonly string[] {
  const cores = cpus();
  const dovecot = dovecotAvailable();
  return [
    `${cores.length} cores, ${cores[0]?.model.trim() ?? 'of an unknown kind'}, ${(totalmem() / 1e9).toFixed(0)} GB of memory`,
    `${type()} ${release().split('-', 1)[0] ?? ''}, Node ${process.version}`,
    `Dovecot ${dovecot.available ? dovecot.version.split(' ', 1)[0] : 'not installed'} on both sides, mdbox, mail_fsync = ${FSYNC}, without TLS`,
    `isync ${versionOf('mbsync')}, interimap ${versionOf('interimap')}`,
    `Load average when it ended: ${(loadavg()[0] ?? 0).toFixed(1)}; what is beyond a few was not the bench's`,
  ];
}

function versionOf(program: string): string {
  const path = installedProgram(program);
  if (path === undefined) return 'not installed';
  const said = execFileSync(path, ['--version'], { encoding: 'utf8' });
  return /\d+(?:\.\d+)+/.exec(said)?.[0] ?? 'of an unknown version';
}
