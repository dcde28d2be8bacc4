/** From a parsed project to what workflows are given: every secret is fetched from where it is and sealed at once. */
import type { Endpoint, EndpointAuth, MailboxRow, ProjectSettings, SealedSecret, Side } from '../model/project.ts';
import { credentialBinding, passwordBinding, type SealBinding } from '../model/seal-binding.ts';
import { IssueList, refuse, type Issue } from './issues.ts';
import { besideFile, readFault } from './files.ts';
import { decodeText } from './text.ts';
import type { OpenAuth, OpenEndpoint, OpenMailboxSide, OpenRow, ParsedProject, SecretSource } from './types.ts';

export interface SecretFile {
  readonly bytes: Uint8Array;
  /** Permission bits, where the file system has them. */
  readonly mode?: number;
}

/** What fetching secrets needs of the machine. */
export interface SecretAccess {
  /** Rejects as `node:fs/promises` does. */
  readonly readSecretFile: (path: string) => Promise<SecretFile>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks without echo; absent where nobody can answer. */
  readonly ask?: (question: string) => Promise<string>;
  readonly seal: (binding: SealBinding, secret: string) => SealedSecret;
}

export interface ResolvedProject {
  readonly settings: ProjectSettings;
  readonly rows: readonly MailboxRow[];
  readonly warnings: readonly Issue[];
}

const LARGEST_SECRET = 65_536;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/u;
const ANYBODY = 0o007;

type Kind = 'line' | 'certificate';

class SecretReader {
  readonly issues = new IssueList('project.secret');
  readonly warnings = new IssueList('project.secret');
  readonly #project: ParsedProject;
  readonly #access: SecretAccess;
  /** A file or a question that stands for many mailboxes is read or asked once. */
  readonly #fetched = new Map<string, Promise<string | undefined>>();

  constructor(project: ParsedProject, access: SecretAccess) {
    this.#project = project;
    this.#access = access;
  }

  /** The secret; undefined, and an issue at its place, when it cannot be had or cannot be one. */
  async read(source: SecretSource, kind: Kind): Promise<string | undefined> {
    const secret = source.kind === 'value' ? source.reveal() : await this.#fetch(source);
    if (secret === undefined) return undefined;
    const fault = kind === 'line' ? this.#lineFault(secret) : certificateFault(secret);
    if (fault === undefined) return secret;
    this.issues.add(source.place, ...fault);
    return undefined;
  }

  #lineFault(secret: string): [string, string] | undefined {
    if (secret === '') return ['the secret is empty', 'the secret on one line'];
    if (CONTROL.test(secret))
      return ['the secret has more than one line, or control characters', 'the secret on one line'];
    return undefined;
  }

  #fetch(source: Exclude<SecretSource, { kind: 'value' }>): Promise<string | undefined> {
    const key = source.kind === 'file' ? source.path : source.kind === 'env' ? source.name : source.question;
    const known = this.#fetched.get(`${source.kind}:${key}`);
    if (known !== undefined) return known;
    const fetched = this.#fetchNew(source);
    this.#fetched.set(`${source.kind}:${key}`, fetched);
    return fetched;
  }

  async #fetchNew(source: Exclude<SecretSource, { kind: 'value' }>): Promise<string | undefined> {
    switch (source.kind) {
      case 'file':
        return this.#readFile(source);
      case 'env': {
        const value = this.#access.env[source.name];
        if (value === undefined)
          this.issues.add(source.place, `the variable ${source.name} is not set`, 'a variable that holds the secret');
        return value;
      }
      case 'prompt':
        if (this.#access.ask !== undefined) return this.#access.ask(source.question);
        this.issues.add(
          source.place,
          'nobody can be asked here: there is no terminal',
          '`secretFile` or `secretEnv`, or a terminal',
        );
        return undefined;
    }
  }

  async #readFile(source: Extract<SecretSource, { kind: 'file' }>): Promise<string | undefined> {
    const path = besideFile(this.#project.file, source.path);
    const found = await this.#bytesOf(path, source);
    if (found === undefined) return undefined;
    if (found.mode !== undefined && (found.mode & ANYBODY) !== 0) {
      this.warnings.add(source.place, `every user of this machine may read or change ${path}`, `\`chmod 600\``);
    }
    if (found.bytes.length > LARGEST_SECRET) {
      this.issues.add(source.place, `${path} is larger than a secret`, `at most ${LARGEST_SECRET} bytes`);
      return undefined;
    }
    const decoded = decodeText(found.bytes);
    if (decoded.ok) return decoded.text.replace(/(?:\r?\n)+$/, '');
    this.issues.add(source.place, `${path}: ${decoded.message}`, 'a file saved as UTF-8');
    return undefined;
  }

  async #bytesOf(path: string, source: SecretSource): Promise<SecretFile | undefined> {
    try {
      return await this.#access.readSecretFile(path);
    } catch (error) {
      this.issues.add(source.place, `${path}: ${readFault(error)}`, 'a file that holds the secret');
      return undefined;
    }
  }
}

function certificateFault(pem: string): [string, string] | undefined {
  if (pem.includes('BEGIN ENCRYPTED PRIVATE KEY')) {
    return ['the private key is encrypted', 'a PEM file with an unencrypted key that only you may read'];
  }
  if (/BEGIN (?:RSA )?PRIVATE KEY/.test(pem) && pem.includes('BEGIN CERTIFICATE')) return undefined;
  return ['the file lacks a private key or its certificate', 'a PEM file with both'];
}

/** The authentication with its secret's place filled by `sealed`. */
function authWith(auth: OpenAuth, sealed: SealedSecret): EndpointAuth {
  switch (auth.kind) {
    case 'password':
      return auth;
    case 'admin':
      return { ...auth, password: sealed };
    case 'oauth2': {
      const { credential } = auth;
      if (credential.kind === 'secret') return { ...auth, credential: { kind: 'secret', secret: sealed } };
      return { ...auth, credential: { ...credential, pem: sealed } };
    }
  }
}

function sourceOf(auth: OpenAuth): { readonly source: SecretSource; readonly kind: Kind } | undefined {
  switch (auth.kind) {
    case 'password':
      return undefined;
    case 'admin':
      return { source: auth.password, kind: 'line' };
    case 'oauth2':
      return auth.credential.kind === 'secret'
        ? { source: auth.credential.secret, kind: 'line' }
        : { source: auth.credential.pem, kind: 'certificate' };
  }
}

async function sealEndpoint(
  open: OpenEndpoint,
  project: string,
  reader: SecretReader,
  seal: SecretAccess['seal'],
): Promise<Endpoint> {
  // What a secret is bound to does not depend on the secret, so the binding is asked for with its place empty.
  const empty: Endpoint = { ...open, auth: authWith(open.auth, '') };
  const wanted = sourceOf(open.auth);
  const binding = credentialBinding(project, empty);
  if (wanted === undefined || binding === undefined) return empty;
  const secret = await reader.read(wanted.source, wanted.kind);
  return secret === undefined ? empty : { ...open, auth: authWith(open.auth, seal(binding, secret)) };
}

/**
 * Fetches every secret, seals it for its one use (`model/seal-binding.ts`), and gives what workflows may be given. All
 * secrets that cannot be had are told at once.
 * @throws {ProjectRefusal} with an issue of code `project.secret` for each of them.
 */
export async function resolveProject(parsed: ParsedProject, access: SecretAccess): Promise<ResolvedProject> {
  const reader = new SecretReader(parsed, access);
  const { name } = parsed.settings;
  const endpoints: Readonly<Record<Side, Endpoint>> = {
    source: await sealEndpoint(parsed.settings.source, name, reader, access.seal),
    destination: await sealEndpoint(parsed.settings.destination, name, reader, access.seal),
  };
  const sealSide = async (side: Side, open: OpenMailboxSide): Promise<MailboxRow[Side]> => {
    const { password, ...rest } = open;
    const secret = password === undefined ? undefined : await reader.read(password, 'line');
    return secret === undefined
      ? rest
      : { ...rest, password: access.seal(passwordBinding(name, endpoints[side], open.user), secret) };
  };
  const sealRow = async (row: OpenRow): Promise<MailboxRow> => ({
    id: row.id,
    source: await sealSide('source', row.source),
    destination: await sealSide('destination', row.destination),
  });
  const rows: MailboxRow[] = [];
  for (const row of parsed.rows) rows.push(await sealRow(row));
  refuse(reader.issues.all);
  return {
    settings: { ...parsed.settings, ...endpoints },
    rows,
    warnings: [...parsed.warnings, ...reader.warnings.all],
  };
}
