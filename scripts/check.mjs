/** `npm run check`: format, lint and types beside the unit tests, so that two cores are busy. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { run } from './run.mjs';
import { root, say } from './setup.mjs';

const tools = join(root, 'node_modules', '.bin');

/** One after another, and all of them, so that one run tells everything that is wrong. */
async function checkSources() {
  const checks = [
    ['format', 'oxfmt', ['--check', '.']],
    ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
    ['types', 'tsc', []],
  ];
  const failed = [];
  for (const [name, tool, args] of checks) {
    const { code, output } = await collect(join(tools, tool), args);
    if (code === 0) continue;
    failed.push(name);
    process.stdout.write(output);
  }
  return failed;
}

/** Its output is shown only when it has something to say. */
function collect(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces = [];
    child.stdout.on('data', (piece) => pieces.push(piece));
    child.stderr.on('data', (piece) => pieces.push(piece));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(pieces) }));
  });
}

const [failed, unit] = await Promise.all([
  checkSources(),
  run(join(tools, 'vitest'), ['run', '--project', 'unit'], { cwd: root }),
]);
if (unit !== 0) failed.push('unit tests');
say(failed.length === 0 ? 'Format, lint, types and unit tests: nothing wrong.' : `Failed: ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
