/**
 * Adds up vitest's JSON reports. As a program, `node scripts/test-report.mjs FOLDER` prints `N passed, N failed`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Every test counts once, however many runs it was in, and has failed if it failed in any. A file that could not be
 * loaded counts as one failure.
 *
 * @param {string} folder
 * @returns {{passed: number, failed: number, notRun: readonly string[]}}
 */
export function readReports(folder) {
  const status = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    for (const suite of JSON.parse(readFileSync(join(folder, file), 'utf8')).testResults) {
      const name = relative(process.cwd(), suite.name);
      if (suite.status === 'failed' && suite.assertionResults.length === 0) status.set(name, 'failed');
      for (const test of suite.assertionResults) {
        const key = `${name} > ${test.fullName}`;
        if (status.get(key) !== 'failed') status.set(key, test.status);
      }
    }
  }
  const having = (wanted) => [...status].filter(([, found]) => wanted.includes(found)).map(([name]) => name);
  return {
    passed: having(['passed']).length,
    failed: having(['failed']).length,
    notRun: having(['skipped', 'pending', 'todo', 'disabled']),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = '.', alsoFailed = '0'] = process.argv.slice(2);
  const { passed, failed } = readReports(folder);
  const total = failed === 0 ? Number(alsoFailed) : failed;
  process.stdout.write(`${passed} passed, ${total} failed\n`);
  process.exitCode = total === 0 ? 0 : 1;
}
