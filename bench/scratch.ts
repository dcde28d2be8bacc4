import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for a while. */
export interface Scratch {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Makes a folder of one's own, which is gone when this process exits, at the latest. */
export async function makeScratch(): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), 'mailferry-bench-'));
  const removeAtExit = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeAtExit);
  return {
    path,
    remove: async () => {
      process.removeListener('exit', removeAtExit);
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
