import { isGrpcCancelledError } from '@temporalio/client';

/** Temporal ended a call without an answer. */
export class TemporalUnanswered extends Error {
  override readonly name = 'TemporalUnanswered';
}

/**
 * What a call's error is to whoever made it. gRPC's CANCELLED is an interruption only where somebody has interrupted: a server
 * at which the deadline passes first ends the stream with HTTP/2's CANCEL, which grpc-js tells in the same way.
 */
export function callError(error: unknown, interruption: AbortSignal): unknown {
  if (interruption.aborted || !isGrpcCancelledError(error)) return error;
  return new TemporalUnanswered('Temporal ended a call without an answer: it is busy, or the call took too long', {
    cause: error,
  });
}
