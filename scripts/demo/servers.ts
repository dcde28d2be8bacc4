import { startSandbox } from '../../sandbox/server.ts';
import type { Registration } from '../../sandbox/tenant/registration.ts';
import { startTenant, type Tenant } from '../../sandbox/tenant/tenant.ts';
import { selfSignedCertificate } from '../../test/support/certificate.ts';
import { dovecotAvailable, startDovecot } from '../../test/support/dovecot.ts';
import { SOURCE_LANGUAGE } from './mail.ts';
import type { Person } from './people.ts';

/** An IMAP server with TLS from the first byte, on 127.0.0.1. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** The old side: a tenant of Microsoft 365, and the application that its administrator has registered for mailferry. */
export interface OldSide {
  readonly tenant: Tenant;
  readonly app: Registration;
  /** Where the users themselves come in, with their passwords: the same mail, and nothing of Exchange's manners. */
  readonly door: MailServer;
}

/** The old and the new side. */
export interface MailServers {
  readonly source: OldSide;
  readonly destination: MailServer;
  /** What they are, in words. */
  readonly kind: string;
  /** PEM of the authority that the destination's certificate comes from. */
  readonly destinationCaPem: string;
  readonly stop: () => Promise<void>;
}

export const SOURCE_DOMAIN = 'old.example';

/** Tokens last for about an hour. Here they end every few seconds, in the middle of what they were got for. */
const TOKEN_LIFE_MS = 6_000;
/** Permissions take from minutes to an hour to be known everywhere; here so long. */
const PROPAGATION_MS = 600_000;

/**
 * Starts both sides with everybody's mailbox: a modelled Microsoft 365 tenant, and a Dovecot where one is installed and not
 * declined, elsewhere the in-process sandbox. Rejects with the first failure, and leaves none running.
 */
export async function startMailServers(
  everybody: readonly Person[],
  options: { readonly sandbox: boolean },
): Promise<MailServers> {
  const certificate = selfSignedCertificate(['127.0.0.1', 'localhost']);
  const dovecot = dovecotAvailable();
  const isDovecot = dovecot.available && !options.sandbox;
  const why = options.sandbox || dovecot.available ? '' : ` (${dovecot.reason})`;
  const there = dovecot.available ? `Dovecot ${dovecot.version.split(' ', 1)[0] ?? ''}` : '';
  const source = await startOldSide(everybody);
  try {
    const destination = await (isDovecot ? dovecotSide : sandboxSide)(everybody, certificate);
    return {
      source,
      destination,
      kind: `a Microsoft 365 tenant, modelled in this process, and ${isDovecot ? there : `an in-process sandbox server${why}`}`,
      destinationCaPem: certificate.certPem,
      stop: async () => void (await Promise.all([stopOldSide(source), destination.stop()])),
    };
  } catch (error) {
    await stopOldSide(source);
    throw error;
  }
}

type Certificate = ReturnType<typeof selfSignedCertificate>;

/** Everything is permitted as it should be, an instant ago: nobody knows of it yet. */
async function startOldSide(everybody: readonly Person[]): Promise<OldSide> {
  const tenant = await startTenant({
    domains: [SOURCE_DOMAIN],
    tokenLifeMs: TOKEN_LIFE_MS,
    propagationMs: PROPAGATION_MS,
  });
  try {
    const app = tenant.registerApp({ servicePrincipal: 'none' });
    for (const { sourceUser, sourcePassword, imapIsOff } of everybody) {
      const mailbox = tenant.addMailbox(sourceUser, {
        imapEnabled: !imapIsOff,
        language: SOURCE_LANGUAGE,
      });
      mailbox.store.password = sourcePassword;
    }
    app.setServicePrincipal('enterprise-application');
    const { certPem, keyPem } = selfSignedCertificate(['127.0.0.1']);
    const door = await startSandbox({
      store: tenant.imap.store,
      tls: { mode: 'implicit', cert: certPem, key: keyPem },
    });
    return { tenant, app, door: { host: door.host, port: door.port, stop: () => door.close() } };
  } catch (error) {
    await tenant.close();
    throw error;
  }
}

async function stopOldSide({ tenant, door }: OldSide): Promise<void> {
  await Promise.all([tenant.close(), door.stop()]);
}

async function dovecotSide(everybody: readonly Person[], tls: Certificate): Promise<MailServer> {
  const server = await startDovecot({ format: 'mdbox', users: accounts(everybody), tls });
  return { host: server.host, port: server.tlsPort, stop: () => server.stop() };
}

async function sandboxSide(everybody: readonly Person[], { certPem, keyPem }: Certificate): Promise<MailServer> {
  const server = await startSandbox({
    users: accounts(everybody),
    tls: { mode: 'implicit', cert: certPem, key: keyPem },
  });
  return { host: server.host, port: server.port, stop: () => server.close() };
}

function accounts(everybody: readonly Person[]): readonly { readonly name: string; readonly password: string }[] {
  return everybody.map(({ destinationUser, destinationPassword }) => ({
    name: destinationUser,
    password: destinationPassword,
  }));
}
