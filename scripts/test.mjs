/** `npm test`: sets up what the tests need, then runs all of them, or those that the arguments name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';
import { ensureDovecot, ensurePackages, ensureTemporal, root, say } from './setup.mjs';
import { readReports } from './test-report.mjs';

const inCi = process.env.CI === 'true';

await ensurePackages();
const temporalCliPath = await ensureTemporal().catch(giveUp);
const dovecot = await ensureDovecot();
if (!dovecot.available && inCi) giveUp(new Error(`${dovecot.reason}. What would help: ${dovecot.command}`));

const scratch = mkdtempSync(join(tmpdir(), 'mailferry-reports-'));
const reports = process.env.MAILFERRY_TEST_REPORTS ?? scratch;
try {
  const env = { ...process.env, TEMPORAL_CLI_PATH: temporalCliPath, MAILFERRY_TEST_REPORTS: reports };
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  process.exitCode = await run(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { cwd: root, env });
  if (!dovecot.available) sayWhatDidNotRun(dovecot);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function sayWhatDidNotRun({ reason, command }) {
  const { notRun } = readReports(reports);
  if (notRun.length === 0) return;
  say(`Not run, because they need Dovecot: ${reason}. What would help: ${command}`);
  for (const test of notRun) say(`  ${test}`);
}

function giveUp(error) {
  say(error.message);
  process.exit(1);
}
