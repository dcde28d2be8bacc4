import { describe, expect, it } from 'vitest';
import { forecastEnd } from '../../../model/forecast.ts';
import { NO_COUNTS, type MailboxPhase } from '../../../model/mailbox.ts';
import { NO_TOTALS, type ProjectPhase } from '../../../model/saga.ts';

const DAY = 86_400_000;
const NOW = 100 * DAY;

function project(
  phases: Partial<Record<MailboxPhase, number>>,
  { copied = 0, messages = 0, phase = 'prestage' as ProjectPhase },
) {
  const mailboxes = Object.values(phases).reduce((sum, number) => sum + number, 0);
  const counts = { ...NO_COUNTS, copied, messages };
  return { phase, startedAt: NOW - 2 * DAY, totals: { ...NO_TOTALS, mailboxes, phases, counts } };
}

describe('the forecast end of a project', () => {
  it('takes what is left to go on as it went so far', () => {
    expect(forecastEnd(project({ prestage: 4 }, { copied: 1_000, messages: 5_000 }), NOW)).toBe(NOW + 8 * DAY);
  });

  it('takes mailboxes that nobody has looked into for as large as the others', () => {
    const half = project({ prestage: 2, queued: 1, refused: 1 }, { copied: 1_000, messages: 5_000 });
    expect(forecastEnd(half, NOW)).toBe(NOW + 18 * DAY);
  });

  it('is none before the first messages, nor once people decide when it goes on', () => {
    expect(forecastEnd(project({ queued: 3 }, {}), NOW)).toBeUndefined();
    expect(forecastEnd(project({ prestage: 3 }, { messages: 10 }), NOW)).toBeUndefined();
    const ready = project({ ready: 3 }, { copied: 5, messages: 10, phase: 'ready' });
    expect(forecastEnd(ready, NOW)).toBeUndefined();
  });
});
