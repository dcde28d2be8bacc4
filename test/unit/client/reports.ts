import { NO_COUNTS } from '../../../model/mailbox.ts';
import { NO_TOTALS, type ProjectView } from '../../../model/saga.ts';
import type { StatusReport } from '../../../client/remote/status.ts';

/** A running project of three mailboxes in its pre-stage. */
export function statusReport(change: Partial<StatusReport> = {}): StatusReport {
  return {
    project: 'acme',
    phase: 'prestage',
    paused: false,
    now: 'pre-stage: 1 of 3 mailboxes ready',
    workflow: 'running',
    worker: 'answers',
    startedAt: Date.UTC(2026, 2, 1, 12),
    readyAt: undefined,
    cutoverAt: undefined,
    mailboxes: 3,
    phases: { prestage: 2, ready: 1 },
    counts: { ...NO_COUNTS, messages: 3_000, copied: 1_200, bytes: 4_500_000 },
    exceptions: 0,
    problem: undefined,
    gates: [],
    troubles: [],
    troubled: 0,
    credentials: [],
    page: undefined,
    ...change,
  };
}

export function projectView(change: Partial<ProjectView> = {}): ProjectView {
  return {
    name: 'acme',
    phase: 'prestage',
    paused: false,
    now: 'pre-stage: 1 of 3 mailboxes ready',
    startedAt: 1_000,
    expectedMailboxes: 3,
    shards: 1,
    totals: { ...NO_TOTALS, mailboxes: 3, phases: { prestage: 2, ready: 1 } },
    ...change,
  };
}
