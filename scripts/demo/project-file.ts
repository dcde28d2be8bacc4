import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_SCHEMA } from '../../project/schema.ts';
import { PRESTAGE_DAYS } from './mail.ts';
import type { Person } from './people.ts';
import type { MailServer, MailServers } from './servers.ts';

export const PROJECT = 'demo';

const CA_FILE = 'authority.pem';
const CSV_FILE = 'mailboxes.csv';
const COLUMNS = ['source', 'destination', 'source_password', 'destination_password'] as const;

/** Writes the project file, its CSV and the authority's certificate. Gives the project file's path. */
export async function writeProject(
  folder: string,
  { source, destination, caPem }: MailServers,
  everybody: readonly Person[],
): Promise<string> {
  const file = join(folder, 'project.yaml');
  await writeFile(join(folder, CA_FILE), caPem);
  await writeFile(join(folder, CSV_FILE), csvOf(everybody), { mode: 0o600 });
  await writeFile(file, projectText(source, destination));
  return file;
}

function projectText(source: MailServer, destination: MailServer): string {
  return `schema: ${PROJECT_SCHEMA}
name: ${PROJECT}

# The server that mailboxes leave. It is only read.
source:
${endpointText(source)}

# The server that they go to.
destination:
${endpointText(destination)}

mailboxes:
  csv: ${CSV_FILE}

# Older mail is copied while new mail still goes to the old side.
prestage:
  olderThan: ${PRESTAGE_DAYS}d

# A real project waits for hours and days; \`mailferry init\` writes these with the usual values.
delta:
  every: 24h
tail:
  every: 3s
  quietFor: 3s
timing:
  accessBackoff: [1s, 2s, 2s, 3s]
  accessGrace: 5m
  troubleBackoff: [1s, 2s, 5s]
`;
}

function endpointText({ host, port }: MailServer): string {
  return `  host: ${host}
  port: ${port}
  tls: implicit
  ca: ${CA_FILE}
  authentication:
    kind: password`;
}

function csvOf(everybody: readonly Person[]): string {
  const rows = everybody.map((person) => ({
    source: person.sourceUser,
    destination: person.destinationUser,
    source_password: person.sourcePassword,
    destination_password: person.destinationPassword,
  }));
  return [COLUMNS.join(','), ...rows.map((row) => COLUMNS.map((column) => csvField(row[column])).join(','))]
    .map((line) => `${line}\n`)
    .join('');
}

/** RFC 4180, section 2. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
