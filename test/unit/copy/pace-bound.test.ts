import { describe, expect, test } from 'vitest';
import { Pace, type Departure } from '../../../copy/pace.ts';

const MOST = 16 << 20;
const SECOND = 1_000;

/** A server behind a line: so many bytes a second, milliseconds until an answer is back, and for writing each command. */
interface Line {
  readonly rate: number;
  readonly delay: number;
  readonly writing?: number;
}

/** Keeps the window full for so many answers. */
function drive(pace: Pace, clock: { now: number }, { rate, delay, writing = 0 }: Line, answers: number): void {
  const flying: (Departure & { readonly due: number })[] = [];
  let free = clock.now;
  let inFlight = 0;
  for (let answered = 0; answered < answers; answered += 1) {
    while (flying.length === 0 || (flying.length < pace.commands && inFlight + pace.command <= pace.window)) {
      const departure = pace.departs(pace.commandBeside(flying.length, inFlight));
      free = Math.max(free, clock.now) + (departure.bytes / rate) * SECOND + writing;
      flying.push({ ...departure, due: free + delay });
      inFlight += departure.bytes;
    }
    const [next] = flying.splice(0, 1);
    if (next === undefined) return;
    clock.now = Math.max(clock.now, next.due);
    inFlight -= next.bytes;
    pace.accepted(next);
  }
}

/** `asked`: milliseconds until the server asked for the first bytes. */
function windowAfter(line: Line, answers = 200, asked?: number): number {
  const clock = { now: 0 };
  const pace = new Pace('multiappend', MOST, () => clock.now);
  if (asked !== undefined) {
    const question = pace.departs(1);
    clock.now += asked;
    pace.asked(question);
  }
  drive(pace, clock, line, answers);
  return pace.window;
}

describe('what is in flight', () => {
  test.each([100_000, 200_000, 1_000_000, 10_000_000])('is answered within a second at %d bytes a second', (rate) => {
    expect(windowAfter({ rate, delay: 20 })).toBeLessThanOrEqual(rate);
  });

  test.each([100_000, 200_000, 1_000_000, 10_000_000])(
    'is so at %d bytes a second where the round trip is known, rightly or not',
    (rate) => {
      for (const delay of [20, 200]) {
        for (const asked of [delay, 2 * delay, 1_000]) {
          expect(windowAfter({ rate, delay }, 200, asked)).toBeLessThanOrEqual(rate);
        }
      }
    },
  );

  test('is no more than 256 KiB before anything is answered, also where the server has asked for it', () => {
    const pace = new Pace('multiappend', MOST, () => 0);
    pace.asked(pace.departs(1_000));
    expect(pace.window).toBeLessThanOrEqual(256 << 10);
  });

  test('is the least that there is on a line that would need longer for that', () => {
    expect(windowAfter({ rate: 10_000, delay: 20 })).toBe(64 << 10);
  });

  test('is no more than eight times what a line took in a first burst, though it takes no more so soon', () => {
    const clock = { now: 0 };
    const pace = new Pace('multiappend', MOST, () => clock.now);
    const first = pace.window;
    const burst = [pace.departs(32 << 10), pace.departs(32 << 10)];
    clock.now += 1;
    for (const departure of burst) pace.accepted(departure);
    expect(pace.window).toBeLessThanOrEqual(first + 7 * (64 << 10));
  });

  test('is less within a few answers when a line becomes slow', () => {
    const clock = { now: 0 };
    const pace = new Pace('multiappend', MOST, () => clock.now);
    drive(pace, clock, { rate: 50_000_000, delay: 40 }, 100);
    expect(pace.window).toBe(MOST);
    drive(pace, clock, { rate: 200_000, delay: 40 }, 16);
    expect(pace.window).toBeLessThanOrEqual(200_000);
  });

  test('is halved by a refusal, and grows slowly from there', () => {
    const clock = { now: 0 };
    const pace = new Pace('multiappend', MOST, () => clock.now);
    drive(pace, clock, { rate: 50_000_000, delay: 40 }, 100);
    pace.refused();
    expect(pace.window).toBe(MOST / 2);
    drive(pace, clock, { rate: 50_000_000, delay: 40 }, 4);
    expect(pace.window).toBeLessThan((MOST / 4) * 3);
  });
});

describe('the window is full', () => {
  test('of a fast line after few round trips', () => {
    expect(windowAfter({ rate: 200_000_000, delay: 40 }, 24)).toBe(MOST);
  });

  test('of a fast line that is far away, the sooner where the round trip is known', () => {
    const line = { rate: 200_000_000, delay: 150 };
    expect(windowAfter(line, 12, 150)).toBe(MOST);
    expect(windowAfter(line, 12)).toBeLessThan(MOST / 2);
  });

  test('of one that is far away', () => {
    expect(windowAfter({ rate: 10_000_000, delay: 700 })).toBeGreaterThan(400_000);
  });

  test.each([100, 300, 700])(
    'of a server that writes for %d ms whatever it is sent, however little that is',
    (writing) => {
      expect(windowAfter({ rate: 50_000_000, delay: 1, writing })).toBeGreaterThan(1_000_000);
    },
  );

  test('also right after it has grown, though the commands in flight are small', () => {
    const clock = { now: 0 };
    const pace = new Pace('multiappend', MOST, () => clock.now);
    const departures = Array.from({ length: pace.commands }, () => pace.departs(pace.window / pace.commands));
    const inFlight = departures.slice(1).reduce((sum, { bytes }) => sum + bytes, 0);
    clock.now += 10;
    for (const departure of departures.slice(0, 1)) pace.accepted(departure);
    expect(inFlight + pace.commandBeside(pace.commands - 1, inFlight)).toBeCloseTo(pace.window);
  });

  test('never beyond what there is room for', () => {
    const pace = new Pace('multiappend', 50_000, () => 0);
    expect(pace.window).toBe(50_000);
  });
});
