import { readdirSync, readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 20;

/** Looks at the arguments of all processes of this machine, again and again. */
export interface CommandLines {
  /** Ends it and gives every command line that was seen, one on each line; nothing where there is no /proc. */
  readonly stop: () => Buffer;
}

export function watchCommandLines(): CommandLines {
  const seen = new Set<string>();
  const timer = setInterval(() => look(seen), LOOK_EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return Buffer.from([...seen].join('\n'), 'latin1');
    },
  };
}

function look(seen: Set<string>): void {
  if (process.platform !== 'linux') return;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = commandLine(pid);
    if (line !== undefined) seen.add(line);
  }
}

/** Undefined for a process that ended in this moment. */
function commandLine(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return;
    throw error;
  }
}
