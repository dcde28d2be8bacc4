import { readProjectFile } from '../project/read.ts';
import { median } from './results.ts';
import { markdownTable, number } from './table.ts';

/** One list of mailboxes, read several times as `start` reads it; milliseconds of CPU are medians. */
export interface ListResult {
  readonly list: string;
  readonly rows: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** What Microsoft takes in one batch ("Migrate other types of IMAP mailboxes to Microsoft 365"): 50,000 rows and 10 MB. */
const ROWS = 50_000;
const BYTES = 10_000_000;
const MOST_MS = 2_000;
const ROUNDS = 3;

interface ListKind {
  readonly name: string;
  readonly authentication: string;
  readonly header: string;
  /** `filling` makes rows as long as they may be. */
  readonly row: (at: number, filling: string) => string;
  readonly encoding?: BufferEncoding;
}

const KINDS: readonly ListKind[] = [
  {
    name: 'our own',
    authentication: 'kind: password',
    header: 'source,destination,source_password',
    row: (at, filling) => `user${at}@old.example,user${at}@new.example,"secret,${filling}"`,
  },
  {
    name: 'Exchange’s export, all in quotes',
    authentication: 'kind: oauth2, tenant: contoso.com, clientId: app, secretEnv: APP',
    header: '"DisplayName","LegacyExchangeDN","PrimarySmtpAddress"',
    row: (at, filling) => `"User ${at}","/o=ExchangeLabs/cn=Recipients/cn=${filling}","user${at}@contoso.com"`,
  },
  {
    name: 'Microsoft’s, in UTF-16 with tabs',
    authentication: 'kind: password',
    header: '\ufeffEmailAddress\tUserName\tPassword',
    row: (at, filling) => `user${at}@contoso.com\tuser${at}*admin\t${filling.slice(0, 10)}`,
    encoding: 'utf16le',
  },
];

/** In this process: there is nothing in it but computing. */
export async function listsBench(scale: number): Promise<readonly ListResult[]> {
  const results: ListResult[] = [];
  for (const kind of KINDS) results.push(await measure(kind, Math.max(1, Math.round(ROWS * scale))));
  return results;
}

async function measure(kind: ListKind, rows: number): Promise<ListResult> {
  const filling = 'x'.repeat(Math.max(0, BYTES / ROWS - kind.row(ROWS, '').length));
  const lines = Array.from({ length: rows }, (_, at) => kind.row(at, filling));
  const csv = Buffer.from([kind.header, ...lines].join('\r\n'), kind.encoding ?? 'utf8');
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await timeOf(csv, kind.authentication, rows));
  return { list: kind.name, rows, bytes: csv.length, milliseconds: median(times) };
}

async function timeOf(csv: Buffer, authentication: string, rows: number): Promise<number> {
  const project = Buffer.from(projectText(authentication));
  const begun = process.cpuUsage();
  const read = await readProjectFile('project.yaml', {
    readFile: (path) => Promise.resolve(path === 'project.yaml' ? project : csv),
  });
  const { user, system } = process.cpuUsage(begun);
  if (read.rows.length !== rows) throw new Error(`${read.rows.length} of ${rows} rows were read`);
  return (user + system) / 1_000;
}

function projectText(authentication: string): string {
  return `schema: mailferry/project/v1
name: lists
source: { host: old.example, authentication: { ${authentication} } }
destination: { host: new.example, authentication: { kind: administrator, form: dovecot, user: admin, secretEnv: ADMIN } }
mailboxes: { csv: list.csv }
`;
}

export function listsReport(results: readonly ListResult[]): string {
  const headings = ['list', 'rows', 'MB', 'ms of CPU'];
  const rows = results.map(({ list, rows: count, bytes, milliseconds }) => [
    list,
    number(count),
    (bytes / 1_000_000).toFixed(1),
    number(Math.round(milliseconds)),
  ]);
  const most = Math.max(...results.map(({ milliseconds }) => milliseconds));
  const verdict = `- under ${number(MOST_MS)} ms each: ${most < MOST_MS ? 'met' : 'NOT MET'}`;
  return [markdownTable(headings, rows), verdict].join('\n\n');
}
