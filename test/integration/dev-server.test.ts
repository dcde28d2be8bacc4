import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../temporal/connection.ts';
import { DevServerFailed, startDevServer, type DevServer, type DevServerOptions } from '../../temporal/dev-server.ts';
import { ensureSearchAttributes, SearchAttributesMissing } from '../../temporal/search-attributes.ts';
import { temporalCliPath } from '../support/context.ts';
import { groupIsAlive } from '../support/process-group.ts';

describe("Temporal's development server", () => {
  let directory: string;
  const cleanups: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mailferry-dev-server-'));
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(options: Partial<DevServerOptions> = {}): Promise<DevServer> {
    const logFile = join(directory, 'temporal.log');
    const server = await startDevServer({ cliPath: temporalCliPath(), logFile, ...options });
    cleanups.push(() => server.stop());
    return server;
  }

  async function connectTo({ address }: DevServer): Promise<Connection> {
    const connection = await connect({ address, connection: { address } });
    cleanups.push(() => connection.close());
    return connection;
  }

  it('serves its namespace, keeping closed workflows for 90 days, as soon as it is started', async () => {
    const connection = await connectTo(await start());
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
    expect(config?.workflowExecutionRetentionTtl?.seconds?.toNumber()).toBe(90 * 86_400);
  });

  it('serves the Web UI only where it is asked for', async () => {
    const server = await start({ uiPort: 'free' });
    expect((await fetch(`${server.uiUrl}`)).status).toBe(200);
    expect((await start()).uiUrl).toBeUndefined();
  });

  it('takes the search attributes, also a second time, and workflows can carry them at once', async () => {
    const connection = await connectTo(await start());
    await ensureSearchAttributes(connection, 'default');
    await ensureSearchAttributes(connection, 'default');
    const client = new Client({ connection });
    await client.workflow.start('nobody', {
      workflowId: 'carries-attributes',
      taskQueue: 'nobody',
      searchAttributes: { MailferryProject: ['a'], MailferryMessages: [3] },
    });
    await expect
      .poll(() => client.workflow.count(`MailferryProject = 'a' AND MailferryMessages = 3`))
      .toMatchObject({ count: 1 });
  });

  it('prints the command that adds the search attributes where it may not add them', async () => {
    const server = await start();
    const connection = await connectTo(server);
    const failing = ensureSearchAttributes(connection, 'not there');
    await expect(failing).rejects.toThrow(SearchAttributesMissing);
    await expect(failing).rejects.toThrow(
      `temporal operator search-attribute create --address ${server.address} --namespace 'not there' ` +
        '--name MailferryProject --type Keyword --name MailferryPhase --type Keyword ' +
        '--name MailferryProblem --type Keyword --name MailferryMessages --type Int',
    );
  });

  it('names a search attribute that exists with another type', async () => {
    const connection = await connectTo(await start());
    const text = 1;
    await connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: Object.fromEntries([['MailferryPhase', text]]),
    });
    await expect(ensureSearchAttributes(connection, 'default')).rejects.toThrow(
      'MailferryPhase exists with another type',
    );
  });

  it('keeps workflows and search attributes over a restart with the same file', async () => {
    const dbFile = join(directory, 'temporal.db');
    const first = await start({ dbFile });
    const before = await connectTo(first);
    await ensureSearchAttributes(before, 'default');
    await new Client({ connection: before }).workflow.start('nobody', {
      workflowId: 'kept',
      taskQueue: 'nobody',
      searchAttributes: { MailferryProject: ['a'] },
    });
    await first.stop();
    const after = await connectTo(await start({ dbFile }));
    const description = await new Client({ connection: after }).workflow.getHandle('kept').describe();
    expect(description.status.name).toBe('RUNNING');
  });

  it('is gone, with its guard, once it is stopped', async () => {
    const server = await start();
    expect(groupIsAlive(server.pid)).toBe(true);
    await server.stop();
    await server.stop();
    await expect.poll(() => groupIsAlive(server.pid)).toBe(false);
  });

  it('refuses a port that another server answers on', async () => {
    const running = await start();
    const port = Number(running.address.split(':')[1]);
    await expect(start({ port })).rejects.toThrow(DevServerFailed);
    await expect(start({ port })).rejects.toThrow(`port ${port} of 127.0.0.1 cannot be used`);
  });

  it('quotes what the server said when it cannot start', async () => {
    const failing = start({ dbFile: join(directory, 'missing', 'temporal.db') });
    await expect(failing).rejects.toThrow(DevServerFailed);
    await expect(failing).rejects.toThrow(/unable to open database file|no such file or directory/);
  });

  it('ends when its parent is killed', async () => {
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', startAndWait], {
      env: { ...process.env, CLI: temporalCliPath(), LOG: join(directory, 'temporal.log') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number((await once(parent.stdout, 'data'))[0]);
    expect(groupIsAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => groupIsAlive(pid)).toBe(false);
  });
});

/** What the parent runs; the server keeps it alive. */
const startAndWait = `
import { startDevServer } from './temporal/dev-server.ts';
const server = await startDevServer({ cliPath: process.env.CLI, logFile: process.env.LOG });
process.stdout.write(String(server.pid));`;
