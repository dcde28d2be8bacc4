import { existsSync } from 'node:fs';
import { Connection, isGrpcServiceError, ServiceError, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import type { Env } from './pip-config.ts';
import { RETRIES } from './retries.ts';

/** The address and the namespace that Temporal's own tools take when nothing is configured. */
const defaultAddress = 'localhost:7233';
const defaultNamespace = 'default';

/** A status page must not hang for longer than a person waits. */
const connectDeadlineMs = 5_000;

/** Which Temporal, and how to get in: fits `Connection.connect` as well as `NativeConnection.connect`. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly connection: Pick<ConnectionOptions, 'address' | 'tls' | 'metadata'> & { readonly apiKey?: string };
}

export interface ConnectionSources {
  readonly env: Env;
  /** The profile of Temporal's configuration file; `default` unless `TEMPORAL_PROFILE` says otherwise. */
  readonly profile?: string;
  /** Temporal's configuration file, in the place of the usual one. */
  readonly configFile?: string;
  /** Taken where nothing is configured, in the place of the development server's usual address. */
  readonly fallbackAddress?: string;
  /** What the command line said, which wins. API keys and keys of certificates are not taken from there. */
  readonly overrides?: { readonly address?: string; readonly namespace?: string };
}

/** Temporal's configuration (its file or its environment variables) cannot be used. */
export class TemporalConfigInvalid extends Error {
  override readonly name = 'TemporalConfigInvalid';
}

/** Nothing that speaks Temporal's protocol answered at the address within the deadline. */
export class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
  readonly address: string;

  constructor(address: string, cause: unknown) {
    super(`Temporal at ${address} cannot be reached: ${reasonOf(cause)}`, { cause });
    this.address = address;
  }
}

/** Temporal answered and refused the API key or the certificate. */
export class TemporalRefused extends Error {
  override readonly name = 'TemporalRefused';
  readonly address: string;

  constructor(address: string, cause: unknown) {
    super(`Temporal at ${address} refuses these credentials: ${reasonOf(cause)}`, { cause });
    this.address = address;
  }
}

/**
 * Reads how to reach Temporal, the way all of Temporal's own tools do (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`, profiles in `temporal.toml`), and lays `overrides` over it. With nothing
 * configured it is the development server's usual address. Throws {@link TemporalConfigInvalid}.
 */
export function loadConnectionOptions(sources: ConnectionSources): TemporalTarget {
  const { env, profile, configFile, fallbackAddress = defaultAddress, overrides = {} } = sources;
  const config = readConfig(env, profile, configFile);
  const { address: configured, tls, apiKey, metadata } = config.connectionOptions;
  const address = overrides.address ?? configured ?? fallbackAddress;
  return {
    address,
    namespace: overrides.namespace ?? config.namespace ?? defaultNamespace,
    connection: {
      address,
      ...(tls !== undefined && tls !== null && { tls }),
      ...(apiKey !== undefined && { apiKey }),
      ...(metadata !== undefined && { metadata }),
    },
  };
}

/**
 * Connects and waits until the server has answered, at most `deadlineMs`. The caller closes the connection; calls that are
 * under way then reject. Rejects with {@link TemporalUnreachable} or {@link TemporalRefused}.
 */
export async function connect(
  target: Pick<TemporalTarget, 'address' | 'connection'>,
  deadlineMs: number = connectDeadlineMs,
): Promise<Connection> {
  const connection = Connection.lazy({
    ...target.connection,
    connectTimeout: deadlineMs,
    channelArgs: quickRetries,
    interceptors: [...RETRIES],
  });
  try {
    await connection.ensureConnected();
    return connection;
  } catch (error) {
    await connection.close();
    throw isRefusal(error)
      ? new TemporalRefused(target.address, error)
      : new TemporalUnreachable(target.address, error);
  }
}

/** gRPC waits a second after the first refused connection, and more after each further one: too long for a starting server. */
const quickRetries = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

const unauthenticated = 16;
const permissionDenied = 7;

function isRefusal(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return hasGrpcCode(cause, unauthenticated) || hasGrpcCode(cause, permissionDenied);
}

/** Whether a call was answered with this gRPC status. */
export function hasGrpcCode(error: unknown, code: number): boolean {
  if (!isGrpcServiceError(error)) return false;
  const answered: number = error.code;
  return answered === code;
}

function readConfig(env: Env, profile: string | undefined, configFile: string | undefined): ClientConnectConfig {
  const file = configFile ?? env['TEMPORAL_CONFIG_FILE'];
  // The library takes a missing file for an empty one, even where it was asked for by name.
  if (file !== undefined && file !== '' && !existsSync(file)) {
    throw new TemporalConfigInvalid(`Temporal's configuration file ${file} does not exist`);
  }
  try {
    return loadClientConnectConfig({
      overrideEnvVars: definedOnly(env),
      ...(profile !== undefined && { profile }),
      ...(configFile !== undefined && { configSource: { path: configFile } }),
    });
  } catch (error) {
    throw new TemporalConfigInvalid(`Temporal's configuration cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

function definedOnly(env: Env): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
