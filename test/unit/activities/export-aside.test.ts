import { afterEach, describe, expect, it } from 'vitest';
import { asideExporter } from '../../../activities/index.ts';
import type { AsideFolder } from '../../../model/aside.ts';
import type { Problem } from '../../../model/mailbox.ts';
import type { RefusalCode } from '../../../model/refusals.ts';
import type { Damage } from '../../../sandbox/commands/damage.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { mail } from '../../support/memory-server.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';

let source: Sandbox | undefined;
afterEach(() => source?.close());

interface Exported {
  readonly uids: readonly number[];
  readonly problem: Problem | undefined;
}

function codeOf(uid: number): RefusalCode {
  return uid < 3 ? 'destination.message-refused' : 'source.message-unreadable';
}

/** Exports six messages of a source that fails at some of them; all but the first two were put aside as unreadable. */
async function exported(damages: ReadonlyMap<number, Damage>): Promise<Exported> {
  source = await startSandbox({ users: [{ name: 'anna', password: 'pw' }], damage: ({ uid }) => damages.get(uid) });
  const { host, port, store } = source;
  for (let number = 1; number <= 6; number += 1) {
    store.user('anna').addMessage('INBOX', { body: Buffer.from(mail(`number ${number}`)) });
  }
  const folder: AsideFolder = {
    source: 'INBOX',
    sourcePath: 'INBOX',
    uidValidity: store.user('anna').folder('INBOX').uidValidity,
    notes: [1, 2, 3, 4, 5, 6].map((uid) => ({ uid, code: codeOf(uid) })),
  };
  const endpoint = { host, port, tls: 'none', auth: { kind: 'password' } } as const;
  const job = { settings: projectSettings('export', { source: endpoint }), row: mailboxRow('anna') };
  const uids: number[] = [];
  const problem = await asideExporter(async () => 'pw', {})(
    { ...job, folders: [folder] },
    async ({ uid }) => void uids.push(uid),
    new AbortController().signal,
  );
  return { uids, problem };
}

describe('messages that were put aside', () => {
  it.each<readonly [string, Damage]>([
    ['ends the connection', { do: 'cut' }],
    ['refuses', { do: 'answer', text: 'NO [SERVERBUG] Internal error' }],
    ['breaks the protocol', { do: 'say', line: '* 1 FETCH (UID 1 FLAGS (' }],
  ])('are exported but for those at which the source still %s', async (_, damage) => {
    const damages = new Map([
      [3, damage],
      [5, damage],
    ]);
    expect(await exported(damages)).toEqual({ uids: [1, 2, 4, 6], problem: undefined });
  });

  it('are not exported any further when the source says something else', async () => {
    const damages = new Map<number, Damage>([[4, { do: 'answer', text: 'NO Request is throttled' }]]);
    const { uids, problem } = await exported(damages);
    expect(uids).toEqual([1, 2, 3]);
    expect(problem?.code).toBe('server.throttled');
  });
});
