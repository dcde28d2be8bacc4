import { readFileSync, readdirSync } from 'node:fs';

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** State and process group from `/proc/<pid>/stat` (proc_pid_stat(5)); the command between the brackets may hold anything. */
function statOf(pid: string): { readonly state: string; readonly group: number } | undefined {
  try {
    const [state = '', , group = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state, group: Number(group) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/**
 * Whether a process of this group still runs. The dead that nobody has collected yet do not count: as the first process
 * of a container some programs never collect them.
 */
export function groupIsAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => statOf(pid))
    .some((stat) => stat !== undefined && stat.group === group && stat.state !== 'Z' && stat.state !== 'X');
}
