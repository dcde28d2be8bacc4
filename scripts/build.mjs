/** `npm run build`: dist/ with the rooms that an installed mailferry needs, imapflow in one piece, and the workflows bundled once. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleImapflow } from './bundle-imapflow.mjs';
import { run } from './run.mjs';
import { ensurePackages, root } from './setup.mjs';

await ensurePackages();
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const code = await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root });
if (code !== 0) process.exit(code);
await bundleImapflow(dist);

const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
const bundle = await bundleWorkflowCode({
  workflowsPath: join(root, 'workflows', 'index.ts'),
  logger: new DefaultLogger('WARN'),
});
writeFileSync(join(dist, 'workflow-bundle.js'), bundle.code);
