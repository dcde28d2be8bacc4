/** What a project file and its CSV say, parsed and checked, with secrets not yet read or sealed. */
import type {
  AdminForm,
  Application,
  MailboxRow,
  MailboxSide,
  OAuth2Credential,
  ProjectSettings,
  ServerAddress,
} from '../model/project.ts';
import type { DialectId } from './csv/dialect.ts';
import type { Issue } from './issues.ts';

/** Where in which file something stands, for messages. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Keys of a project file (`source.authentication.secretFile`), or the column of a CSV. */
  readonly path?: string;
}

/** Where a secret is. A value from a CSV is kept in a closure, so that no object that is printed or serialised holds it. */
export type SecretSource =
  | { readonly kind: 'file'; readonly path: string; readonly place: Place }
  | { readonly kind: 'env'; readonly name: string; readonly place: Place }
  | { readonly kind: 'prompt'; readonly question: string; readonly place: Place }
  | { readonly kind: 'value'; readonly reveal: () => string; readonly place: Place };

export type FileSource = Extract<SecretSource, { readonly kind: 'file' }>;

/** `OAuth2Credential` before it is sealed. */
export type OpenCredential =
  | (Omit<Extract<OAuth2Credential, { kind: 'secret' }>, 'secret'> & { readonly secret: SecretSource })
  | {
      readonly kind: 'certificate';
      /** PEM or PFX with the certificate and its key. */
      readonly file: FileSource;
      /** Of the PFX, or of the key in the PEM. */
      readonly password?: SecretSource;
      readonly thumbprint?: string;
    };

/** `Application` before its credential is sealed. */
export interface OpenApplication extends Omit<Application, 'credential'> {
  readonly credential: OpenCredential;
}

/** `RowApplication` before its credential is sealed. */
export interface OpenRowApplication extends OpenApplication {
  readonly tenant?: string;
}

export type OpenAuth =
  | { readonly kind: 'password' }
  | { readonly kind: 'admin'; readonly form: AdminForm; readonly admin: string; readonly password: SecretSource }
  | {
      readonly kind: 'oauth2';
      readonly tenant?: string;
      readonly app?: OpenApplication;
      readonly authority: string;
      readonly scope: string;
      readonly authorityCaPem?: string;
    };

/** `Endpoint` before its secrets are sealed. */
export interface OpenEndpoint extends ServerAddress {
  readonly auth: OpenAuth;
}

/** `ProjectSettings` before its secrets are sealed. */
export interface OpenSettings extends Omit<ProjectSettings, 'source' | 'destination'> {
  readonly source: OpenEndpoint;
  readonly destination: OpenEndpoint;
}

/** `MailboxSide` before its secrets are sealed. */
export interface OpenMailboxSide extends Omit<MailboxSide, 'password' | 'app'> {
  readonly password?: SecretSource;
  readonly app?: OpenRowApplication;
}

/** `MailboxRow` before its secrets are sealed. */
export interface OpenRow extends Omit<MailboxRow, 'source' | 'destination'> {
  readonly source: OpenMailboxSide;
  readonly destination: OpenMailboxSide;
}

/** A list of mailboxes in a file of its own, and what it was taken for. */
export interface MailboxList {
  readonly file: string;
  readonly dialect: DialectId;
  /** Whose dialect that is, for people. */
  readonly title: string;
  /** The columns that were read, in the file's order. */
  readonly columns: readonly string[];
  readonly rows: number;
}

export interface ParsedProject {
  readonly file: string;
  /** Absent where the mailboxes stand in the project file itself. */
  readonly list?: MailboxList;
  readonly settings: OpenSettings;
  readonly rows: readonly OpenRow[];
  /** Things that stop nothing and are worth a look. */
  readonly warnings: readonly Issue[];
}
