/** From a parsed project to what workflows are given: every secret is fetched from where it is and sealed at once. */
import type {
  Endpoint,
  MailboxRow,
  MailboxSide,
  OAuth2Credential,
  ProjectSettings,
  SealedSecret,
  Side,
} from '../model/project.ts';
import { applicationBinding, credentialBinding, passwordBinding, type SealBinding } from '../model/seal-binding.ts';
import { refuse, type Issue } from './issues.ts';
import { SecretReader, type SecretPlaces } from './secret-reader.ts';
import type {
  MailboxList,
  OpenCredential,
  OpenEndpoint,
  OpenMailboxSide,
  OpenRow,
  ParsedProject,
  SecretSource,
} from './types.ts';

/** What fetching and sealing secrets needs of the machine. */
export interface SecretAccess extends SecretPlaces {
  readonly seal: (binding: SealBinding, secret: string) => SealedSecret;
}

export interface ResolvedProject {
  readonly settings: ProjectSettings;
  readonly rows: readonly MailboxRow[];
  /** Absent where the mailboxes stand in the project file itself. */
  readonly list?: MailboxList;
  readonly warnings: readonly Issue[];
}

/** What stands where a secret could not be had; the project is refused. */
const NONE: SealedSecret = '';

/** Seals the secrets of one project, each for its one use. */
class Sealer {
  readonly #project: string;
  readonly #reader: SecretReader;
  readonly #seal: SecretAccess['seal'];

  constructor(project: string, reader: SecretReader, seal: SecretAccess['seal']) {
    this.#project = project;
    this.#reader = reader;
    this.#seal = seal;
  }

  async endpoint(open: OpenEndpoint): Promise<Endpoint> {
    const { auth } = open;
    const binding = credentialBinding(this.#project, open);
    switch (auth.kind) {
      case 'password':
        return { ...open, auth };
      case 'admin':
        return { ...open, auth: { ...auth, password: await this.#line(auth.password, binding) } };
      case 'oauth2': {
        const { app, ...rest } = auth;
        if (app === undefined) return { ...open, auth: rest };
        const credential = await this.#credential(app.credential, binding);
        return { ...open, auth: { ...rest, app: { ...app, credential } } };
      }
    }
  }

  async mailbox(endpoint: OpenEndpoint, open: OpenMailboxSide): Promise<MailboxSide> {
    const { password, app, ...rest } = open;
    return {
      ...rest,
      ...(password !== undefined && {
        password: await this.#line(password, passwordBinding(this.#project, endpoint, open.user)),
      }),
      ...(app !== undefined && {
        app: {
          ...app,
          credential: await this.#credential(
            app.credential,
            applicationBinding(this.#project, endpoint, open.user, app),
          ),
        },
      }),
    };
  }

  async #credential(open: OpenCredential, binding: SealBinding | undefined): Promise<OAuth2Credential> {
    if (open.kind === 'secret') return { ...open, secret: await this.#line(open.secret, binding) };
    const { thumbprint } = open;
    const certificate = await this.#reader.readCertificate(open);
    return {
      kind: 'certificate',
      pem: this.#sealed(certificate?.pem, binding),
      ...(thumbprint !== undefined && { thumbprint }),
      ...(certificate !== undefined && { expiresAt: certificate.expiresAt }),
    };
  }

  async #line(source: SecretSource, binding: SealBinding | undefined): Promise<SealedSecret> {
    return this.#sealed(await this.#reader.read(source), binding);
  }

  #sealed(secret: string | undefined, binding: SealBinding | undefined): SealedSecret {
    return secret === undefined || binding === undefined ? NONE : this.#seal(binding, secret);
  }
}

/**
 * Fetches every secret, seals it for its one use (`model/seal-binding.ts`), and gives what workflows may be given. All
 * secrets that cannot be had are told at once.
 * @throws {ProjectRefusal} with an issue of code `project.secret` for each of them.
 */
export async function resolveProject(parsed: ParsedProject, access: SecretAccess): Promise<ResolvedProject> {
  const reader = new SecretReader(parsed.file, access);
  const { settings } = parsed;
  const sealer = new Sealer(settings.name, reader, access.seal);
  const endpoints: Readonly<Record<Side, Endpoint>> = {
    source: await sealer.endpoint(settings.source),
    destination: await sealer.endpoint(settings.destination),
  };
  const sealRow = async (row: OpenRow): Promise<MailboxRow> => ({
    id: row.id,
    source: await sealer.mailbox(settings.source, row.source),
    destination: await sealer.mailbox(settings.destination, row.destination),
  });
  const rows: MailboxRow[] = [];
  for (const row of parsed.rows) rows.push(await sealRow(row));
  refuse(reader.issues.all);
  return {
    settings: { ...settings, ...endpoints },
    rows,
    ...(parsed.list && { list: parsed.list }),
    warnings: [...parsed.warnings, ...reader.warnings.all],
  };
}
