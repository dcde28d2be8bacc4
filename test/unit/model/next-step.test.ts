import { describe, expect, test } from 'vitest';
import { NO_COPY_COUNTS, type PassKind, type PassSummary } from '../../../model/pass.ts';
import { nextStep } from '../../../model/next-step.ts';
import { FIRST_DIRECTIVE, newMailbox, type MailboxState, type Stage } from '../../../model/saga.ts';
import { QUICK, mailboxRow, projectSettings } from '../../support/projects.ts';

const HOUR = 3_600_000;
const TIMING = { ...QUICK, deltaInterval: 24 * HOUR, tailInterval: 24 * HOUR, tailQuiet: 72 * HOUR };

function mailbox(stage: Stage, change: Partial<MailboxState> = {}): MailboxState {
  const directive = { ...FIRST_DIRECTIVE, stage };
  return { ...newMailbox(projectSettings('p', { timing: TIMING }), mailboxRow('anna'), 0, directive), ...change };
}

function pass(kind: PassKind, startedAt: number, endedAt = startedAt): PassSummary {
  return { kind, startedAt, endedAt, folders: 1, counts: NO_COPY_COUNTS };
}

const FINAL = { finalAt: 100 * HOUR, passes: [pass('prestage', 0), pass('final', 99 * HOUR, 100 * HOUR)] };
const COMPARED = { folders: 1, messages: 1, identical: 1, missing: 0, doubled: 0, movedByUser: 0 };

describe('before the cutover', () => {
  test('the first pass is the pre-stage', () => {
    expect(nextStep(mailbox('prestage'), 0)).toEqual({ kind: 'pass', pass: 'prestage' });
  });

  test('a delta follows each interval after the last pass ended', () => {
    const state = mailbox('prestage', { passes: [pass('prestage', 0, HOUR)] });
    expect(nextStep(state, 2 * HOUR)).toEqual({ kind: 'wait', until: 25 * HOUR, next: 'delta' });
    expect(nextStep(state, 25 * HOUR)).toEqual({ kind: 'pass', pass: 'delta' });
  });

  test('a pass that was cut short is taken up again', () => {
    const current = { kind: 'delta', startedAt: 5, done: [], counts: NO_COPY_COUNTS, retryAside: false } as const;
    const state = mailbox('prestage', { passes: [pass('prestage', 0)], current });
    expect(nextStep(state, 6)).toEqual({ kind: 'pass', pass: 'delta' });
  });
});

describe('after the cutover', () => {
  test('the final delta comes at once, also when the pre-stage has not ended', () => {
    const current = { kind: 'prestage', startedAt: 5, done: [], counts: NO_COPY_COUNTS, retryAside: false } as const;
    expect(nextStep(mailbox('cutover', { current }), 6)).toEqual({ kind: 'pass', pass: 'final' });
  });

  test('the tail waits its interval', () => {
    expect(nextStep(mailbox('cutover', FINAL), 101 * HOUR)).toEqual({ kind: 'wait', until: 124 * HOUR, next: 'tail' });
  });

  test('quiet time alone does not end the tail: a pass has to have listed everything after it', () => {
    expect(nextStep(mailbox('cutover', FINAL), 500 * HOUR)).toEqual({ kind: 'pass', pass: 'tail' });
    const listed = { ...FINAL, passes: [...FINAL.passes, pass('tail', 500 * HOUR)] };
    expect(nextStep(mailbox('cutover', listed), 501 * HOUR)).toEqual({ kind: 'verify' });
  });

  test('new mail on the old side begins the quiet time anew', () => {
    const state = { ...FINAL, lastNewAt: 148 * HOUR, passes: [...FINAL.passes, pass('tail', 172 * HOUR)] };
    expect(nextStep(mailbox('cutover', state), 173 * HOUR)).toEqual({ kind: 'wait', until: 196 * HOUR, next: 'tail' });
  });

  test('a comparison that is older than the last pass is not believed', () => {
    const verification = { ...COMPARED, at: 50 * HOUR };
    const state = mailbox('finish', { ...FINAL, verification });
    expect(nextStep(state, 101 * HOUR)).toEqual({ kind: 'verify' });
  });

  test('finish compares at once; a comparison that misses nothing is the end, one that does is repaired', () => {
    expect(nextStep(mailbox('finish', FINAL), 101 * HOUR)).toEqual({ kind: 'verify' });
    const verification = { ...COMPARED, at: 101 * HOUR };
    expect(nextStep(mailbox('finish', { ...FINAL, verification }), 102 * HOUR)).toEqual({ kind: 'done' });
    const missing = { ...verification, missing: 1 };
    expect(nextStep(mailbox('finish', { ...FINAL, verification: missing }), 102 * HOUR)).toEqual({ kind: 'repair' });
  });
});

test('a removed mailbox and a cancelled project end, whatever else is the case', () => {
  expect(nextStep(mailbox('cutover', { ...FINAL, removed: true }), 0)).toEqual({ kind: 'cancelled' });
  expect(nextStep(mailbox('cancel', FINAL), 0)).toEqual({ kind: 'cancelled' });
});
