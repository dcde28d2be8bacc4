import { beforeEach, describe, expect, it } from 'vitest';
import { EBB_MS } from '../../../activities/ebb.ts';
import { reachedBy } from '../../../activities/index.ts';
import { createLimiter } from '../../../activities/limiter.ts';
import { Secrets } from '../../../activities/secrets.ts';
import { KEEPS_NOTHING } from '../../../activities/session-keeper.ts';
import { withBothSides, type BothSides, type Opening, type Reopening } from '../../../activities/sessions.ts';
import { createThrottles } from '../../../activities/throttles.ts';
import { MemoryMailbox } from '../../support/memory-server.ts';
import { MemorySession } from '../../support/memory-session.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';
import { FakeClock } from './fake-clock.ts';

let clock: FakeClock;
/** Those that were opened, the source of each pair before its destination. */
let opened: MemorySession[];
let held: AbortController;

beforeEach(() => {
  clock = new FakeClock();
  opened = [];
  held = new AbortController();
});

function lend<Result>(use: (sessions: BothSides & Reopening) => Promise<Result>): Promise<Result> {
  const deps: Opening = {
    openSession: async () => {
      const session = new MemorySession(new MemoryMailbox());
      opened.push(session);
      return session;
    },
    openSecret: async () => 'secret',
    ...reachedBy({}),
    limiter: createLimiter(),
    keeper: KEEPS_NOTHING,
    throttles: createThrottles(clock.wall),
    clock,
  };
  const job = { settings: projectSettings('lent'), row: mailboxRow('anna') };
  return withBothSides(deps, { job, secrets: new Secrets(), signal: held.signal }, use);
}

/** The connection is lost while the server has yet to answer what it was to store. */
function loseAmidWriting(): void {
  const destination = opened.at(-1);
  if (destination === undefined) throw new Error('nothing was opened');
  destination.usable = false;
  destination.mayStillStore = true;
}

describe('what a lost connection had sent', () => {
  it('has arrived when the next activity may begin, whether this one ends well or not', async () => {
    for (const end of [() => Promise.resolve(), () => Promise.reject(new Error('unexpected'))]) {
      let hasEnded = false;
      const lent = lend(() => {
        loseAmidWriting();
        return end();
      }).catch(() => undefined);
      const ended = lent.then(() => (hasEnded = true));
      await clock.pass(EBB_MS - 1);
      expect(hasEnded).toBe(false);
      await clock.pass(1);
      await ended;
    }
  });

  it('is not waited for where all was answered', async () => {
    await lend(({ reopen }) => reopen());
    expect(opened).toHaveLength(4);
  });

  it('is no longer waited for when the lease is lost', async () => {
    const lent = lend(() => {
      loseAmidWriting();
      return Promise.resolve();
    });
    await clock.pass(1);
    held.abort(new Error('the lease is lost'));
    await lent;
  });
});
