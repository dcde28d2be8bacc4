import { beforeEach, describe, expect, test } from 'vitest';
import { endInTime } from '../../../activities/batch-in-hand.ts';
import type { BothSides } from '../../../activities/sessions.ts';
import { MemoryMailbox } from '../../support/memory-server.ts';
import { MemorySession } from '../../support/memory-session.ts';
import { FakeClock } from './fake-clock.ts';

const ALLOWED = 3_000;

function open(): BothSides {
  return {
    source: new MemorySession(new MemoryMailbox()),
    destination: new MemorySession(new MemoryMailbox()),
  };
}

function usable({ source, destination }: BothSides): readonly boolean[] {
  return [source.usable, destination.usable];
}

let clock: FakeClock;
let interrupt: AbortController;
let sessions: BothSides;

beforeEach(() => {
  clock = new FakeClock();
  interrupt = new AbortController();
  sessions = open();
});

describe('the batch in hand', () => {
  test('has three seconds after an interruption, then both connections end', async () => {
    endInTime(clock, interrupt.signal, sessions);
    await clock.pass(10 * ALLOWED);
    interrupt.abort();
    await clock.pass(ALLOWED - 1);
    expect(usable(sessions)).toEqual([true, true]);
    await clock.pass(1);
    expect(usable(sessions)).toEqual([false, false]);
  });

  test('has them too when the interruption came before it', async () => {
    interrupt.abort();
    endInTime(clock, interrupt.signal, sessions);
    await clock.pass(ALLOWED);
    expect(usable(sessions)).toEqual([false, false]);
  });

  test('that ended in time leaves the connections as they are', async () => {
    const ending = endInTime(clock, interrupt.signal, sessions);
    interrupt.abort();
    await clock.pass(ALLOWED - 1);
    ending.callOff();
    await clock.pass(ALLOWED);
    expect(usable(sessions)).toEqual([true, true]);
  });

  test('that was over before is not waited for', async () => {
    endInTime(clock, interrupt.signal, sessions).callOff();
    interrupt.abort();
    await clock.pass(ALLOWED);
    expect(usable(sessions)).toEqual([true, true]);
  });

  test('of connections that were opened meanwhile ends with those', async () => {
    const ending = endInTime(clock, interrupt.signal, sessions);
    const later = ending.replace(open());
    interrupt.abort();
    await clock.pass(ALLOWED);
    expect([usable(sessions), usable(later)]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  test('is never begun over connections that are opened too late', async () => {
    const ending = endInTime(clock, interrupt.signal, sessions);
    interrupt.abort();
    await clock.pass(ALLOWED);
    expect(usable(ending.replace(open()))).toEqual([false, false]);
  });
});
