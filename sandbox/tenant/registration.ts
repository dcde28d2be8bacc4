import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import type { Clock } from './clock.ts';
import { digest } from './jwt.ts';
import { Propagating } from './propagating.ts';

/** The application permission that lets an application into mailboxes over IMAP. */
export const IMAP_ROLE = 'IMAP.AccessAsApp';

/** A client secret. Whoever pastes its ID instead of its value is refused with AADSTS7000215. */
export interface ClientSecret {
  readonly id: string;
  readonly value: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** A certificate registered with an application; the names are those of a JWT's header (RFC 7515 section 4.1.7). */
export interface RegisteredCertificate {
  readonly x5t: string;
  readonly 'x5t#S256': string;
  readonly certificate: X509Certificate;
}

export interface AppOptions {
  /** Default: a new GUID. */
  readonly clientId?: string;
  readonly name?: string;
  /** A first secret with this value; `null` for none. Default: one that is made up. */
  readonly secret?: string | null;
  /** PEM of certificates to register. */
  readonly certificates?: readonly string[];
  /** Application permissions that an administrator has consented to. Default: IMAP.AccessAsApp. */
  readonly consented?: readonly string[];
  /**
   * Which object ID New-ServicePrincipal was given in Exchange Online: that of the enterprise application, that of the app
   * registration (the usual mistake), or none, because it was never run. Default: the right one.
   */
  readonly servicePrincipal?: 'enterprise-application' | 'app-registration' | 'none';
}

/** How Conditional Access stands to an application: it may refuse it a token, or its token at Exchange's door. */
export type ConditionalAccess = 'allows' | 'blocks-tokens' | 'blocks-sign-in';

const SECRET_LIFE_MS = 90 * 24 * 3_600_000;

/** An application in the tenant's directory, with its enterprise application and its service principal in Exchange. */
export class Registration {
  readonly clientId: string;
  readonly name: string;
  /** The object ID of the app registration: never the one that Exchange wants. */
  readonly registrationObjectId: string = randomUUID();
  /** The object ID of the enterprise application, which is the `oid` of its tokens. */
  readonly enterpriseObjectId: string = randomUUID();
  /** False: "Enabled for users to sign-in?" is No (AADSTS7000112). */
  enabled = true;
  /** False: the application was never added to this tenant, or removed from it (AADSTS700016). */
  installed = true;
  conditionalAccess: ConditionalAccess = 'allows';
  readonly #clock: Clock;
  readonly #secrets: ClientSecret[] = [];
  readonly #certificates: RegisteredCertificate[] = [];
  readonly #consented: Propagating<readonly string[]>;
  readonly #exchangeObjectId: Propagating<string | undefined>;

  constructor(clock: Clock, delayMs: () => number, options: AppOptions = {}) {
    const { secret = randomBytes(20).toString('base64url'), servicePrincipal = 'enterprise-application' } = options;
    this.#clock = clock;
    this.clientId = options.clientId ?? randomUUID();
    this.name = options.name ?? 'mailferry';
    this.#consented = new Propagating(clock, delayMs, options.consented ?? [IMAP_ROLE]);
    this.#exchangeObjectId = new Propagating(clock, delayMs, this.#objectId(servicePrincipal));
    if (secret !== null) this.addSecret({ value: secret });
    for (const pem of options.certificates ?? []) this.addCertificate(pem);
  }

  /** All secrets, the expired ones too. */
  get secrets(): readonly ClientSecret[] {
    return this.#secrets;
  }

  /** The value of the first secret; throws if there is none. */
  get secret(): string {
    const [first] = this.#secrets;
    if (first === undefined) throw new Error(`${this.name} has no client secret in the sandbox`);
    return first.value;
  }

  get certificates(): readonly RegisteredCertificate[] {
    return this.#certificates;
  }

  /** The application permissions that tokens issued now carry. */
  get roles(): readonly string[] {
    return this.#consented.current;
  }

  /** The object ID that Exchange Online knows the application by, at the moment. */
  get exchangeObjectId(): string | undefined {
    return this.#exchangeObjectId.current;
  }

  /** Adds a secret; by default it lives 90 days. */
  addSecret(options: { readonly value?: string; readonly expiresAt?: number } = {}): ClientSecret {
    const secret = {
      id: randomUUID(),
      value: options.value ?? randomBytes(20).toString('base64url'),
      expiresAt: options.expiresAt ?? this.#clock.now() + SECRET_LIFE_MS,
    };
    this.#secrets.push(secret);
    return secret;
  }

  removeSecrets(): void {
    this.#secrets.length = 0;
  }

  /** Lets all secrets expire now. */
  expireSecrets(): void {
    for (const secret of this.#secrets) secret.expiresAt = this.#clock.now();
  }

  addCertificate(pem: string): RegisteredCertificate {
    const certificate = new X509Certificate(pem);
    const registered = {
      x5t: digest(certificate.raw, 'sha1').toString('base64url'),
      'x5t#S256': digest(certificate.raw).toString('base64url'),
      certificate,
    };
    this.#certificates.push(registered);
    return registered;
  }

  removeCertificates(): void {
    this.#certificates.length = 0;
  }

  /** An administrator consents to application permissions. Tokens that are out already stay without them. */
  consent(roles: readonly string[] = [IMAP_ROLE], how?: 'at-once'): void {
    this.#consented.set(roles, how);
  }

  revokeConsent(how?: 'at-once'): void {
    this.#consented.set([], how);
  }

  /** New-ServicePrincipal in Exchange Online, with the object ID of one or the other; `none` removes it. */
  setServicePrincipal(which: NonNullable<AppOptions['servicePrincipal']>, how?: 'at-once'): void {
    this.#exchangeObjectId.set(this.#objectId(which), how);
  }

  /** Whatever is on its way is in force now. */
  settle(): void {
    this.#consented.settle();
    this.#exchangeObjectId.settle();
  }

  #objectId(which: NonNullable<AppOptions['servicePrincipal']>): string | undefined {
    if (which === 'none') return undefined;
    return which === 'enterprise-application' ? this.enterpriseObjectId : this.registrationObjectId;
  }
}
