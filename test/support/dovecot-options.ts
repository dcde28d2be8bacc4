/** A mailbox of an instance. Names are looked up in lower case; they must not contain a colon or a line break. */
export interface DovecotUser {
  readonly name: string;
  readonly password: string;
  /** This mailbox's own limit; takes precedence over the instance's `quotaBytes`. */
  readonly quotaBytes?: number;
}

/** How an instance behaves. Without options it takes plaintext logins and never waits after a wrong password. */
export interface DovecotOptions {
  readonly users: readonly DovecotUser[];
  /** Who may log in as `user*master`, or with SASL PLAIN and the user as authorisation identity. */
  readonly masterUsers?: readonly DovecotUser[];
  /** With the password of this user every login opens this user's mailbox, whatever name it gives. */
  readonly everybodyIs?: DovecotUser;
  readonly format: 'mdbox' | 'maildir' | 'sdbox';
  /** With a certificate the instance has a TLS port and STARTTLS on the plain one. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** The hierarchy separator; by default the format's own (`.` for maildir, `/` otherwise). */
  readonly delimiter?: '/' | '.';
  /** The personal namespace's prefix, with the delimiter at its end, such as `INBOX.`. */
  readonly prefix?: string;
  /** A limit for every mailbox, in bytes. */
  readonly quotaBytes?: number;
  /** Capabilities not announced, such as `LITERAL+` or `MULTIAPPEND`. Dovecot still understands what it does not announce. */
  readonly withoutCapabilities?: readonly string[];
  /** Capabilities announced beside its own: `LITERAL-`, which Dovecot understands and does not announce. */
  readonly moreCapabilities?: readonly string[];
  /** Connections allowed per user and address; 100 by default, where Dovecot has 10. */
  readonly maxUserConnections?: number;
  /** Access tokens are accepted with XOAUTH2 and OAUTHBEARER when this endpoint (RFC 7662) says that they are active. */
  readonly oauth2?: {
    readonly introspectionUrl: string;
    /** PEM of the authority of an https endpoint. */
    readonly caPem?: string;
    /** A user's token opens that user's mailbox (default); an application's names no user and opens every one. */
    readonly tokensOf?: 'users' | 'applications';
  };
  /** `mail_fsync`: `never` by default, since tests do not survive a power cut; Dovecot's own default is `optimized`. */
  readonly fsync?: 'never' | 'optimized' | 'always';
  /** LOGIN and PLAIN are refused before TLS. */
  readonly requireTlsForPasswords?: boolean;
}
