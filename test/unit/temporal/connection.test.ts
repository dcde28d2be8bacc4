import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  connect,
  loadConnectionOptions,
  TemporalConfigInvalid,
  TemporalUnreachable,
} from '../../../temporal/connection.ts';
import { until } from '../../support/until.ts';

/** A TCP server that takes connections and says nothing. */
async function listening(): Promise<{ readonly address: string; readonly close: () => void }> {
  const server = createServer();
  return { address: await addressOf(server), close: () => void server.close() };
}

async function addressOf(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return `127.0.0.1:${bound.port}`;
}

const UNAVAILABLE = '14';
const EMPTY_MESSAGE = Buffer.alloc(5);

/** A Temporal that says what it is, and is unavailable for everything else (gRPC over HTTP/2). */
async function unavailable(): Promise<{
  readonly address: string;
  readonly asked: () => number;
  readonly close: () => void;
}> {
  const server = http2.createServer();
  let asked = 0;
  server.on('stream', (stream, { ':path': path }) => {
    const isKnown = path?.endsWith('/GetSystemInfo') === true;
    if (!isKnown) asked += 1;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isKnown ? '0' : UNAVAILABLE }));
    stream.end(isKnown ? EMPTY_MESSAGE : undefined);
  });
  return { address: await addressOf(server), asked: () => asked, close: () => void server.close() };
}

describe('how to reach Temporal', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mailferry-connection-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function configFile(toml: string): Promise<string> {
    const path = join(directory, 'temporal.toml');
    await writeFile(path, toml);
    return path;
  }

  it("is the development server's address where nothing is configured", () => {
    const env = { XDG_CONFIG_HOME: directory, HOME: directory };
    expect(loadConnectionOptions({ env })).toMatchObject({ address: 'localhost:7233', namespace: 'default' });
  });

  it("comes from Temporal's environment variables, an API key meaning TLS", () => {
    const env = {
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'mail',
      TEMPORAL_API_KEY: 'key',
      HOME: directory,
    };
    expect(loadConnectionOptions({ env })).toEqual({
      address: 'temporal.example:7233',
      namespace: 'mail',
      connection: { address: 'temporal.example:7233', tls: true, apiKey: 'key' },
    });
  });

  it('comes from a profile of a file, and the command line wins', async () => {
    const file = await configFile('[profile.office]\naddress = "a.example:1"\nnamespace = "mail"\n');
    const sources = { env: {}, profile: 'office', configFile: file };
    expect(loadConnectionOptions(sources)).toMatchObject({ address: 'a.example:1', namespace: 'mail' });
    expect(loadConnectionOptions({ ...sources, overrides: { address: 'b.example:2' } })).toEqual({
      address: 'b.example:2',
      namespace: 'mail',
      connection: { address: 'b.example:2' },
    });
  });

  it('is refused where the file is missing, is no TOML, or lacks the profile', async () => {
    const missing = join(directory, 'missing.toml');
    expect(() => loadConnectionOptions({ env: {}, configFile: missing })).toThrow(TemporalConfigInvalid);
    expect(() => loadConnectionOptions({ env: { TEMPORAL_CONFIG_FILE: missing } })).toThrow(missing);
    const broken = await configFile('not toml');
    expect(() => loadConnectionOptions({ env: {}, configFile: broken })).toThrow(TemporalConfigInvalid);
    const other = await configFile('[profile.other]\naddress = "a.example:1"\n');
    expect(() => loadConnectionOptions({ env: {}, configFile: other, profile: 'office' })).toThrow(/office/);
  });
});

describe('connecting', () => {
  it('to a port where nothing listens fails within the deadline, naming the address', async () => {
    const { address, close } = await listening();
    close();
    const started = performance.now();
    const failing = connect({ address, connection: { address } }, 500);
    await expect(failing).rejects.toThrow(TemporalUnreachable);
    await expect(failing).rejects.toMatchObject({ address });
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('to a server that says nothing fails within the deadline', async () => {
    const { address, close } = await listening();
    await expect(connect({ address, connection: { address } }, 500)).rejects.toThrow(TemporalUnreachable);
    close();
  });
});

describe('a connection', () => {
  it('that is closed while a call waits for its next attempt ends the call, and nothing throws afterwards', async () => {
    const server = await unavailable();
    const connection = await connect({ address: server.address, connection: { address: server.address } });
    const call = connection.workflowService.listNamespaces({});
    const ended = expect(call).rejects.toThrow(/shut down/);
    await until(
      async () => server.asked(),
      (asked) => asked > 1,
    );
    await connection.close();
    await ended;
    server.close();
  });

  it('that was closed refuses further calls', async () => {
    const server = await unavailable();
    const connection = await connect({ address: server.address, connection: { address: server.address } });
    await connection.close();
    await expect(connection.workflowService.listNamespaces({})).rejects.toThrow(/shut down/);
    server.close();
  });
});
