import type { TokenVerdict } from '../settings.ts';
import type { Clock } from './clock.ts';
import type { Directory } from './directory.ts';
import { IMAP_ROLE, type Registration } from './registration.ts';
import { EXCHANGE_AUDIENCES } from './token-grant.ts';
import type { IssuedToken, TokenMint } from './tokens.ts';

/** Why a login with a token does not open a mailbox, though nobody who asks is told. */
export type AdmissionFault =
  | 'not-a-token'
  | 'expired'
  | 'audience'
  | 'no-role'
  | 'no-service-principal'
  | 'wrong-object-id'
  | 'conditional-access'
  | 'no-mailbox'
  | 'imap-disabled'
  | 'no-full-access';

/** How Exchange Online says it: at once, or with the first command that needs the mailbox. */
export type AdmissionRefusal = 'authenticate-failed' | 'not-connected';

/**
 * What a cause looks like from outside. The documents do not say; in threads of migration tools a token that is not taken
 * is refused at once, and a mailbox that cannot be opened is noticed only afterwards. Both texts were seen for several causes.
 */
const USUAL_REFUSALS: Readonly<Record<AdmissionFault, AdmissionRefusal>> = {
  'not-a-token': 'authenticate-failed',
  expired: 'authenticate-failed',
  audience: 'authenticate-failed',
  'no-role': 'authenticate-failed',
  'no-service-principal': 'authenticate-failed',
  'wrong-object-id': 'authenticate-failed',
  'conditional-access': 'authenticate-failed',
  'no-mailbox': 'not-connected',
  'imap-disabled': 'not-connected',
  'no-full-access': 'not-connected',
};

/** One login, and what became of it. */
export interface LoginEntry {
  /** Milliseconds since 1970, by the tenant's clock. */
  readonly at: number;
  readonly address: string;
  readonly outcome: 'opened' | AdmissionFault;
}

/** The end of a session whose token has expired; seen in threads of IMAP libraries. */
const EXPIRED = 'Session invalidated - AccessTokenExpired';

/** Exchange Online's door: who may open which mailbox with which token. */
export class Admission {
  readonly #directory: Directory;
  readonly #mint: TokenMint;
  readonly #clock: Clock;
  readonly #logins: LoginEntry[] = [];
  /** Changes how a cause is told. */
  refusals: Readonly<Partial<Record<AdmissionFault, AdmissionRefusal>>> = {};

  constructor(directory: Directory, mint: TokenMint, clock: Clock) {
    this.#directory = directory;
    this.#mint = mint;
    this.#clock = clock;
  }

  /** All logins with tokens, in order. */
  get logins(): readonly LoginEntry[] {
    return this.#logins;
  }

  /** Decides on a token, and ends the session that it opens when it expires. */
  readonly judge = (address: string, text: string): TokenVerdict => {
    const token = this.#mint.read(text);
    const fault = token === undefined ? 'not-a-token' : this.#fault(address, token);
    this.#logins.push({ at: this.#clock.now(), address, outcome: fault ?? 'opened' });
    if (fault !== undefined || token === undefined) return this.#refuse(fault ?? 'not-a-token');
    return {
      accepted: true,
      opened: (session) => {
        const forget = this.#clock.when(token.expiresAt, () => session.end(EXPIRED));
        void session.ended.then(forget);
      },
    };
  };

  #fault(address: string, token: IssuedToken): AdmissionFault | undefined {
    const app = this.#directory.findApp(token.clientId);
    if (app === undefined) return 'not-a-token';
    if (token.expiresAt <= this.#clock.now()) return 'expired';
    if (!EXCHANGE_AUDIENCES.includes(token.audience)) return 'audience';
    if (!token.roles.includes(IMAP_ROLE)) return 'no-role';
    return principalFault(app, token) ?? this.#mailboxFault(address, app);
  }

  #mailboxFault(address: string, app: Registration): AdmissionFault | undefined {
    const mailbox = this.#directory.findMailbox(address);
    if (mailbox === undefined) return 'no-mailbox';
    if (!mailbox.imapEnabled) return 'imap-disabled';
    return mailbox.isOpenTo(app) ? undefined : 'no-full-access';
  }

  #refuse(fault: AdmissionFault): TokenVerdict {
    return (this.refusals[fault] ?? USUAL_REFUSALS[fault]) === 'not-connected'
      ? { accepted: true, connected: false }
      : { accepted: false };
  }
}

/** Exchange knows the application by an object ID of its own list (New-ServicePrincipal), and compares it with the token's. */
function principalFault(app: Registration, token: IssuedToken): AdmissionFault | undefined {
  if (app.exchangeObjectId === undefined) return 'no-service-principal';
  if (app.exchangeObjectId !== token.objectId) return 'wrong-object-id';
  return app.conditionalAccess === 'blocks-sign-in' ? 'conditional-access' : undefined;
}
