import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_SCHEMA } from '../../project/schema.ts';
import { PRESTAGE_DAYS } from './mail.ts';
import type { Person } from './people.ts';
import type { MailServer, MailServers, OldSide } from './servers.ts';

export const PROJECT = 'demo';

const TENANT_CA_FILE = 'tenant-authority.pem';
const CA_FILE = 'authority.pem';
const SECRET_FILE = 'client-secret.txt';
const CSV_FILE = 'mailboxes.csv';
const COLUMNS = ['source', 'destination', 'destination_password'] as const;

/** Writes the project file, its CSV, the secret and the authorities' certificates. Gives the project file's path. */
export async function writeProject(
  folder: string,
  { source, destination, destinationCaPem }: MailServers,
  everybody: readonly Person[],
): Promise<string> {
  const file = join(folder, 'project.yaml');
  await writeFile(join(folder, TENANT_CA_FILE), source.tenant.caPem);
  await writeFile(join(folder, CA_FILE), destinationCaPem);
  await writeFile(join(folder, SECRET_FILE), source.app.secret, { mode: 0o600 });
  await writeFile(join(folder, CSV_FILE), csvOf(everybody), { mode: 0o600 });
  await writeFile(file, projectText(source, destination));
  return file;
}

function projectText(source: OldSide, destination: MailServer): string {
  return `schema: ${PROJECT_SCHEMA}
name: ${PROJECT}

# The server that mailboxes leave. It is only read.
source:
${tenantText(source)}

# The server that they go to.
destination:
  host: ${destination.host}
  port: ${destination.port}
  tls: implicit
  ca: ${CA_FILE}
  authentication:
    kind: password

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
  accessBackoff: [2s, 3s]
  accessGrace: 5m
  troubleBackoff: [1s, 2s, 5s]
`;
}

/** With Microsoft itself, host, port, authorities and scope need not be named. */
function tenantText({ tenant, app }: OldSide): string {
  return `  host: ${tenant.imap.host}
  port: ${tenant.imap.port}
  tls: implicit
  ca: ${TENANT_CA_FILE}
  authentication:
    kind: oauth2
    tenant: ${tenant.tenantId}
    clientId: ${app.clientId}
    secretFile: ${SECRET_FILE}
    authority: ${tenant.authority}
    authorityCa: ${TENANT_CA_FILE}
    scope: ${tenant.scope}`;
}

function csvOf(everybody: readonly Person[]): string {
  const rows = everybody.map((person) => ({
    source: person.sourceUser,
    destination: person.destinationUser,
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
