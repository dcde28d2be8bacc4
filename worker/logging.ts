import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger as SdkLogger, LogLevel, LogMetadata } from '@temporalio/common';
import type { Logger } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

let installed = false;

/**
 * Makes Temporal's runtime, of which a process has only one, log here and leave signals to whoever started the process. The
 * first worker of a process decides.
 */
export function installRuntime(log: Logger): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: sdkLogger(log),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
}

/** Temporal's logging interface on ours. */
export function sdkLogger(log: Logger): SdkLogger {
  const write = (level: LogLevel, message: string, meta: LogMetadata = {}): void =>
    log[LEVELS[level]](fields(meta), message);
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** What helps to find the activity or workflow in the Web UI; task tokens help nobody. */
function fields(meta: LogMetadata): Readonly<Record<string, unknown>> {
  const { error, taskToken: _token, sdkComponent, ...rest } = meta;
  return {
    ...rest,
    ...(sdkComponent !== undefined && { component: String(sdkComponent) }),
    ...(error !== undefined && { err: error }),
  };
}
