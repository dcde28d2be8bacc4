/** A server that lies while we log in, list and look: an answer or a refusal, in time, and nothing that ends the process. */
import { assert as holds, asyncProperty, constantFrom } from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSession } from '../../../imap/open.ts';
import { isImapRefusal } from '../../../imap/refusal.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { anyLies } from '../../support/lie-arbitraries.ts';
import { startLyingProxy, type LyingProxy, type TimedLie } from '../../support/lying-proxy.ts';

const RUNS = Number(process.env['MAILFERRY_FUZZ_RUNS'] ?? 60);
const SEED = Number(process.env['MAILFERRY_FUZZ_SEED'] ?? 20_261_121);
const SECRET = 'the secret of ann';
const TIMEOUT_MS = 200;
/** Far more than all time-outs of a case together. */
const PATIENCE_MS = 30_000;
const LONG_MS = 24 * 3_600_000;
const ODD_NAMES = ['a&b', '&Jjo-!', 'x\xff', '"quoted"', 'a\\b', ' blank ', '{5}', 'Sent', 'NIL'];

let sandbox: Sandbox;
let proxy: LyingProxy;
beforeAll(async () => {
  sandbox = await startSandbox({ users: [{ name: 'ann', password: SECRET }], namesAs: 'literal' });
  for (const wire of ODD_NAMES) sandbox.store.user('ann').addFolder({ wire });
  proxy = await startLyingProxy(sandbox.port);
});
afterAll(async () => {
  await proxy.close();
  await sandbox.close();
});

async function look(): Promise<void> {
  const session = await openSession({
    address: { host: '127.0.0.1', port: proxy.port, tls: 'none' },
    login: { kind: 'password', user: 'ann', secret: () => SECRET },
    commandTimeout: TIMEOUT_MS,
    signal: new AbortController().signal,
  });
  try {
    const folders = await session.list();
    for (const { name, selectable } of folders.slice(0, 4)) if (selectable) await session.status(name);
    await session.create('New');
    await session.examine('INBOX');
    await session.search({ kind: 'all' });
  } finally {
    session.destroy(new Error('the case is over'));
  }
}

async function expectAnswerOrRefusal(lies: readonly TimedLie[], when: 'always' | 'after-login'): Promise<void> {
  proxy.lie(lies, when);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), PATIENCE_MS);
  });
  const outcome: unknown = await Promise.race([look(), late]).catch((error: unknown) => error);
  clearTimeout(timer);
  if (outcome === undefined) return;
  if (!isImapRefusal(outcome)) throw new Error('it is no refusal', { cause: outcome });
  expect(outcome.problem.code).not.toBe('us.bug');
  expect(JSON.stringify(outcome.problem)).not.toContain(SECRET);
}

it(
  'whatever a server says while we log in and look around, it answers or is refused, in time',
  () =>
    holds(asyncProperty(anyLies, constantFrom('always' as const, 'after-login' as const), expectAnswerOrRefusal), {
      numRuns: RUNS,
      seed: SEED,
    }),
  LONG_MS,
);
