import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { defaultCacheDir, obtainTemporalCli } from '../../temporal/binary.ts';
import { connect } from '../../temporal/connection.ts';
import { startDevServer, type DevServer } from '../../temporal/dev-server.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { dovecotAvailable } from './dovecot-installation.ts';

/** What one run of the integration tests has started and must stop. */
let server: DevServer | undefined;
let directory: string | undefined;

/**
 * Once per run, before any integration test: one Temporal server on a free port with mailferry's search attributes,
 * one bundle of the workflows. Tests reach them through `context.ts`.
 */
export async function setup(project: TestProject): Promise<void> {
  failWithoutDovecotInCi();
  directory = await mkdtemp(join(tmpdir(), 'mailferry-test-'));
  const cliPath = await obtainTemporalCli({
    env: process.env,
    cacheDir: defaultCacheDir(process.env, { platform: process.platform, home: homedir() }),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  server = await startDevServer({ cliPath, logFile: join(directory, 'temporal.log') });
  const connection = await connect({ address: server.address, connection: { address: server.address } });
  await ensureSearchAttributes(connection, 'default');
  await connection.close();
  project.provide('temporalCliPath', cliPath);
  project.provide('temporalAddress', server.address);
  project.provide('workflowBundlePath', await bundleWorkflows(project.config.root, directory));
}

export async function teardown(): Promise<void> {
  await server?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}

async function bundleWorkflows(root: string, into: string): Promise<string | null> {
  const workflowsPath = join(root, 'workflows', 'index.ts');
  if (!existsSync(workflowsPath)) return null;
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const bundlePath = join(into, 'workflow-bundle.js');
  await writeFile(bundlePath, code);
  return bundlePath;
}

/** Where nobody reads what was left out, tests that quietly do not run are a lie. */
function failWithoutDovecotInCi(): void {
  const dovecot = dovecotAvailable();
  if (process.env['CI'] === 'true' && !dovecot.available) throw new Error(`${dovecot.reason}; ${dovecot.command}`);
}
