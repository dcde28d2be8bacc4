import { afterEach } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/server.ts';
import { RawClient } from './raw-client.ts';

/** Starts servers and clients that end with the test that asked for them; a server that failed inside fails the test. */
export function sandboxes(): {
  readonly start: (options?: SandboxOptions) => Promise<Sandbox>;
  readonly login: (sandbox: Sandbox, user?: string) => Promise<RawClient>;
  readonly connect: (sandbox: Sandbox, tls?: { readonly ca: string }) => Promise<RawClient>;
} {
  const ends: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  const keep = (client: RawClient): RawClient => {
    ends.push(() => client.close());
    return client;
  };
  return {
    start: async (options = {}) => {
      const sandbox = await startSandbox({ users: [{ name: 'ann', password: 'secret' }], ...options });
      ends.push(() => sandbox.close());
      return sandbox;
    },
    login: async (sandbox, user = 'ann') => keep(await RawClient.login(sandbox.port, user)),
    connect: async (sandbox, tls) => keep(await RawClient.connect(sandbox.port, tls)),
  };
}

/** A small message whose Message-ID is made of `id`. */
export function message(id: string, text = 'Hello'): Buffer {
  return Buffer.from(
    `Message-ID: <${id}@example.org>\r\nFrom: Ann <ann@example.org>\r\nSubject: About ${id}\r\n` +
      `Date: Mon, 1 Feb 2021 10:00:00 +0000\r\n\r\n${text}\r\n`,
  );
}
