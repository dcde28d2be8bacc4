import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createLimiter, type Demand, type Limiter } from '../../../activities/limiter.ts';

const never = new AbortController().signal;
const one = (endpoint: string, limit: number): Demand => ({ endpoint, connections: 1, limit });

class Asking {
  release: (() => void) | undefined;

  constructor(limiter: Limiter, demands: readonly Demand[], signal: AbortSignal = never) {
    void this.#take(limiter, demands, signal);
  }

  async #take(limiter: Limiter, demands: readonly Demand[], signal: AbortSignal): Promise<void> {
    try {
      this.release = await limiter.take(demands, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async served(): Promise<boolean> {
    await setImmediate();
    return this.release !== undefined;
  }
}

describe('connections to an endpoint', () => {
  test('are given up to the limit, then in the order of asking', async () => {
    const limiter = createLimiter();
    const [a, b, c, d] = Array.from({ length: 4 }, () => new Asking(limiter, [one('imap:993', 2)]));
    expect(await a?.served()).toBe(true);
    expect(await b?.served()).toBe(true);
    expect(await c?.served()).toBe(false);
    a?.release?.();
    a?.release?.();
    expect(await c?.served()).toBe(true);
    expect(await d?.served()).toBe(false);
  });

  test('of two endpoints are taken together or not at all', async () => {
    const limiter = createLimiter();
    const first = new Asking(limiter, [one('old', 1), one('new', 1)]);
    const second = new Asking(limiter, [one('new', 1), one('old', 1)]);
    expect(await first.served()).toBe(true);
    expect(await second.served()).toBe(false);
    first.release?.();
    expect(await second.served()).toBe(true);
  });

  test('are kept for who waits longer, so that nobody is overtaken for ever', async () => {
    const limiter = createLimiter();
    const holder = new Asking(limiter, [one('old', 1)]);
    const both = new Asking(limiter, [one('old', 1), one('new', 1)]);
    const late = new Asking(limiter, [one('new', 1)]);
    expect(await holder.served()).toBe(true);
    expect(await late.served()).toBe(false);
    holder.release?.();
    expect(await both.served()).toBe(true);
    expect(await late.served()).toBe(false);
  });

  test('of other endpoints are not held up', async () => {
    const limiter = createLimiter();
    const holder = new Asking(limiter, [one('old', 1)]);
    const waiting = new Asking(limiter, [one('old', 1)]);
    const other = new Asking(limiter, [one('elsewhere', 1)]);
    expect(await holder.served()).toBe(true);
    expect(await waiting.served()).toBe(false);
    expect(await other.served()).toBe(true);
  });

  test('of one server that is source and destination are two, alone if the limit is one', async () => {
    const limiter = createLimiter();
    const pair = [one('same', 1), one('same', 1)];
    const first = new Asking(limiter, pair);
    const second = new Asking(limiter, pair);
    expect(await first.served()).toBe(true);
    expect(await second.served()).toBe(false);
    first.release?.();
    expect(await second.served()).toBe(true);
  });

  test('that are no longer wanted free the place in the queue', async () => {
    const limiter = createLimiter();
    const holder = new Asking(limiter, [one('old', 1)]);
    const gone = new AbortController();
    const both = new Asking(limiter, [one('old', 1), one('new', 1)], gone.signal);
    const late = new Asking(limiter, [one('new', 1)]);
    expect(await late.served()).toBe(false);
    gone.abort();
    expect(await late.served()).toBe(true);
    holder.release?.();
    expect(await both.served()).toBe(false);
  });
});
