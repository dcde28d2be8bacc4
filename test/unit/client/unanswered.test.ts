import { Metadata, status } from '@grpc/grpc-js';
import { ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../client/exit.ts';
import { isUnanswered } from '../../../client/remote/project.ts';
import { callError } from '../../../client/remote/unanswered.ts';

/** As the client tells of a stream that was ended with HTTP/2's CANCEL. */
function cancelled(): ServiceError {
  const cause = Object.assign(new Error('1 CANCELLED: Call cancelled'), {
    code: status.CANCELLED,
    details: 'Call cancelled',
    metadata: new Metadata(),
  });
  return new ServiceError('Failed to query Workflow', { cause });
}

describe('a call that was cancelled', () => {
  it('has not been answered where nobody has interrupted the command', () => {
    const error = callError(cancelled(), new AbortController().signal);
    expect(isUnanswered(error)).toBe(true);
    expect(failureOf(error).code).toBe('temporal.unreachable');
  });

  it('is an interruption where somebody has', () => {
    const error = callError(cancelled(), AbortSignal.abort());
    expect(isUnanswered(error)).toBe(false);
    expect(failureOf(error).code).toBe('command.interrupted');
  });

  it('is told from other errors', () => {
    const other = new Error('other');
    expect(callError(other, new AbortController().signal)).toBe(other);
  });
});
