import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { bundleProgram } from '../../../scripts/bundle-imapflow.mjs';
import { startSandbox } from '../../../sandbox/server.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';

let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailferry-bundle-'));
  program = join(folder, 'client.mjs');
  await bundleProgram(join(import.meta.dirname, '..', '..', 'support', 'bundled-client.ts'), program);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(port: number, proxy?: string): Promise<unknown> {
  const server = { host: '127.0.0.1', port, secure: false, doSTARTTLS: false, auth: { user: 'ann', pass: 'pw' } };
  const wish = { options: { ...server, ...(proxy !== undefined && { proxy }) }, folder: 'Entwürfe' };
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(wish)]);
  return JSON.parse(stdout);
}

it('logs in without loading what imapflow needs for mail, and loads it when it is called', async () => {
  const sandbox = await startSandbox({ users: [{ name: 'ann', password: 'pw' }] });
  onTestFinished(() => sandbox.close());
  const body = Buffer.from('Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n');
  sandbox.store.user('ann').addMessage('Entwürfe', { body });
  expect(await run(sandbox.port)).toEqual({ early: false, subject: 'Grüße', late: true });
});

it('connects through a SOCKS proxy', async () => {
  const refused = Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
  const proxy = await startScriptedServer([
    { take: 3 },
    { send: Buffer.from([5, 0]) },
    { take: 10 },
    { send: refused },
  ]);
  onTestFinished(() => proxy.close());
  expect(await run(143, `socks5://127.0.0.1:${proxy.port}`)).toEqual({
    cause: expect.stringContaining('ConnectionRefused'),
  });
  await proxy.played;
});
