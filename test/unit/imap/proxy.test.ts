import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../imap/open.ts';
import type { ImapSession } from '../../../imap/types.ts';
import type { TlsMode } from '../../../model/project.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { startConnectProxy, type ConnectProxy } from '../../support/connect-proxy.ts';
import { refusalOf } from './harness.ts';

/** A name that only the proxy knows the way to. */
const HOST = 'imap.sandbox.test';
const PASSWORD = 'canary-proxy-password';

let sandbox: Sandbox;
let proxy: ConnectProxy;

beforeAll(async () => {
  sandbox = await startSandbox({ users: [{ name: 'alice', password: 'pw' }] });
  const routes = { [`${HOST}:143`]: sandbox.port };
  proxy = await startConnectProxy({ credentials: `ferry:${PASSWORD}`, routes });
});
afterAll(() => Promise.all([sandbox.close(), proxy.close()]));

function open(user: string, port = 143, tls: TlsMode = 'none'): Promise<ImapSession> {
  return openSession({
    address: { host: HOST, port, tls },
    login: { kind: 'password', user: 'alice', secret: () => 'pw' },
    proxy: new URL(`http://${user}${proxy.host}`),
    commandTimeout: 2_000,
    signal: new AbortController().signal,
  });
}

describe('a session through a proxy', () => {
  it('is opened by name at the proxy, for its user', async () => {
    const session = await open(`ferry:${PASSWORD}@`);
    onTestFinished(() => session.destroy(new Error('the test has ended')));
    expect((await session.status('INBOX')).messages).toBe(0);
    expect(proxy.asked).toContain(`${HOST}:143`);
  });

  it.each([
    ['no user is taken', '', 143, 'it answered 407; no user is given for it'],
    ['its password is wrong', 'ferry:wrong-word@', 143, 'it does not take the user and password given for it'],
    ['it does not connect there', `ferry:${PASSWORD}@`, 993, 'it answered 403'],
  ])('is refused by the proxy’s name where %s', async (_, user, port, text) => {
    const { problem } = await refusalOf(open(user, port));
    expect(problem.code).toBe('server.proxy');
    expect(problem.text).toContain(`The proxy ${proxy.host} made no connection to ${HOST}:${port}`);
    expect(problem.text).toContain(text);
    expect(JSON.stringify(problem)).not.toMatch(/wrong-word|canary/);
  });
});
