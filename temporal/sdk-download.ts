import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import type { Env } from './pip-config.ts';

/** Long enough for 45 MB over a slow line, short enough not to look dead behind a firewall that drops packets. */
const deadlineMs = 120_000;

/**
 * The SDK downloads the binary only in order to start a server, and cannot be told to stop. So that happens in a
 * process of its own, which ends with this one (its stdin ends) and can be killed together with that server.
 */
const program = `
import { TestWorkflowEnvironment } from '@temporalio/testing';
process.stdin.on('end', () => process.exit(1)).resume();
try {
  const executable = { type: 'cached-download', downloadDir: process.env.MAILFERRY_DOWNLOAD_DIR };
  await (await TestWorkflowEnvironment.createLocal({ server: { executable } })).teardown();
  process.exit(0);
} catch (error) {
  process.stderr.write(error.message);
  process.exit(1);
}`;

/**
 * Has Temporal's SDK download the `temporal` binary that fits it into `directory`, which must be empty. Needs the open
 * internet; honours the usual proxy variables. Resolves to the binary's path, rejects with the SDK's reason.
 */
export async function downloadWithSdk(directory: string, env: Env): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: dirname(fileURLToPath(import.meta.url)),
    env: { ...env, NODE_OPTIONS: '', MAILFERRY_DOWNLOAD_DIR: directory },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const timer = setTimeout(() => killGroup(child.pid), deadlineMs);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, complaint] = await Promise.all([exited, text(child.stderr)]).finally(() => clearTimeout(timer));
  if (code !== 0) throw new Error(firstLine(complaint) ?? `no answer within ${deadlineMs / 1000} seconds`);
  const [file] = await readdir(directory);
  if (file === undefined) throw new Error(`the SDK reported success but left nothing in ${directory}`);
  return join(directory, file);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
}

/** Core repeats its error once for each cause. */
function firstLine(complaint: string): string | undefined {
  const line = complaint.trim().split('\n', 1)[0];
  return line === undefined || line === '' ? undefined : line.slice(0, 300);
}
