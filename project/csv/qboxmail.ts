import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { quote } from '../show.ts';
import type { Column, Dialect, RowFacts } from './dialect.ts';

const COLUMNS: readonly Column[] = [
  { name: 'local', fills: ['destination.user'], required: true },
  { name: 'imap-server', fills: ['source.server'], required: true },
  { name: 'remote', fills: ['source.user'], required: true },
  { name: 'password', fills: ['source.password'], required: true },
  { name: 'client_ID', fills: ['source.clientId'] },
  { name: 'client_secret', fills: ['source.clientSecret'] },
];

const WITHOUT_APPLICATION = 4;

/** The form as the guides print it, which some leave above their rows. */
const PRINTED_FORMS = [/^email@\w+$/i, /^imap[-_ ]?server(?:[-_ ]?\w+)?$/i];

function isHost(text: string): boolean {
  if (isIP(text) > 0) return true;
  return /^[^\s@/:;,]+\.[^\s@/:;,]+$/.test(text) && domainToASCII(text) !== '';
}

function looksLikeRow(fields: readonly string[]): boolean {
  const [local = '', server = '', remote = ''] = fields.map((field) => field.trim());
  if (fields.length !== WITHOUT_APPLICATION && fields.length !== COLUMNS.length) return false;
  return /^[^\s@]+@[^\s@]+$/.test(local) && isHost(server) && remote !== '';
}

function isPrintedForm(fields: readonly string[]): boolean {
  return PRINTED_FORMS.every((form, index) => form.test((fields[index] ?? '').trim()));
}

function plainHost(host: string): string {
  return isIP(host) > 0 ? host.toLowerCase() : domainToASCII(host);
}

/** A project has one source server; the file's rows name it each. */
function isOfTheSource({ values, placeOf, endpoints, issues }: RowFacts): boolean {
  const server = values.get('source.server');
  const { source } = endpoints;
  if (server === undefined || source === undefined || plainHost(server) === source.host) return true;
  issues.add(
    placeOf('source.server'),
    `the row’s server is ${quote(server)}, and the source of the project is ${quote(source.host)}`,
    'the name that `source.host` has; a project for each server',
  );
  return true;
}

/** Qboxmail's list for migrations (Qboxmail, "Migrations"): six fields with an application, four without; no header. */
export const QBOXMAIL: Dialect = {
  id: 'qboxmail',
  title: 'Qboxmail’s migration CSV',
  header: 'none',
  otherColumns: 'mistakes',
  columns: COLUMNS,
  passwordsByForm: true,
  fits: looksLikeRow,
  isHeader: isPrintedForm,
  check: isOfTheSource,
};
