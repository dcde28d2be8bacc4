import { expect, test } from 'vitest';
import { Pace } from '../../../copy/pace.ts';

const MOST = 32 << 20;

/** Answers everything that may be in flight, at so many bytes a second, for a while; the window at the end. */
function windowAfter(bytesPerSecond: number): number {
  let now = 0;
  const pace = new Pace('multiappend', MOST, () => now);
  for (let period = 0; period < 40; period += 1) {
    const { window } = pace;
    now += (window / bytesPerSecond) * 1_000;
    pace.accepted(window);
  }
  return pace.window;
}

test('a slow line never has more in flight than it takes within a second', () => {
  expect(windowAfter(200_000)).toBeLessThanOrEqual(200_000);
});

test('a line slower than the least that is in flight keeps to that least', () => {
  expect(windowAfter(10_000)).toBeLessThanOrEqual(64 << 10);
});
