import { expect, it } from 'vitest';
import { grouped } from '../../../copy/grouped.ts';

it.each([0, 7, 999, 1_000, 20_000, 999_999, 1_000_000, 1_234_567_890])('%d is written as in English', (number) => {
  expect(grouped(number)).toBe(number.toLocaleString('en-US'));
});
