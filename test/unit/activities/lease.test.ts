import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AttemptLease, type LeaseOptions } from '../../../activities/lease.ts';
import type { HeartbeatAnswer } from '../../../activities/heartbeats.ts';
import { LeaseLost } from '../../../copy/lease-lost.ts';
import { parseCopyHeartbeat, type CopyHeartbeat } from '../../../model/activities.ts';
import { FakeClock, settle } from './fake-clock.ts';

const TIMEOUT = 30_000;
const LEASE = TIMEOUT / 3;

const beat = (growth: string): CopyHeartbeat => ({ text: 'INBOX', done: 0, of: 1, growth });

interface Sent {
  readonly growth: string;
  readonly answer: (answer: HeartbeatAnswer) => Promise<void>;
  readonly fail: () => Promise<void>;
}

/** Temporal as the lease sees it: answers only when told to, or always, or never. */
class Temporal {
  readonly sent: Sent[] = [];
  readonly told: string[] = [];
  answers: HeartbeatAnswer | undefined = 'going-on';
  inFlight = 0;
  mostInFlight = 0;

  async send(details: unknown): Promise<HeartbeatAnswer> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const growth = parseCopyHeartbeat(details)?.growth ?? '';
    try {
      return await new Promise<HeartbeatAnswer>((resolve, reject) => {
        this.sent.push({
          growth,
          answer: async (answer) => {
            resolve(answer);
            await settle();
          },
          fail: async () => {
            reject(new Error('14 UNAVAILABLE'));
            await settle();
          },
        });
        if (this.answers !== undefined) resolve(this.answers);
      });
    } finally {
      this.inFlight -= 1;
    }
  }

  get last(): Sent {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('no heartbeat was sent');
    return last;
  }
}

async function noting(promise: Promise<void>, note: () => void): Promise<void> {
  await promise;
  note();
}

let clock: FakeClock;
let temporal: Temporal;
let leases: AttemptLease[];

beforeEach(() => {
  clock = new FakeClock();
  temporal = new Temporal();
  leases = [];
});
afterEach(() => {
  for (const lease of leases) lease.stop();
});

function open(change: Partial<LeaseOptions> = {}): AttemptLease {
  const lease = new AttemptLease({
    send: (details) => temporal.send(details),
    heartbeatTimeout: TIMEOUT,
    clock,
    first: beat('found'),
    tellWorker: ({ growth }) => temporal.told.push(growth),
    ...change,
  });
  leases.push(lease);
  return lease;
}

describe('a lease', () => {
  test('does not hold before the first heartbeat is acknowledged', async () => {
    temporal.answers = undefined;
    const lease = open();
    await settle();
    expect(lease.check).toThrow(LeaseLost);
    expect(lease.lost.aborted).toBe(false);
    await temporal.last.answer('going-on');
    expect(lease.check).not.toThrow();
  });

  test('holds as long as heartbeats are acknowledged, one a second, never two at a time', async () => {
    const lease = open();
    await clock.pass(10 * TIMEOUT);
    expect(lease.check).not.toThrow();
    expect(temporal.sent).toHaveLength(301);
    expect(temporal.mostInFlight).toBe(1);
  });

  test('is lost a third of the timeout after the last acknowledged heartbeat was sent', async () => {
    const lease = open();
    await settle();
    temporal.answers = undefined;
    await clock.pass(LEASE - 1);
    expect(lease.check).not.toThrow();
    await clock.pass(1);
    expect(lease.lost.aborted).toBe(true);
    expect(lease.check).toThrow(LeaseLost);
  });

  test('counts from the sending of a heartbeat, not from its late acknowledgement', async () => {
    const lease = open();
    await settle();
    temporal.answers = undefined;
    await clock.pass(1_000);
    await clock.pass(LEASE / 2);
    await temporal.last.answer('going-on');
    await clock.pass(LEASE / 2 - 1);
    expect(lease.check).not.toThrow();
    await clock.pass(1);
    expect(lease.lost.aborted).toBe(true);
  });

  test('tries again at once after a heartbeat that failed', async () => {
    const lease = open();
    await settle();
    temporal.answers = undefined;
    await clock.pass(1_000);
    await temporal.last.fail();
    const failed = temporal.sent.length;
    await clock.pass(100);
    expect(temporal.sent).toHaveLength(failed + 1);
    await temporal.last.answer('going-on');
    expect(lease.check).not.toThrow();
  });

  test('is lost at once when Temporal does not know the attempt', async () => {
    const lease = open();
    await settle();
    temporal.answers = 'unknown';
    await clock.pass(1_000);
    expect(lease.lost.aborted).toBe(true);
  });

  test('destroys what hangs on it in the tick in which it is lost', async () => {
    const lease = open();
    await settle();
    let destroyed = false;
    lease.lost.addEventListener('abort', () => {
      destroyed = true;
    });
    lease.lose('told so');
    expect(destroyed).toBe(true);
  });

  test('is lost in the first tick of a process that stood still, before any alarm rings', async () => {
    const lease = open();
    await settle();
    clock.stop(LEASE);
    expect(lease.check).toThrow(LeaseLost);
    expect(lease.lost.aborted).toBe(true);
  });

  test('is lost after a sleep in which the monotonic clock stood still', async () => {
    const lease = open();
    await settle();
    clock.sleep(LEASE);
    expect(lease.check).toThrow(LeaseLost);
  });

  test('does not live longer when the wall clock is set back', async () => {
    const lease = open();
    await settle();
    temporal.answers = undefined;
    clock.sleep(-3_600_000);
    await clock.pass(LEASE);
    expect(lease.lost.aborted).toBe(true);
  });

  test('is not brought back by an acknowledgement that was waiting while the process stood still', async () => {
    const lease = open();
    await settle();
    temporal.answers = undefined;
    await clock.pass(1_000);
    clock.stop(LEASE);
    await temporal.last.answer('going-on');
    expect(lease.lost.aborted).toBe(true);
    await clock.pass(TIMEOUT);
    expect(lease.check).toThrow(LeaseLost);
  });

  test('ends before Temporal ends the attempt whatever its heartbeats say', async () => {
    const lease = open({ attemptTimeout: 60_000 });
    await clock.pass(60_000 - LEASE - 1);
    expect(lease.check).not.toThrow();
    await clock.pass(1);
    expect(lease.lost.aborted).toBe(true);
  });
});

describe('an acknowledgement that is waited for', () => {
  test('is one of a heartbeat sent after the wait began, and comes without waiting for the next second', async () => {
    temporal.answers = undefined;
    const lease = open();
    await settle();
    let came = false;
    const wait = noting(lease.acknowledged(), () => {
      came = true;
    });
    await temporal.last.answer('going-on');
    expect(came).toBe(false);
    await clock.pass(0);
    expect(temporal.sent).toHaveLength(2);
    await temporal.last.answer('going-on');
    await wait;
    expect(came).toBe(true);
  });

  test('is refused when the lease is lost meanwhile', async () => {
    temporal.answers = undefined;
    const lease = open();
    const wait = lease.acknowledged();
    const refused = expect(wait).rejects.toThrow(LeaseLost);
    await clock.pass(LEASE);
    await refused;
  });

  test('survives a heartbeat that failed', async () => {
    const lease = open();
    await settle();
    temporal.answers = undefined;
    const wait = lease.acknowledged();
    await temporal.last.fail();
    await clock.pass(100);
    await temporal.last.answer('going-on');
    await expect(wait).resolves.toBeUndefined();
  });

  test('is refused when the attempt is over', async () => {
    const lease = open();
    lease.stop();
    await expect(lease.acknowledged()).rejects.toThrow(LeaseLost);
  });
});

describe('what is carried', () => {
  test('is what the attempt found until the copy has something newer', async () => {
    const lease = open();
    await settle();
    expect(temporal.last.growth).toBe('found');
    let growth = 'grown';
    lease.carry(() => beat(growth));
    await clock.pass(1_000);
    expect(temporal.last.growth).toBe('grown');
    growth = 'grown more';
    await lease.acknowledged();
    expect(temporal.last.growth).toBe('grown more');
  });

  test('reaches the worker’s own heartbeat after Temporal has acknowledged it, twice in each timeout', async () => {
    open();
    await clock.pass(TIMEOUT / 2 - 1);
    expect(temporal.told).toEqual([]);
    await clock.pass(TIMEOUT / 2 + 1);
    expect(temporal.told).toEqual(['found', 'found']);
  });

  test('and is waited for is not replaced by what the worker was told a moment before', async () => {
    const lease = open();
    await clock.pass(TIMEOUT / 2);
    expect(temporal.told).toHaveLength(1);
    let came = false;
    const wait = noting(lease.acknowledged(), () => {
      came = true;
    });
    await clock.pass(1_999);
    expect(came).toBe(false);
    await clock.pass(1);
    await wait;
  });

  test('that cannot be made loses the lease rather than the growth', async () => {
    const lease = open();
    await settle();
    lease.carry(() => {
      throw new Error('a bug');
    });
    await clock.pass(1_000);
    expect(lease.lost.aborted).toBe(true);
  });
});

describe('an interruption', () => {
  test.each([
    ['cancel-requested', true],
    ['paused', false],
    ['reset', false],
  ] as const)('by an answer "%s" ends the batch and keeps the lease', async (answer, cancelled) => {
    const lease = open();
    await settle();
    temporal.answers = answer;
    await clock.pass(1_000);
    expect(lease.interrupt.aborted).toBe(true);
    expect(lease.cancelRequested).toBe(cancelled);
    expect(lease.check).not.toThrow();
    await clock.pass(TIMEOUT);
    expect(lease.check).not.toThrow();
  });

  test('of a worker that stops is no cancellation, until there is one', async () => {
    const lease = open();
    lease.end('worker-stopping');
    expect(lease.interrupt.aborted).toBe(true);
    expect(lease.cancelRequested).toBe(false);
    lease.end('cancel-requested');
    expect(lease.cancelRequested).toBe(true);
  });
});
