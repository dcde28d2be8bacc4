import { randomBytes } from 'node:crypto';
import type { Endpoint, TlsMode } from '../../model/project.ts';
import { selfSignedCertificate } from './certificate.ts';
import { startDovecot, type Dovecot, type DovecotOptions } from './dovecot.ts';
import { readMailbox, seedMailbox } from './imap-client.ts';
import type { ImapAccess, ReadMailbox, SeedFolder } from './imap-client.ts';
import { startProxy, type Proxy } from './proxy.ts';

/** What is in a mailbox before the project starts. */
export interface RoadUser {
  readonly user: string;
  readonly folders: readonly SeedFolder[];
}

export interface RoadSideOptions extends Partial<Omit<DovecotOptions, 'users' | 'tls'>> {
  /** How the project connects; `none` when absent. */
  readonly tls?: TlsMode;
}

/** One side: a real Dovecot, the wire by which workers reach it, and the test's own way around that wire. */
export interface RoadSide {
  readonly dovecot: Dovecot;
  readonly wire: Proxy;
  readonly endpoint: Endpoint;
  readonly password: (user: string) => string;
  readonly access: (user: string) => ImapAccess;
  /** What is in a mailbox, read without changing anything there. */
  readonly read: (user: string) => Promise<ReadMailbox>;
  /** Puts mail into a mailbox. */
  readonly deliver: (user: string, folders: readonly SeedFolder[]) => Promise<number>;
  /** Connections of mailbox users that the server itself knows of. */
  readonly loggedIn: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Starts a server with these mailboxes and puts their mail into them. */
export async function openRoadSide(
  users: readonly RoadUser[],
  { tls = 'none', ...options }: RoadSideOptions = {},
): Promise<RoadSide> {
  const passwords = new Map(users.map(({ user }) => [user, randomBytes(12).toString('base64url')]));
  const password = (user: string): string => passwords.get(user) ?? '';
  const certificate = tls === 'none' ? undefined : selfSignedCertificate(['127.0.0.1']);
  const dovecot = await startDovecot({
    format: 'mdbox',
    ...options,
    ...(certificate && { tls: certificate }),
    users: users.map(({ user }) => ({ name: user, password: password(user) })),
  });
  const { host, port, tlsPort } = dovecot;
  const wire = await startProxy(`${host}:${tls === 'implicit' ? tlsPort : port}`);
  const access = (user: string): ImapAccess => ({ host, port, user, password: password(user) });
  const side: RoadSide = {
    dovecot,
    wire,
    endpoint: {
      host,
      port: wire.port,
      tls,
      ...(certificate && { caPem: certificate.certPem }),
      auth: { kind: 'password' },
    },
    password,
    access,
    read: (user) => readMailbox(access(user)),
    deliver: (user, folders) => seedMailbox(access(user), { folders }),
    loggedIn: async () => connectionsIn(await dovecot.doveadm(['-f', 'tab', 'who', '-1'])),
    stop: async () => {
      await wire.close();
      await dovecot.stop();
    },
  };
  for (const { user, folders } of users) if (folders.length > 0) await side.deliver(user, folders);
  return side;
}

/** `doveadm who -1` has a line for each connection under a line of titles. */
function connectionsIn(table: string): number {
  return Math.max(0, table.trim().split('\n').length - 1);
}
