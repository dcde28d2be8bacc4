import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../../client/chunks.ts';
import { pause, unlessInterrupted } from '../../../client/context.ts';
import { ask } from '../../../client/io.ts';
import { parseDuration } from '../../../client/options.ts';
import { mapAtOnce } from '../../../client/parallel.ts';

const never = new AbortController().signal;

describe('chunks', () => {
  it('keep all items in order, and neither their number nor their size is exceeded', () => {
    const items = fc.array(
      fc.nat(400_000).map((length) => 'x'.repeat(length)),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 5 }), (list, most) => {
        const chunks = chunksOf(list, most);
        expect(chunks.flat()).toEqual(list);
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(most);
          if (chunk.length > 1) expect(JSON.stringify(chunk).length).toBeLessThanOrEqual(700_020);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('work on many items', () => {
  it('is done by so many at once, with the results in order', async () => {
    let [now, most] = [0, 0];
    const results = await mapAtOnce([5, 1, 4, 2, 3], 2, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it('takes nothing new after a failure, and ends what has begun', async () => {
    const begun: number[] = [];
    const work = mapAtOnce([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error('two');
    });
    await expect(work).rejects.toThrow('two');
    expect(begun.length).toBeLessThan(6);
  });
});

describe('an interruption', () => {
  it('ends a pause at once', async () => {
    const controller = new AbortController();
    const waiting = pause(60_000, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'command.interrupted' });
  });

  it('comes before what is still under way', async () => {
    const controller = new AbortController();
    const waiting = unlessInterrupted(new Promise(() => undefined), controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'command.interrupted' });
  });

  it('leaves nothing unheard of what it no longer waits for', async () => {
    // An unhandled rejection fails the run.
    const given = Promise.reject(new Error('refused meanwhile'));
    await expect(unlessInterrupted(given, AbortSignal.abort())).rejects.toMatchObject({ code: 'command.interrupted' });
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('does not hide a result', async () => {
    await expect(unlessInterrupted(Promise.resolve(1), never)).resolves.toBe(1);
  });
});

describe('a question', () => {
  it('is answered by one line', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const answer = ask(input, output, 'Name? ', { signal: never });
    input.write('anna\nrest\n');
    expect(await answer).toBe('anna');
    expect(String(output.read())).toContain('Name? ');
  });

  it('is not answered when the input ends', async () => {
    const input = new PassThrough();
    const answer = ask(input, new PassThrough(), 'Name? ', { signal: never });
    input.end();
    expect(await answer).toBeUndefined();
  });

  it('for a secret does not show the answer', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    const answer = ask(input, output, 'Password: ', { hidden: true, signal: never });
    input.write('swordfish\r');
    expect(await answer).toBe('swordfish');
    expect(String(output.read())).toBe('Password: \n');
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['250ms', 250],
    ['5', 5_000],
    ['1.5h', 5_400_000],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', 'soon', '-5s', '10 minutes', '1w'])('not %j', (text) => {
    expect(() => parseDuration(text)).toThrow('Expected a duration');
  });
});
