import { afterAll, beforeAll, describe } from 'vitest';
import { openSession } from '../../../imap/open.ts';
import { DOVECOT_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import { startSandbox } from '../../../sandbox/server.ts';
import type { Sandbox, SandboxOptions } from '../../../sandbox/server.ts';
import { itSpeaksWith } from '../../support/session-journey.ts';

const without = (...names: readonly string[]): readonly string[] =>
  DOVECOT_CAPABILITIES.filter((name) => !names.includes(name));

describe.each<readonly [string, SandboxOptions, string]>([
  ['like Dovecot', {}, ''],
  ['with a prefix and names as literals', { prefix: 'INBOX.', delimiter: '.', namesAs: 'literal' }, 'INBOX.'],
  ['without NAMESPACE and LIST-EXTENDED', { capabilities: without('NAMESPACE', 'LIST-EXTENDED', 'SPECIAL-USE') }, ''],
])('a session with the sandbox %s', (_, settings, base) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ ...settings, users: [{ name: 'alice', password: 'pw' }] });
  });
  afterAll(() => sandbox.close());

  itSpeaksWith(
    () =>
      openSession({
        address: { host: sandbox.host, port: sandbox.port, tls: 'none' },
        login: { kind: 'password', user: 'alice', secret: () => 'pw' },
        commandTimeout: 5_000,
        signal: new AbortController().signal,
      }),
    base,
  );
});
