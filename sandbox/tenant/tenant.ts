import { selfSignedCertificate } from '../../test/support/certificate.ts';
import { type Sandbox, startSandbox } from '../server.ts';
import type { PartialSettings } from '../settings.ts';
import { Store } from '../store/store.ts';
import { Admission, type AdmissionFault, type AdmissionRefusal, type LoginEntry } from './admission.ts';
import { type Clock, systemClock } from './clock.ts';
import { Directory, type DirectoryOptions } from './directory.ts';
import { DEFAULT_MESSAGE_BYTES, exchangeSettings } from './exchange.ts';
import type { Mailbox, MailboxOptions } from './mailbox.ts';
import type { AppOptions, Registration } from './registration.ts';
import { TokenService } from './token-service.ts';
import { EXCHANGE_AUDIENCES } from './token-grant.ts';
import { Throttling, type ThrottlingOptions } from './throttling.ts';
import { TokenMint } from './tokens.ts';

export interface TenantOptions extends DirectoryOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Ports; default: the kernel chooses. */
  readonly tokenPort?: number;
  readonly imapPort?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How long access tokens live. Default: an hour less a second, in milliseconds. */
  readonly tokenLifeMs?: number;
  /** Budgets of mailboxes and of the tenant. Default: without end. */
  readonly throttling?: ThrottlingOptions;
  /** Differences of the IMAP server from Exchange Online's. */
  readonly imap?: PartialSettings;
  /** Differences in how Exchange tells why it lets nobody in. */
  readonly refusals?: Readonly<Partial<Record<AdmissionFault, AdmissionRefusal>>>;
}

/** A running Microsoft 365 tenant: Entra's token service and Exchange Online's IMAP, over one directory. */
export interface Tenant {
  readonly tenantId: string;
  /** The first of its domains. */
  readonly domain: string;
  /** Base address of the token service, as a project file names it in `authority`. */
  readonly authority: string;
  /** What a client asks tokens for. */
  readonly scope: string;
  /** PEM of the certificate of both services; it is its own authority. */
  readonly caPem: string;
  /** RFC 7662, for mail servers that do not read tokens themselves. */
  readonly introspectionUrl: string;
  readonly directory: Directory;
  readonly tokenService: TokenService;
  /** Exchange Online's IMAP, with TLS from the first octet: address, store, journal, faults, live connections. */
  readonly imap: Sandbox;
  /** Who may ask how much of Exchange, and who was refused; budgets can be changed at any time. */
  readonly throttling: Throttling;
  /** All logins with tokens, in order. */
  readonly logins: readonly LoginEntry[];
  /** How long tokens issued from now on live, in milliseconds. */
  tokenLifeMs: number;
  /** How Exchange tells why it lets nobody in, where that differs from usual. */
  refusals: Readonly<Partial<Record<AdmissionFault, AdmissionRefusal>>>;
  /** Registers an application, complete and permitted unless told otherwise. */
  registerApp(options?: AppOptions): Registration;
  /** Adds a mailbox, open to all applications unless told otherwise. A name without a domain gets the tenant's. */
  addMailbox(name: string, options?: MailboxOptions): Mailbox;
  /** The most logins to a mailbox, or to any of them together, within one minute. */
  loginsPerMinute(address?: string): number;
  /** Brings every change of permissions that is on its way into force. */
  settle(): void;
  /** Ends both services and all connections. Throws what went wrong within the sandbox itself. */
  close(): Promise<void>;
}

/** "Configurable token lifetimes in the Microsoft identity platform": 60 to 90 minutes; the sandbox takes the shortest. */
const TOKEN_LIFE_MS = 3_599_000;
const MINUTE_MS = 60_000;
/** Names that a client with a resolver of its own may use instead of the address. */
const SERVICE_HOSTS = ['localhost', 'login.microsoftonline.com', 'outlook.office365.com'] as const;

/** Starts a tenant on loopback ports. Rejects if it cannot listen. */
export async function startTenant(options: TenantOptions = {}): Promise<Tenant> {
  const { host = '127.0.0.1', clock = systemClock } = options;
  const store = new Store({ now: clock.now });
  const directory = new Directory(clock, store, options);
  const mint = new TokenMint(directory.tenantId);
  const admission = new Admission(directory, mint, clock);
  admission.refusals = options.refusals ?? {};
  const { certPem, keyPem } = selfSignedCertificate([host, ...SERVICE_HOSTS]);
  const settings = { tokenLifeMs: options.tokenLifeMs ?? TOKEN_LIFE_MS };
  const tokenService = new TokenService({
    directory,
    mint,
    clock,
    cert: certPem,
    key: keyPem,
    tokenLifeMs: () => settings.tokenLifeMs,
  });
  const exchange = exchangeSettings();
  const throttling = new Throttling(clock, options.throttling);
  await tokenService.listen(host, options.tokenPort ?? 0);
  try {
    const imap = await startSandbox({
      ...exchange,
      largestMessage: (user) => directory.findMailbox(user)?.maxReceiveBytes ?? DEFAULT_MESSAGE_BYTES,
      read: (message, { user, folder }) => directory.findMailbox(user)?.read(message, folder),
      checkToken: admission.judge,
      gate: throttling,
      ...options.imap,
      texts: { ...exchange.texts, ...options.imap?.texts },
      tls: { mode: 'implicit', cert: certPem, key: keyPem },
      host,
      port: options.imapPort ?? 0,
      store,
      now: clock.now,
    });
    return new RunningTenant({ directory, admission, tokenService, throttling, imap, caPem: certPem, settings });
  } catch (error) {
    await tokenService.close();
    throw error;
  }
}

class RunningTenant implements Tenant {
  readonly directory: Directory;
  readonly tokenService: TokenService;
  readonly imap: Sandbox;
  readonly throttling: Throttling;
  readonly caPem: string;
  readonly scope = `${EXCHANGE_AUDIENCES[0] ?? ''}/.default`;
  readonly #admission: Admission;
  readonly #settings: { tokenLifeMs: number };

  constructor(parts: {
    readonly directory: Directory;
    readonly admission: Admission;
    readonly tokenService: TokenService;
    readonly throttling: Throttling;
    readonly imap: Sandbox;
    readonly caPem: string;
    readonly settings: { tokenLifeMs: number };
  }) {
    this.directory = parts.directory;
    this.tokenService = parts.tokenService;
    this.imap = parts.imap;
    this.throttling = parts.throttling;
    this.caPem = parts.caPem;
    this.#admission = parts.admission;
    this.#settings = parts.settings;
  }

  get tenantId(): string {
    return this.directory.tenantId;
  }

  get domain(): string {
    return this.directory.domains[0];
  }

  get authority(): string {
    return this.tokenService.origin;
  }

  get introspectionUrl(): string {
    return `${this.authority}/${this.tenantId}/introspect`;
  }

  get logins(): readonly LoginEntry[] {
    return this.#admission.logins;
  }

  get tokenLifeMs(): number {
    return this.#settings.tokenLifeMs;
  }

  set tokenLifeMs(ms: number) {
    this.#settings.tokenLifeMs = ms;
  }

  get refusals(): Readonly<Partial<Record<AdmissionFault, AdmissionRefusal>>> {
    return this.#admission.refusals;
  }

  set refusals(refusals: Readonly<Partial<Record<AdmissionFault, AdmissionRefusal>>>) {
    this.#admission.refusals = refusals;
  }

  registerApp(options?: AppOptions): Registration {
    return this.directory.registerApp(options);
  }

  addMailbox(name: string, options?: MailboxOptions): Mailbox {
    return this.directory.addMailbox(name, options);
  }

  loginsPerMinute(address?: string): number {
    const times = this.logins
      .filter((login) => address === undefined || login.address.toLowerCase() === address.toLowerCase())
      .map(({ at }) => at);
    return times.reduce((most, from, index) => {
      const within = times.slice(index).filter((at) => at < from + MINUTE_MS).length;
      return Math.max(most, within);
    }, 0);
  }

  settle(): void {
    this.directory.settle();
  }

  async close(): Promise<void> {
    await Promise.all([this.tokenService.close(), this.imap.close()]);
  }
}
