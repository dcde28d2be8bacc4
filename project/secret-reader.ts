/** Fetches secrets from where a project says that they are; what cannot be had is complained of at its place. */
import { readCertificate, type ClientCertificate } from './certificate.ts';
import { besideFile, readFault } from './files.ts';
import { IssueList } from './issues.ts';
import { decodeText } from './text.ts';
import type { FileSource, OpenCredential, SecretSource } from './types.ts';

export interface SecretFile {
  readonly bytes: Uint8Array;
  /** Permission bits, where the file system has them. */
  readonly mode?: number;
}

/** Where secrets come from. */
export interface SecretPlaces {
  /** Rejects as `node:fs/promises` does. */
  readonly readSecretFile: (path: string) => Promise<SecretFile>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks without echo; absent where nobody can answer. */
  readonly ask?: (question: string) => Promise<string>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const LARGEST_SECRET = 65_536;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/u;
const ANYBODY = 0o007;

type OpenCertificate = Extract<OpenCredential, { kind: 'certificate' }>;

/** The secrets of one project. */
export class SecretReader {
  readonly issues = new IssueList('project.secret');
  readonly warnings = new IssueList('project.secret');
  readonly #projectFile: string;
  readonly #access: SecretPlaces;
  /** A file or a question that stands for many mailboxes is read or asked once. */
  readonly #fetched = new Map<string, Promise<string | undefined>>();

  constructor(projectFile: string, access: SecretPlaces) {
    this.#projectFile = projectFile;
    this.#access = access;
  }

  /** The secret, one line; undefined, and an issue at its place, when it cannot be had or cannot be one. */
  async read(source: SecretSource): Promise<string | undefined> {
    const secret = source.kind === 'value' ? source.reveal() : await this.#fetch(source);
    if (secret === undefined) return undefined;
    const fault = this.#lineFault(secret);
    if (fault === undefined) return secret;
    this.issues.add(source.place, ...fault);
    return undefined;
  }

  /** The certificate of an application; undefined, and an issue at its place, when it cannot be used. */
  async readCertificate({ file, password, thumbprint }: OpenCertificate): Promise<ClientCertificate | undefined> {
    const opener = password === undefined ? undefined : await this.read(password);
    if (password !== undefined && opener === undefined) return undefined;
    const bytes = await this.#bytesOf(file);
    if (bytes === undefined) return undefined;
    const read = await readCertificate({ bytes, password: opener, thumbprint, now: this.#access.now() });
    if ('pem' in read) return read;
    this.issues.add(file.place, read.message, read.expected);
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

  async #readFile(source: FileSource): Promise<string | undefined> {
    const bytes = await this.#bytesOf(source);
    if (bytes === undefined) return undefined;
    const decoded = decodeText(bytes);
    if (decoded.ok) return decoded.text.replace(/(?:\r?\n)+$/, '');
    this.issues.add(source.place, `${this.#pathOf(source)}: ${decoded.message}`, 'a file saved as UTF-8');
    return undefined;
  }

  async #bytesOf(source: FileSource): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(source);
    const found = await this.#access.readSecretFile(path).catch((error: unknown) => {
      this.issues.add(source.place, `${path}: ${readFault(error)}`, 'a file that holds the secret');
    });
    if (found === undefined) return undefined;
    if (found.mode !== undefined && (found.mode & ANYBODY) !== 0) {
      this.warnings.add(source.place, `every user of this machine may read or change ${path}`, `\`chmod 600\``);
    }
    if (found.bytes.length <= LARGEST_SECRET) return found.bytes;
    this.issues.add(source.place, `${path} is larger than a secret`, `at most ${LARGEST_SECRET} bytes`);
    return undefined;
  }

  #pathOf({ path }: FileSource): string {
    return besideFile(this.#projectFile, path);
  }
}
