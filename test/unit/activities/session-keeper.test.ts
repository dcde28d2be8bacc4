import { describe, expect, test } from 'vitest';
import { createSessionKeeper, type KeptSession } from '../../../activities/session-keeper.ts';
import { MemoryMailbox } from '../../support/memory-server.ts';
import { MemorySession } from '../../support/memory-session.ts';
import { FakeClock } from './fake-clock.ts';

function kept(key: string, endpoint = 'imap:993'): KeptSession {
  return { session: new MemorySession(new MemoryMailbox()), end: new AbortController(), endpoint, key };
}

describe('a session that an activity has left', () => {
  test('is given to the next one of the same mailbox and settings, once, and to no other', () => {
    const keeper = createSessionKeeper(new FakeClock());
    const anna = kept('anna');
    keeper.keep(anna);
    expect(keeper.take('bert')).toBeUndefined();
    expect(keeper.take('anna')).toBe(anna);
    expect(keeper.take('anna')).toBeUndefined();
  });

  test('is logged out when nobody has asked for it for a moment', async () => {
    const clock = new FakeClock();
    const keeper = createSessionKeeper(clock);
    const anna = kept('anna');
    keeper.keep(anna);
    await clock.pass(1_000);
    expect(anna.session.usable).toBe(true);
    await clock.pass(2_000);
    expect(anna.session.usable).toBe(false);
    expect(keeper.take('anna')).toBeUndefined();
  });

  test('is not given on when the server has ended it', () => {
    const keeper = createSessionKeeper(new FakeClock());
    const [dead, alive] = [kept('anna'), kept('anna')];
    keeper.keep(dead);
    keeper.keep(alive);
    dead.session.destroy(new Error('gone'));
    expect(keeper.take('anna')).toBe(alive);
  });

  test('makes room for another mailbox when the endpoint has no connection left, the oldest first', async () => {
    const keeper = createSessionKeeper(new FakeClock());
    const [oldest, newest, elsewhere] = [kept('anna'), kept('bert'), kept('carl', 'other:993')];
    for (const one of [oldest, newest, elsewhere]) keeper.keep(one);
    await keeper.makeRoom('imap:993', 1, 3);
    expect(oldest.session.usable).toBe(true);
    await keeper.makeRoom('imap:993', 2, 3);
    expect([oldest, newest, elsewhere].map(({ session }) => session.usable)).toEqual([false, true, true]);
  });

  test('is logged out when the worker stops, also one that comes back later', async () => {
    const keeper = createSessionKeeper(new FakeClock());
    const [before, after] = [kept('anna'), kept('bert')];
    keeper.keep(before);
    await keeper.close();
    keeper.keep(after);
    expect([before.session.usable, after.session.usable]).toEqual([false, false]);
  });
});
