import { EXIT, isRefusalCode, refusal, type ExitCode, type RefusalCode } from '../model/refusals.ts';
import { Failure, type FailureDetails } from './failure.ts';

/** An error as it is printed. */
export interface FailureReport {
  readonly code: RefusalCode;
  readonly exit: ExitCode;
  readonly what: string;
  readonly why: readonly string[];
  readonly next: string;
  /** Only with `--debug`. */
  readonly stack?: readonly string[];
}

/** gRPC's status codes that mean something to a person (grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const GRPC = {
  ok: 0,
  cancelled: 1,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * The one switch from errors to the table of refusals. Errors are told apart by their names, so that a command that
 * never speaks to Temporal need not load what it would take to ask for their classes.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error)) return new Failure('us.bug', String(error), { cause: error });
  const fail = (code: RefusalCode, details: FailureDetails = {}): Failure => {
    const [what = '', ...why] = error.message.split('\n');
    return new Failure(code, what, { why, cause: error, ...details });
  };
  switch (error.name) {
    case 'CommanderError':
      return new Failure('command.usage', error.message.replace(/^error: /, ''));
    case 'ProjectRefusal':
      return (
        declaredCode(error, (code) => new Failure(code, refusal(code).meaning, { why: lines(error), cause: error })) ??
        fail('us.bug')
      );
    case 'TemporalUnreachable':
    case 'TemporalUnanswered':
      return fail('temporal.unreachable');
    case 'TemporalRefused':
      return fail('temporal.refused');
    case 'TemporalConfigInvalid':
      return fail('temporal.config');
    case 'TemporalCliNotFound':
      return fail('temporal.binary');
    case 'SearchAttributesMissing':
      return fail('temporal.search-attributes');
    case 'DevServerFailed':
      return fail('temporal.server');
    case 'NamespaceNotFoundError':
      return fail('temporal.namespace');
    case 'WorkflowNotFoundError':
      return fail('project.unknown');
    case 'WorkflowExecutionAlreadyStartedError':
      return fail('project.exists');
    case 'WorkflowUpdateRPCTimeoutOrCancelledError':
      return grpcCode(error) === GRPC.cancelled
        ? fail('command.interrupted')
        : new Failure('temporal.no-worker', 'No worker took the message in time.', { cause: error });
    case 'WorkflowUpdateFailedError':
    case 'QueryRejectedError':
    case 'QueryNotRegisteredError':
      return refusedByWorkflow(error, fail);
    default:
      return declaredCode(error, fail) ?? grpcFailure(error, fail) ?? fileFailure(error, fail) ?? fail('us.bug');
  }
}

/** The report that is printed, and the exit code that goes with it. */
export function reportOf(error: unknown, debug: boolean): FailureReport {
  const failure = failureOf(error);
  const { code, exit, message, why, next } = failure;
  const report = { code, exit, what: message, why: why.length > 0 ? why : causes(failure.cause, message), next };
  return debug ? { ...report, stack: stackOf(failure) } : report;
}

type Fail = (code: RefusalCode, details?: FailureDetails) => Failure;

/** Rooms that tell their errors by the table put the code into the error. */
function declaredCode(error: Error, fail: Fail): Failure | undefined {
  if (!('code' in error) || typeof error.code !== 'string' || !isRefusalCode(error.code)) return undefined;
  return 'next' in error && typeof error.next === 'string' ? fail(error.code, { next: error.next }) : fail(error.code);
}

function lines(error: Error): readonly string[] {
  return error.message.split('\n');
}

/** A workflow refuses a message with an ApplicationFailure whose type is a code. */
function refusedByWorkflow(error: Error, fail: Fail): Failure {
  const { cause } = error;
  if (!(cause instanceof Error) || !('type' in cause) || typeof cause.type !== 'string') return fail('us.bug');
  return isRefusalCode(cause.type) ? new Failure(cause.type, cause.message) : fail('us.bug', { why: [cause.message] });
}

function grpcFailure(error: Error, fail: Fail): Failure | undefined {
  switch (grpcCode(error) ?? GRPC.ok) {
    case GRPC.unavailable:
    case GRPC.deadlineExceeded:
      return fail('temporal.unreachable');
    case GRPC.resourceExhausted:
      return fail('temporal.unreachable', { next: 'Temporal is busy, or its limits are reached: repeat the command.' });
    case GRPC.permissionDenied:
    case GRPC.unauthenticated:
      return fail('temporal.refused');
    case GRPC.failedPrecondition:
      return /poller/i.test(causes(error).join(' ')) ? fail('temporal.no-worker') : undefined;
    case GRPC.cancelled:
      return fail('command.interrupted');
    case GRPC.notFound:
      return /namespace/i.test(causes(error).join(' ')) ? fail('temporal.namespace') : fail('project.unknown');
    default:
      return undefined;
  }
}

/** gRPC's code of an error or of what caused it. */
function grpcCode(error: Error): number | undefined {
  if ('code' in error && typeof error.code === 'number' && 'metadata' in error) return error.code;
  return error.cause instanceof Error ? grpcCode(error.cause) : undefined;
}

/** Node's own errors of the file system name a system call and a path. */
function fileFailure(error: Error, fail: Fail): Failure | undefined {
  return 'syscall' in error && 'path' in error ? fail('command.file') : undefined;
}

/** What lies below an error, from the top, without what was said already. */
function causes(error: unknown, said = ''): readonly string[] {
  if (!(error instanceof Error)) return [];
  const line = error.message.split('\n')[0] ?? '';
  const rest = causes(error.cause, `${said}\n${line}`);
  return line === '' || said.includes(line) ? rest : [line, ...rest];
}

function stackOf(error: Error): readonly string[] {
  const own = (error.stack ?? '').split('\n');
  return error.cause instanceof Error ? [...own, 'caused by', ...stackOf(error.cause)] : own;
}

/** The worse of two endings, for a command that met several. */
export function worseExit(a: ExitCode, b: ExitCode): ExitCode {
  const order: readonly ExitCode[] = [EXIT.done, EXIT.exceptions, EXIT.unreachable, EXIT.access, EXIT.usage, EXIT.bug];
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}
