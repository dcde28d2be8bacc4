import { startSandbox, type SandboxOptions } from '../../sandbox/server.ts';
import { selfSignedCertificate } from '../../test/support/certificate.ts';
import { dovecotAvailable, startDovecot, type DovecotOptions } from '../../test/support/dovecot.ts';
import type { Person } from './people.ts';

/** An IMAP server with TLS from the first byte, on 127.0.0.1. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** Adds a mailbox, or gives one another password. Resolved when logins are decided by it. */
  readonly setPassword: (user: string, password: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The old and the new side. */
export interface MailServers {
  readonly source: MailServer;
  readonly destination: MailServer;
  /** What they are, in words. */
  readonly kind: string;
  /** PEM of the authority that their certificates come from. */
  readonly caPem: string;
  readonly stop: () => Promise<void>;
}

/** The sides differ in how they name folders, as servers do. */
const SOURCE_NAMES = { prefix: 'INBOX.', delimiter: '.' } as const;

/**
 * Starts both sides with everybody's mailbox: two Dovecots where one is installed and not declined, elsewhere two of the
 * in-process sandbox. Rejects with the first failure, and leaves none running.
 */
export async function startMailServers(
  everybody: readonly Person[],
  options: { readonly sandbox: boolean },
): Promise<MailServers> {
  const dovecot = dovecotAvailable();
  const { certPem, keyPem } = selfSignedCertificate(['127.0.0.1', 'localhost']);
  const start = dovecot.available && !options.sandbox ? dovecotSides(certPem, keyPem) : sandboxSides(certPem, keyPem);
  const why = options.sandbox || dovecot.available ? '' : ` (${dovecot.reason})`;
  const kind =
    dovecot.available && !options.sandbox
      ? `two Dovecot ${dovecot.version.split(' ', 1)[0] ?? ''} servers`
      : `two in-process sandbox servers${why}`;
  const [source, destination] = await bothOrNone(
    start.source(everybody.map(({ sourceUser, sourcePassword }) => [sourceUser, sourcePassword])),
    start.destination(
      everybody.map(({ destinationUser, destinationPassword }) => [destinationUser, destinationPassword]),
    ),
  );
  const stop = async (): Promise<void> => {
    await Promise.all([source.stop(), destination.stop()]);
  };
  return { source, destination, kind, caPem: certPem, stop };
}

type Accounts = readonly (readonly [user: string, password: string])[];
type Start = (accounts: Accounts) => Promise<MailServer>;
type Sides = Readonly<Record<'source' | 'destination', Start>>;

function dovecotSides(certPem: string, keyPem: string): Sides {
  const start = async (accounts: Accounts, own: Omit<DovecotOptions, 'users' | 'tls'>): Promise<MailServer> => {
    const users = accounts.map(([name, password]) => ({ name, password }));
    const server = await startDovecot({ ...own, users, tls: { certPem, keyPem } });
    return {
      host: server.host,
      port: server.tlsPort,
      setPassword: (name, password) => server.addUser({ name, password }),
      stop: () => server.stop(),
    };
  };
  return {
    source: (accounts) => start(accounts, { format: 'maildir', ...SOURCE_NAMES }),
    destination: (accounts) => start(accounts, { format: 'mdbox' }),
  };
}

function sandboxSides(cert: string, key: string): Sides {
  const start = async (accounts: Accounts, own: SandboxOptions): Promise<MailServer> => {
    const users = accounts.map(([name, password]) => ({ name, password }));
    const server = await startSandbox({ ...own, users, tls: { mode: 'implicit', cert, key } });
    return {
      host: server.host,
      port: server.port,
      setPassword: (name, password) => {
        server.store.user(name).password = password;
        return Promise.resolve();
      },
      stop: () => server.close(),
    };
  };
  return { source: (accounts) => start(accounts, SOURCE_NAMES), destination: (accounts) => start(accounts, {}) };
}

async function bothOrNone(
  source: Promise<MailServer>,
  destination: Promise<MailServer>,
): Promise<readonly [MailServer, MailServer]> {
  const settled = await Promise.allSettled([source, destination]);
  const [one, other] = settled;
  if (one.status === 'fulfilled' && other.status === 'fulfilled') return [one.value, other.value];
  for (const side of settled) if (side.status === 'fulfilled') await side.value.stop();
  throw one.status === 'rejected' ? one.reason : other.status === 'rejected' ? other.reason : new Error('unreachable');
}
