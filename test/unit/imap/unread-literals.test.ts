/** Servers that dislike the arguments of an APPEND answer BAD, leave the literal unread, and take what comes for commands. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../imap/open.ts';
import type { AppendMessage, ImapSession } from '../../../imap/types.ts';
import { DOVECOT_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { always } from './harness.ts';

const COMMANDS =
  'x1 SELECT INBOX\r\nx2 STORE 1:* +FLAGS.SILENT (\\Deleted)\r\nx3 EXPUNGE\r\nx4 DELETE Precious\r\nx5 LOGOUT\r\n';

function dated(internalDate: string): AppendMessage {
  const body = Buffer.from(COMMANDS);
  return { flags: ['\\Seen'], internalDate, body: [body], bytes: body.length };
}

async function start(capabilities: readonly string[]): Promise<{ sandbox: Sandbox; session: ImapSession }> {
  const sandbox = await startSandbox({
    capabilities,
    dislikes: (_, date = '') => Number(date.slice(7, 11)) < 1990 || date.endsWith('-1200'),
    users: [{ name: 'ann', password: 'pw' }],
  });
  sandbox.store.user('ann').addFolder('Precious');
  const session = await openSession({
    address: { host: sandbox.host, port: sandbox.port, tls: 'none' },
    login: { kind: 'password', user: 'ann', secret: () => 'pw' },
    side: 'destination',
    commandTimeout: 5_000,
    signal: new AbortController().signal,
  });
  onTestFinished(async () => {
    session.destroy(new Error('the test has ended'));
    await sandbox.close();
  });
  return { sandbox, session };
}

const TAKEN = '17-Jul-2020 02:44:25 +0000';
const without = (name: string): readonly string[] => DOVECOT_CAPABILITIES.filter((each) => each !== name);

describe.each([
  ['MULTIAPPEND and LITERAL+', DOVECOT_CAPABILITIES],
  ['LITERAL+ alone', without('MULTIAPPEND')],
  ['MULTIAPPEND and LITERAL-', [...without('LITERAL+'), 'LITERAL-']],
])('a server with %s', (_, capabilities) => {
  it.each([
    ['before 1990', '31-Dec-1989 23:59:59 +0000'],
    ['in the zone -1200', '17-Jul-2020 02:44:25 -1200'],
  ])('that dislikes dates %s reads no body as commands', async (__, disliked) => {
    const { sandbox, session } = await start(capabilities);
    await session.append('INBOX', [dated(TAKEN)], always);
    const many =
      session.appendMode === 'multiappend' ? [[dated(TAKEN), dated(disliked)]] : [[dated(TAKEN)], [dated(disliked)]];
    const answers = await Promise.allSettled(many.map((messages) => session.append('INBOX', messages, always)));
    expect(answers.at(-1)?.status).toBe('rejected');
    await sandbox.journal.when(({ event }) => event === 'closed');
    const names = new Set(sandbox.journal.entries.map(({ command }) => command));
    for (const name of ['?', 'SELECT', 'STORE', 'EXPUNGE', 'DELETE', 'LOGOUT']) expect(names).not.toContain(name);
    expect(sandbox.store.user('ann').findFolder('Precious')).toBeDefined();
  });
});
