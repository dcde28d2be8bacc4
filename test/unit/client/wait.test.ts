import { describe, expect, it } from 'vitest';
import { isStuck, outcomeOf } from '../../../client/commands/wait.ts';
import { statusReport } from './reports.ts';

describe('waiting for a project', () => {
  it('goes on while it works', () => {
    expect(outcomeOf(statusReport(), 'finished')).toBeUndefined();
    expect(outcomeOf(statusReport(), 'ready')).toBeUndefined();
  });

  it.each(['ready', 'final', 'tail'] as const)('for ready ends with 0 in phase %s', (phase) => {
    expect(outcomeOf(statusReport({ phase, phases: { ready: 3 } }), 'ready')).toBe(0);
  });

  it('for ready ends with 3 when mailboxes need attention by then', () => {
    expect(outcomeOf(statusReport({ phase: 'ready', phases: { ready: 2, attention: 1 } }), 'ready')).toBe(3);
  });

  it('for finished does not end when it is ready', () => {
    expect(outcomeOf(statusReport({ phase: 'ready', phases: { ready: 3 } }), 'finished')).toBeUndefined();
  });

  it('ends with 0 when it has finished without exceptions, else with 3', () => {
    const finished = statusReport({ workflow: 'completed', phase: 'finished', phases: { done: 3 } });
    expect(outcomeOf(finished, 'finished')).toBe(0);
    expect(outcomeOf({ ...finished, exceptions: 1 }, 'finished')).toBe(3);
  });

  it.each(['cancelled', 'terminated', 'failed'] as const)('ends with 3 when it was %s', (workflow) => {
    expect(outcomeOf(statusReport({ workflow }), 'finished')).toBe(3);
  });

  it('ends with 3 when a cancelled project has completed', () => {
    expect(outcomeOf(statusReport({ workflow: 'completed', phase: 'cancelled' }), 'ready')).toBe(3);
  });
});

describe('a project', () => {
  it('is stuck when all that is left needs attention', () => {
    expect(isStuck(statusReport({ phase: 'tail', phases: { attention: 1, done: 2 } }), 'finished')).toBe(true);
  });

  it('is not stuck while one mailbox still works, is waited for or is paused', () => {
    expect(isStuck(statusReport({ phases: { attention: 1, prestage: 2 } }), 'finished')).toBe(false);
    expect(isStuck(statusReport({ phases: { attention: 1, refused: 2 } }), 'finished')).toBe(false);
    expect(isStuck(statusReport({ phases: { attention: 3 }, paused: true }), 'finished')).toBe(false);
  });

  it('is not stuck before its mailboxes have come', () => {
    expect(isStuck(statusReport({ phases: { attention: 1 } }), 'finished')).toBe(false);
  });

  it('is not stuck where no worker could do anything about it', () => {
    expect(isStuck(statusReport({ phases: { attention: 3 }, worker: 'none' }), 'finished')).toBe(false);
  });
});
