import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../activities/clock.ts';
import { createActivities, reachedBy, type Dependencies } from '../../../activities/index.ts';
import { createLimiter } from '../../../activities/limiter.ts';
import { createOwnMailboxes } from '../../../activities/own-mailboxes.ts';
import { KEEPS_NOTHING } from '../../../activities/session-keeper.ts';
import { createThrottles } from '../../../activities/throttles.ts';
import { openSession } from '../../../imap/open.ts';
import type { AsideInput, AsideMessage, AsideResult } from '../../../model/aside.ts';
import type { Damage } from '../../../sandbox/commands/damage.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { mail } from '../../support/memory-server.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';

let source: Sandbox | undefined;
afterEach(() => source?.close());

function nothing(): Promise<never> {
  return Promise.reject(new Error('messages are only described here'));
}

function dependencies(): Dependencies {
  return {
    openSession,
    copyFolder: nothing,
    pairMoves: nothing,
    verifyFolder: nothing,
    openSecret: async () => 'pw',
    ...reachedBy({}),
    heartbeats: () => () => Promise.resolve('going-on'),
    limiter: createLimiter(),
    keeper: KEEPS_NOTHING,
    ownMailboxes: createOwnMailboxes(systemClock),
    throttles: createThrottles(Date.now),
    clock: systemClock,
    stopping: new AbortController().signal,
  };
}

const COUNT = 30;

/** Describes messages of a source that fails at the headers of some; all but the first two were put aside as unreadable. */
async function described(damages: ReadonlyMap<number, Damage>, gone: readonly number[] = []): Promise<AsideResult> {
  source = await startSandbox({
    users: [{ name: 'anna', password: 'pw' }],
    damage: ({ uid }) => damages.get(uid),
    damagesHeaders: true,
  });
  const { host, port, store } = source;
  const anna = store.user('anna');
  for (let number = 1; number <= COUNT; number += 1) {
    anna.addMessage('INBOX', { body: Buffer.from(mail(`number ${number}`)) });
  }
  const notes = Array.from({ length: COUNT + gone.length }, (_, at) => at + 1).map(
    (uid) => ({ uid, code: uid < 3 ? 'destination.message-refused' : 'source.message-unreadable' }) as const,
  );
  const { uidValidity } = anna.folder('INBOX');
  const endpoint = { host, port, tls: 'none', auth: { kind: 'password' } } as const;
  const activities = createActivities(dependencies());
  return new MockActivityEnvironment().run((input: AsideInput) => activities.describeAside(input), {
    settings: projectSettings('aside', { source: endpoint }),
    row: mailboxRow('anna'),
    folders: [{ source: 'INBOX', sourcePath: 'INBOX', uidValidity, notes }],
  });
}

function messagesIn(result: AsideResult): readonly AsideMessage[] {
  return result.ok ? result.folders.flatMap(({ messages }) => messages) : [];
}

describe('messages that were put aside', () => {
  it.each<readonly [string, Damage]>([
    ['ends the connection', { do: 'cut' }],
    ['refuses', { do: 'answer', text: 'NO [SERVERBUG] Internal error' }],
    ['breaks the protocol', { do: 'say', line: '* 1 FETCH (UID 1 FLAGS (' }],
  ])('are described but for those at whose headers the source %s', async (_, damage) => {
    const result = await described(
      new Map([
        [3, damage],
        [17, damage],
      ]),
      [31],
    );
    expect(result.ok).toBe(true);
    for (const { uid, subject, gone } of messagesIn(result)) {
      const isTold = uid !== 3 && uid !== 17 && uid <= COUNT;
      expect([uid, subject, gone]).toEqual([uid, isTold ? `number ${uid}` : undefined, uid > COUNT]);
    }
    expect(messagesIn(result)).toHaveLength(COUNT + 1);
  });

  it('are listed without their headers where it fails at all of them, after few connections', async () => {
    const all = Array.from({ length: COUNT - 2 }, (_, at) => at + 3);
    const messages = messagesIn(await described(new Map(all.map((uid) => [uid, { do: 'cut' }]))));
    expect(messages.map(({ uid, gone }) => [uid, gone])).toEqual([1, 2, ...all].map((uid) => [uid, false]));
    expect(messages.filter(({ subject }) => subject !== undefined).map(({ uid }) => uid)).toEqual([1, 2]);
    const fetches = source?.journal.entries.filter(
      (entry) => entry.event === 'arrived' && entry.command === 'UID FETCH',
    );
    expect(fetches?.length).toBeLessThanOrEqual(12);
  });

  it('are not described where the source says something else', async () => {
    const throttled: Damage = { do: 'answer', text: 'NO Request is throttled' };
    const result = await described(new Map([[4, throttled]]));
    expect(result).toMatchObject({ ok: false, problem: { code: 'server.throttled' } });
  });
});
