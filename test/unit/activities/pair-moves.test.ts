import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../activities/clock.ts';
import { EBB_MS } from '../../../activities/ebb.ts';
import { createActivities, reachedBy, type Dependencies } from '../../../activities/index.ts';
import { createLimiter } from '../../../activities/limiter.ts';
import { createOwnMailboxes } from '../../../activities/own-mailboxes.ts';
import { createThrottles } from '../../../activities/throttles.ts';
import { KEEPS_NOTHING } from '../../../activities/session-keeper.ts';
import { pairMoves } from '../../../copy/pair-moves.ts';
import { refuse } from '../../../imap/refusal.ts';
import type { OpenSession } from '../../../imap/types.ts';
import type { PairMovesInput, PairMovesResult } from '../../../model/activities.ts';
import { MailboxHarness, MOVING } from '../../support/mailbox-harness.ts';
import { mail, MemoryMailbox } from '../../support/memory-server.ts';
import { MemorySession } from '../../support/memory-session.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';
import { foldersToPair } from '../../../workflows/mailbox/pairable.ts';

async function movedOnce(): Promise<{ readonly harness: MailboxHarness; readonly input: PairMovesInput }> {
  const source = new MemoryMailbox('Work');
  for (const subject of ['one', 'two']) source.add('INBOX', { body: mail(subject) });
  const harness = new MailboxHarness(source);
  await harness.pass();
  source.move('INBOX', 2, 'Work');
  await harness.survey();
  const { folders } = foldersToPair(harness.folders);
  return { harness, input: { settings: projectSettings('pairing'), row: mailboxRow('anna'), folders } };
}

function nothing(): Promise<never> {
  return Promise.reject(new Error('only moves are looked for here'));
}

function run(
  input: PairMovesInput,
  openSession: OpenSession,
  changes: Partial<Dependencies> = {},
): Promise<PairMovesResult> {
  const deps: Dependencies = {
    openSession,
    copyFolder: nothing,
    pairMoves,
    verifyFolder: nothing,
    openSecret: () => Promise.resolve('secret'),
    ...reachedBy({}),
    heartbeats: () => () => Promise.resolve('going-on'),
    limiter: createLimiter(),
    keeper: KEEPS_NOTHING,
    ownMailboxes: createOwnMailboxes(systemClock),
    throttles: createThrottles(Date.now),
    clock: systemClock,
    stopping: new AbortController().signal,
    ...changes,
  };
  const activities = createActivities(deps);
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 5_000, startToCloseTimeoutMs: 3_600_000 });
  return environment.run((given: PairMovesInput) => activities.pairMoves(given), input);
}

it('lets the copy follow under a lease, and returns both ledgers', async () => {
  const { harness, input } = await movedOnce();
  const result = await run(input, async ({ side }) =>
    side === 'source'
      ? new MemorySession(harness.source)
      : new MemorySession(harness.destination, { capabilities: MOVING }),
  );
  expect(result).toMatchObject({ outcome: { kind: 'complete' }, counts: { moved: 1 } });
  expect(result.folders.map(({ source, handled }) => [source, handled])).toEqual([
    ['INBOX', 1],
    ['Work', 1],
  ]);
  expect(harness.destination.bodies('Work')).toEqual([mail('two')]);
});

it('gives back what was in doubt before when a login is refused', async () => {
  const { input } = await movedOnce();
  const result = await run({ ...input, growth: 'in doubt' }, ({ side }) =>
    Promise.reject(refuse('access.refused', `no login to the ${side ?? 'server'}`)),
  );
  expect(result).toMatchObject({
    outcome: { kind: 'refused', side: 'source', problem: { code: 'access.refused' } },
    folders: [],
    growth: 'in doubt',
  });
});

it('lends a wait in which what was on the wire arrives', async () => {
  const { harness, input } = await movedOnce();
  let ebbs = 0;
  const clock: Clock = {
    ...systemClock,
    after: (ms, act) => {
      if (ms === EBB_MS) ebbs += 1;
      return systemClock.after(ms === EBB_MS ? 0 : ms, act);
    },
  };
  await run(input, async () => new MemorySession(harness.source), {
    clock,
    pairMoves: async (task, context) => {
      await context.ebb?.();
      return pairMoves({ ...task, folders: [] }, context);
    },
  });
  expect(ebbs).toBe(1);
});
