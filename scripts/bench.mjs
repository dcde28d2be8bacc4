/** `npm run bench`: sets up what a fresh checkout lacks, then runs the bench, which takes the arguments. */
import { join } from 'node:path';
import { run } from './run.mjs';
import { ensurePackages, root } from './setup.mjs';

await ensurePackages();
process.exitCode = await run(
  process.execPath,
  ['--import', 'tsx', join(root, 'bench', 'main.ts'), ...process.argv.slice(2)],
  { cwd: root },
);
