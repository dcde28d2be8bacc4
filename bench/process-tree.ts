import { readdirSync, readFileSync } from 'node:fs';

/** Reading what the kernel tells of processes (proc(5)). Linux only. */

/** `VmHWM` of /proc/<pid>/status, in bytes; 0 where the kernel tells none, as of a process that has just ended. */
export function peakRssIn(status: string): number {
  const [, kilobytes = '0'] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
  return Number(kilobytes) * 1_024;
}

/** Of all descendants of a process, without itself: the sum of the most memory that each has held so far, in bytes. */
export function peakRssBelow(pid: number): number {
  return childrenOf(pid).reduce((sum, each) => sum + peakRssIn(read(`${each}/status`)) + peakRssBelow(each), 0);
}

function childrenOf(pid: number): readonly number[] {
  return vanishing([] as readonly string[], () => readdirSync(`/proc/${pid}/task`)).flatMap((thread) =>
    read(`${pid}/task/${thread}/children`)
      .split(' ')
      .filter((child) => child !== '')
      .map(Number),
  );
}

function read(path: string): string {
  return vanishing('', () => readFileSync(`/proc/${path}`, 'latin1'));
}

/** A process may end while it is being looked at. */
function vanishing<T>(gone: T, look: () => T): T {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return gone;
    throw error;
  }
}
