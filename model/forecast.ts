import type { ProjectView } from './saga.ts';

/**
 * When everything will have been copied at the pace of the pre-stage so far, in epoch milliseconds. Undefined when nobody can
 * tell: before the first messages, and once a project waits for its cutover, which is a person's to decide. Mailboxes that
 * have not been surveyed yet count as large as those that have.
 */
export function forecastEnd(
  { phase, startedAt, totals }: Pick<ProjectView, 'phase' | 'startedAt' | 'totals'>,
  now: number,
): number | undefined {
  const { counts, mailboxes, phases } = totals;
  const handled = counts.copied + counts.adopted + counts.aside;
  const surveyed = mailboxes - (phases.queued ?? 0) - (phases.probe ?? 0) - (phases.refused ?? 0);
  if (phase !== 'prestage' || handled === 0 || surveyed <= 0) return undefined;
  const messages = (counts.messages * mailboxes) / surveyed;
  return now + ((now - startedAt) * Math.max(0, messages - handled)) / handled;
}
