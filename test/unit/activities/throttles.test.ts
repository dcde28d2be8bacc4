import { beforeEach, describe, expect, test } from 'vitest';
import { createThrottles, type Throttles } from '../../../activities/throttles.ts';
import type { Problem } from '../../../model/mailbox.ts';
import type { MailboxJob } from '../../../model/project.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';

const MINUTE = 60_000;
let now = 0;
let throttles: Throttles;

const job = (user: string, project = 'acme'): MailboxJob => ({
  settings: projectSettings(project),
  row: mailboxRow(user),
});
const throttled = (waitMs: number): Problem => ({ code: 'server.throttled', text: 'later', waitMs });
const met = (user: string, waitMs: number) => throttles.met(job(user), 'source', throttled(waitMs));

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  throttles = createThrottles(() => now);
});

describe('servers that ask to wait', () => {
  test('two mailboxes at the same time are their own affair', () => {
    expect(met('anna', MINUTE)).toEqual(throttled(MINUTE));
    expect(met('anna', MINUTE)).toEqual(throttled(MINUTE));
    expect(met('bert', MINUTE)).toEqual(throttled(MINUTE));
    expect(throttles.against(job('carl'), 'source')).toBeUndefined();
  });

  test('one after another, they are as well', () => {
    for (const user of ['anna', 'bert', 'carl', 'dora']) {
      expect(met(user, MINUTE).code).toBe('server.throttled');
      now += MINUTE;
    }
  });

  test('three at the same time are their tenant: nobody knocks until the last of their waits is over', () => {
    met('anna', 5 * MINUTE);
    met('bert', MINUTE);
    now += 1_000;
    expect(met('carl', MINUTE)).toMatchObject({ code: 'server.all-throttled', waitMs: 5 * MINUTE - 1_000 });
    expect(throttles.against(job('dora'), 'source')).toMatchObject({ waitMs: 5 * MINUTE - 1_000 });
    expect(throttles.against(job('dora'), 'destination')).toBeUndefined();
    expect(throttles.against(job('dora', 'other'), 'source')).toBeUndefined();
    now += 5 * MINUTE;
    expect(throttles.against(job('dora'), 'source')).toBeUndefined();
  });

  test('after that half as many connections are opened, and one more with every minute in peace', () => {
    expect(throttles.limit(job('anna'), 'source')).toBe(50);
    for (const user of ['anna', 'bert', 'carl', 'dora']) met(user, MINUTE);
    expect(throttles.limit(job('anna'), 'source')).toBe(25);
    expect(throttles.limit(job('anna'), 'destination')).toBe(50);
    now += 6 * MINUTE;
    expect(throttles.limit(job('anna'), 'source')).toBe(30);
    now += 60 * MINUTE;
    expect(throttles.limit(job('anna'), 'source')).toBe(50);
  });

  test('what is no request to wait stays as it is', () => {
    const problem: Problem = { code: 'access.refused', text: 'no' };
    expect(throttles.met(job('anna'), 'source', problem)).toBe(problem);
  });
});
