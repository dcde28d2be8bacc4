/**
 * One project is one move of an organisation's mailboxes. These are the plain types that travel from the command line
 * into workflows and from there to activities. Nothing secret stands in them: secrets travel sealed.
 */

/** Envelope text made by `seal/`; opened inside activities only. */
export type SealedSecret = string;

export type Side = 'source' | 'destination';

/** `implicit`: TLS from the first byte; `starttls`: refused when the server does not offer it; `none`: loopback and test nets. */
export type TlsMode = 'implicit' | 'starttls' | 'none';

/** Where a server listens and how its identity is checked. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  /** PEM of certificate authorities trusted instead of the system's. */
  readonly caPem?: string;
  /** Name expected in the certificate when it differs from `host`. */
  readonly serverName?: string;
}

/** How an administrator's login names the user whose mailbox is to be opened. */
export type AdminForm = 'sasl-plain' | 'dovecot' | 'exchange' | 'mirapoint';

/** `expiresAt` (epoch milliseconds) is when the token service stops taking it, where that is known. */
export type OAuth2Credential =
  | { readonly kind: 'secret'; readonly secret: SealedSecret; readonly expiresAt?: number }
  | {
      readonly kind: 'certificate';
      readonly pem: SealedSecret;
      readonly thumbprint?: string;
      readonly expiresAt?: number;
    };

/** An application that is registered with Microsoft Entra, and how it proves who it is. */
export interface Application {
  readonly clientId: string;
  readonly credential: OAuth2Credential;
}

/** The application of one row; the tenant is the endpoint's where it has none of its own. */
export interface RowApplication extends Application {
  readonly tenant?: string;
}

export type EndpointAuth =
  /** Every mailbox brings its own password. */
  | { readonly kind: 'password' }
  /** One administrator opens every mailbox. */
  | { readonly kind: 'admin'; readonly form: AdminForm; readonly admin: string; readonly password: SealedSecret }
  /** App-only OAuth2 (client credentials grant, RFC 6749 section 4.4), used with SASL XOAUTH2. */
  | {
      readonly kind: 'oauth2';
      /** Absent: each mailbox is in the tenant that its domain belongs to (OpenID discovery). */
      readonly tenant?: string;
      /** Absent: every row brings one. */
      readonly app?: Application;
      /** Base of the token service, e.g. https://login.microsoftonline.com */
      readonly authority: string;
      readonly scope: string;
      /** PEM of certificate authorities trusted for the token service. */
      readonly authorityCaPem?: string;
    };

export interface Endpoint extends ServerAddress {
  readonly auth: EndpointAuth;
}

/** Replaces the first match of `pattern` (a JavaScript regular expression) in a decoded source folder path. */
export interface FolderRename {
  readonly pattern: string;
  readonly replacement: string;
}

export interface FolderRules {
  /** Globs on decoded source paths with `/` between levels; empty means all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Applied in order, before roles. */
  readonly rename: readonly FolderRename[];
  /** Whether Sent, Drafts, Trash, Junk and Archive are matched by role (RFC 6154) instead of by name. */
  readonly roles: boolean;
}

export interface Limits {
  /** Folders of one mailbox copied at the same time. */
  readonly connectionsPerMailbox: number;
  /** Connections of one worker to one endpoint, over all mailboxes. */
  readonly connectionsPerEndpoint: number;
  /** One copy activity ends its share after so many messages or milliseconds, and the next goes on. */
  readonly messagesPerShare: number;
  readonly millisecondsPerShare: number;
  /** Bytes of bodies held at one time by one copy. */
  readonly memoryBytes: number;
}

/** Every wait of the saga, in milliseconds, so that tests can set seconds. */
export interface Timing {
  /** Waits between tries after access was refused; the last one repeats. */
  readonly accessBackoff: readonly number[];
  /** How long refused access is waited for before it needs attention. */
  readonly accessGrace: number;
  /** Between deltas while the MX record is still on the old side. */
  readonly deltaInterval: number;
  /** Between deltas after the cutover. */
  readonly tailInterval: number;
  /** The tail ends when nothing new came for so long. */
  readonly tailQuiet: number;
  /** An activity that has not been heard of for so long is given to another worker. */
  readonly heartbeatTimeout: number;
  /** A server that answers nothing to one command for so long has lost the connection. */
  readonly commandTimeout: number;
  /** Between tries after a server was unreachable or asked to wait without saying how long; the last one repeats. */
  readonly troubleBackoff: readonly number[];
}

export interface ProjectSettings {
  /** Lower-case letters, digits and hyphens; the project's name in workflow ids. */
  readonly name: string;
  /** Where the mailboxes were listed and in whose form, for people; absent where the project file lists them. */
  readonly list?: string;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** Pre-stage takes messages whose INTERNALDATE is older than so many days; 0 takes all. */
  readonly prestageOlderThanDays: number;
  readonly folders: FolderRules;
  readonly limits: Limits;
  readonly timing: Timing;
}

/** One mailbox on one side. */
export interface MailboxSide {
  readonly user: string;
  /** Only where the endpoint's authentication is `password`. */
  readonly password?: SealedSecret;
  /** Only where the endpoint's authentication is `oauth2`: instead of its application. */
  readonly app?: RowApplication;
  /**
   * Source only: the folder that is the mailbox's root, `/` between levels, in whatever namespace (virtual shared folders,
   * `UserRoot`). Only it and what is below it is moved, as if the root were not there; it itself is the INBOX.
   */
  readonly root?: string;
  /** Destination only: folders are put below it, `/` between levels. */
  readonly folderPrefix?: string;
}

/** One row of the project: a source mailbox and the destination mailbox it goes to. */
export interface MailboxRow {
  /** Unique within the project; see `mailboxId`. */
  readonly id: string;
  readonly source: MailboxSide;
  readonly destination: MailboxSide;
}

/** What every activity is told about the project it works for. */
export interface MailboxJob {
  readonly settings: ProjectSettings;
  readonly row: MailboxRow;
}
