import { InterceptingCall, Metadata, status, type Interceptor } from '@grpc/grpc-js';
import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

/** The parts of a call that interceptors are put around. */
type InnerCall = ConstructorParameters<typeof InterceptingCall>[0];

/**
 * A call on a closed connection ends as one that was cancelled. grpc-js throws instead, and the client's retries begin their
 * calls in a timer: one that waits for its turn when the connection is closed would end the whole process.
 */
const endWithTheConnection: Interceptor = (options, nextCall) => {
  try {
    return new InterceptingCall(nextCall(options));
  } catch (error) {
    return new InterceptingCall(endedCall(error instanceof Error ? error.message : String(error)));
  }
};

/** The retries of Temporal's client, which end with the connection. */
export const RETRIES: readonly Interceptor[] = [
  makeGrpcRetryInterceptor(defaultGrpcRetryOptions()),
  endWithTheConnection,
];

function nothing(): void {}

/** A unary call that sends nothing and ends at once, without a message as every one that fails. */
function endedCall(details: string): InnerCall {
  return {
    start: (_metadata, listener) =>
      queueMicrotask(() => {
        listener?.onReceiveMessage?.(null);
        listener?.onReceiveStatus?.({ code: status.CANCELLED, details, metadata: new Metadata() });
      }),
    cancelWithStatus: nothing,
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    startRead: nothing,
    halfClose: nothing,
    getPeer: () => '',
    getAuthContext: () => null,
  };
}
