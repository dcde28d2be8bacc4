/** Reads a project file and what it names: its CSV and its certificate authorities. Everything wrong is told at once. */
import { z } from 'zod';
import { readCsv } from './csv/read.ts';
import { openEndpoint } from './endpoint.ts';
import { addFileIssues } from './file-issues.ts';
import { besideFile, readText, type ProjectFiles } from './files.ts';
import { howToGiveInline, inlineRows } from './inline-rows.ts';
import { IssueList, refuse } from './issues.ts';
import { openRows, type Endpoints } from './rows.ts';
import {
  EndpointSchema,
  MailboxesSchema,
  PROJECT_SCHEMA,
  ProjectFileSchema,
  type CsvFile,
  type ProjectFile,
} from './schema.ts';
import type { FileContext } from './secret-places.ts';
import { settingsOf } from './settings.ts';
import type { MailboxList, OpenRow, OpenSettings, ParsedProject } from './types.ts';
import { parseYaml, type YamlText } from './yaml.ts';

interface Reading {
  readonly file: string;
  readonly files: ProjectFiles;
  readonly fileIssues: IssueList;
  readonly csvIssues: IssueList;
  readonly warnings: IssueList;
  /** The list of mailboxes is of no interest, and need not be there. */
  readonly isAlone: boolean;
}

function hasSchemaLine(text: string): boolean {
  const [first = ''] = text.split(/\r?\n/, 1);
  return new RegExp(`^schema: +(["']?)${PROJECT_SCHEMA}\\1 *(?:#.*)?$`).test(first);
}

function checkFirstLine(text: string, reading: Reading): boolean {
  if (hasSchemaLine(text)) return true;
  const [first = ''] = text.split(/\r?\n/, 1);
  const version = /^schema: *["']?mailferry\/project\/v(\d+)/.exec(first)?.[1];
  const message =
    version === undefined
      ? 'the file does not begin with the name of its schema'
      : `the file is written for version ${version} of the schema, which this mailferry does not know`;
  reading.fileIssues.add(
    { file: reading.file, line: 1, column: 1 },
    message,
    `the first line \`schema: ${PROJECT_SCHEMA}\``,
  );
  return false;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/;

/** Certificate authorities, by the names that the file has for them. They are public, so they are read here. */
async function readAuthorities(
  value: ReadonlyMap<string, readonly PropertyKey[]>,
  yaml: YamlText,
  reading: Reading,
): Promise<ReadonlyMap<string, string>> {
  const pems = new Map<string, string>();
  for (const [name, keys] of value) {
    const place = yaml.placeOf(keys);
    const text = await readText(reading.files, besideFile(reading.file, name), place, reading.fileIssues);
    if (text === undefined) continue;
    if (PEM_CERTIFICATE.test(text) && !text.includes('PRIVATE KEY')) pems.set(name, text);
    else
      reading.fileIssues.add(
        place,
        'the file does not hold certificates alone',
        'a PEM file of certificates, without keys',
      );
  }
  return pems;
}

/** Sections that are valid by themselves are checked further even when others are not. */
interface Sections {
  readonly source: z.output<typeof EndpointSchema> | undefined;
  readonly destination: z.output<typeof EndpointSchema> | undefined;
  readonly mailboxes: z.output<typeof MailboxesSchema> | undefined;
}

function sectionsOf(value: unknown): Sections {
  const any = z
    .object({ source: z.unknown(), destination: z.unknown(), mailboxes: z.unknown() })
    .partial()
    .safeParse(value).data;
  return {
    source: EndpointSchema.safeParse(any?.source).data,
    destination: EndpointSchema.safeParse(any?.destination).data,
    mailboxes: MailboxesSchema.safeParse(any?.mailboxes).data,
  };
}

function authoritiesOf(sections: Sections): ReadonlyMap<string, readonly PropertyKey[]> {
  const named = new Map<string, readonly PropertyKey[]>();
  for (const side of ['source', 'destination'] as const) {
    const endpoint = sections[side];
    if (endpoint?.ca !== undefined) named.set(endpoint.ca, [side, 'ca']);
    if (endpoint?.authentication.kind !== 'oauth2') continue;
    const { authorityCa } = endpoint.authentication;
    if (authorityCa !== undefined) named.set(authorityCa, [side, 'authentication', 'authorityCa']);
  }
  return named;
}

/** A CSV as it is named: by its file alone, or with whose form it has. */
function fileOf(csv: CsvFile): Exclude<CsvFile, string> {
  return typeof csv === 'string' ? { file: csv } : csv;
}

interface Mailboxes {
  readonly rows: readonly OpenRow[];
  readonly list?: MailboxList;
}

async function readRows(
  mailboxes: Sections['mailboxes'],
  endpoints: Endpoints,
  context: FileContext,
  reading: Reading,
): Promise<Mailboxes> {
  if (mailboxes === undefined || reading.isAlone) return { rows: [] };
  if (!('csv' in mailboxes)) {
    const checks = { endpoints, howToGivePassword: howToGiveInline, issues: reading.fileIssues };
    return { rows: openRows(inlineRows(mailboxes, context), checks) };
  }
  const { csvIssues: issues, warnings } = reading;
  const { file: name, dialect } = fileOf(mailboxes.csv);
  const file = besideFile(reading.file, name);
  const text = await readText(reading.files, file, context.placeOf(['mailboxes', 'csv']), issues);
  if (text === undefined) return { rows: [] };
  const { rows, list, ...left } = readCsv({ text, file, dialect, endpoints, issues, warnings });
  return { rows: openRows(rows, { ...left, issues }), ...(list && { list }) };
}

function checkLimits(given: ProjectFile, context: FileContext): void {
  const { connectionsPerMailbox, connectionsPerEndpoint } = given.limits;
  if (connectionsPerEndpoint >= connectionsPerMailbox) return;
  context.issues.add(
    context.placeOf(['limits', 'connectionsPerEndpoint']),
    `found “${connectionsPerEndpoint}”, fewer than one mailbox may use`,
    `at least ${connectionsPerMailbox}, which is \`connectionsPerMailbox\``,
  );
}

/** Where two rows read one source mailbox, which is allowed and rarely meant. */
function warnOfSharedSources(rows: readonly OpenRow[], reading: Reading): void {
  const seen = new Map<string, string>();
  for (const { source, destination } of rows) {
    const key = `${source.user.toLowerCase()}\u0000${source.root ?? ''}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, destination.user);
    else
      reading.warnings.add({ file: reading.file }, `${source.user} is copied to both ${other} and ${destination.user}`);
  }
}

/**
 * Reads and checks a project file and its CSV. Secrets are not read yet, only where they are (values of a CSV stay in
 * closures): see `resolveProject`.
 * @throws {ProjectRefusal} with every issue of the file and its CSV.
 */
export async function readProjectFile(file: string, files: ProjectFiles): Promise<ParsedProject> {
  const { csv: _, ...project } = await read(file, files, false);
  return { file, ...project };
}

/** What a project file says by itself. */
export interface ProjectAlone {
  readonly settings: OpenSettings;
  /** The CSV of mailboxes as the file names it; absent when the mailboxes stand in the file. */
  readonly csv?: string;
}

/**
 * Reads and checks a project file without its list of mailboxes, for what is done before there is one.
 * @throws {ProjectRefusal} with every issue of the file.
 */
export async function readProjectAlone(file: string, files: ProjectFiles): Promise<ProjectAlone> {
  const { settings, csv } = await read(file, files, true);
  return { settings, ...(csv !== undefined && { csv }) };
}

interface Checked extends Pick<ParsedProject, 'settings' | 'rows' | 'list'> {
  readonly csv: string | undefined;
}

async function read(
  file: string,
  files: ProjectFiles,
  isAlone: boolean,
): Promise<Checked & Pick<ParsedProject, 'warnings'>> {
  const reading: Reading = {
    file,
    files,
    isAlone,
    fileIssues: new IssueList('project.file'),
    csvIssues: new IssueList('project.csv'),
    warnings: new IssueList('project.file'),
  };
  const text = await readText(reading.files, file, { file }, reading.fileIssues);
  const refuseIssues = (): void => refuse([...reading.fileIssues.all, ...reading.csvIssues.all]);
  if (text !== undefined && checkFirstLine(text, reading)) {
    const parsed = parseYaml(text, file);
    for (const issue of parsed.issues) reading.fileIssues.add(issue, issue.message, issue.expected);
    const project = parsed.yaml === undefined ? undefined : await checkProject(parsed.yaml, reading);
    refuseIssues();
    if (project !== undefined) return { ...project, warnings: reading.warnings.all };
  }
  refuseIssues();
  throw new Error(`${file} was neither read nor refused`);
}

async function checkProject(yaml: YamlText, reading: Reading): Promise<Checked | undefined> {
  const result = ProjectFileSchema.safeParse(yaml.value);
  if (!result.success) addFileIssues(result.error.issues, yaml, reading.fileIssues);
  const sections = sectionsOf(yaml.value);
  const pems = await readAuthorities(authoritiesOf(sections), yaml, reading);
  const context: FileContext = { issues: reading.fileIssues, placeOf: yaml.placeOf, pems };
  const source = sections.source === undefined ? undefined : openEndpoint(sections.source, 'source', context);
  const destination =
    sections.destination === undefined ? undefined : openEndpoint(sections.destination, 'destination', context);
  const endpoints: Endpoints = { ...(source && { source }), ...(destination && { destination }) };
  const { rows, list } = await readRows(sections.mailboxes, endpoints, context, reading);
  if (!result.success || source === undefined || destination === undefined) return undefined;
  checkLimits(result.data, context);
  warnOfSharedSources(rows, reading);
  const { mailboxes } = result.data;
  return {
    settings: settingsOf(result.data, source, destination, list),
    rows,
    ...(list && { list }),
    csv: 'csv' in mailboxes ? fileOf(mailboxes.csv).file : undefined,
  };
}
