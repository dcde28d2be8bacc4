import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const STOP_MS = 5_000;
const LOOK_MS = 5;

/**
 * Does `work` while a process of ours stands still, and lets it go on however `work` ends. SIGSTOP is only asked for when
 * the call returns: a thread that is within a system call, such as a write, finishes it first. So `work` begins when
 * every thread is seen to stand. Rejects, with the process going on, when that takes longer than five seconds.
 */
export async function whileFrozen<T>(pid: number, platform: NodeJS.Platform, work: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  try {
    const deadline = Date.now() + STOP_MS;
    while (!(await isStopped(pid, platform))) {
      if (Date.now() > deadline) throw new Error(`process ${pid} does not stand still`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return await work();
  } finally {
    wake(pid);
  }
}

async function isStopped(pid: number, platform: NodeJS.Platform): Promise<boolean> {
  const states = platform === 'linux' ? await threadStates(pid) : [await processState(pid)];
  return states.every((state) => state === 'T');
}

/** proc(5): the state follows the command's name, which is in parentheses and may hold anything. */
async function threadStates(pid: number): Promise<readonly string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  return Promise.all(
    threads.map(async (thread) => {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return stat.charAt(stat.lastIndexOf(')') + 2);
    }),
  );
}

async function processState(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]);
  return stdout.trim().charAt(0);
}

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    // It was killed while it stood still; its keeper notices.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
