/** `npm run demo`: sets up what a fresh checkout lacks, then runs the demonstration, which takes the arguments. */
import { join } from 'node:path';
import { run } from './run.mjs';
import { ensurePackages, ensureTemporal, root, say } from './setup.mjs';

await ensurePackages();
const temporalCliPath = await ensureTemporal().catch((error) => {
  say(error.message);
  process.exit(5);
});
process.exitCode = await run(
  process.execPath,
  ['--import', 'tsx', join(root, 'scripts', 'demo', 'main.ts'), ...process.argv.slice(2)],
  { cwd: root, env: { ...process.env, TEMPORAL_CLI_PATH: temporalCliPath } },
);
