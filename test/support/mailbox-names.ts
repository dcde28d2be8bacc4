/** How a server composes mailbox names: the personal namespace (RFC 2342). */
export interface Naming {
  readonly prefix: string;
  /** Undefined on a server without hierarchy. */
  readonly delimiter: string | undefined;
}

function encodeRun(run: string): string {
  if (run === '&') return '&-';
  const utf16 = Buffer.from(run, 'utf16le').swap16();
  return `&${utf16.toString('base64').replaceAll('/', ',').replaceAll('=', '')}-`;
}

/** Modified UTF-7 of RFC 3501, section 5.1.3. */
export function encodeMailboxName(name: string): string {
  return name.replaceAll(/&|[^\x20-\x7e]+/g, encodeRun);
}

function decodeRun(base64: string): string {
  if (base64 === '') return '&';
  const utf16 = Buffer.from(base64.replaceAll(',', '/'), 'base64');
  return utf16
    .subarray(0, utf16.length - (utf16.length % 2))
    .swap16()
    .toString('utf16le');
}

/** The inverse of `encodeMailboxName`; what is no valid UTF-7 stays as it is. */
export function decodeMailboxName(encoded: string): string {
  return encoded.replaceAll(/&([A-Za-z0-9+,]*)-/g, (_, base64: string) => decodeRun(base64));
}

/**
 * A folder's path that does not depend on the server: segments joined by `/` without the namespace's prefix, `INBOX` in
 * capitals, a slash inside a segment written as `%2F`.
 */
export function neutralPath(serverPath: string, { prefix, delimiter }: Naming): string {
  if (serverPath.toUpperCase() === 'INBOX') return 'INBOX';
  const below = serverPath.startsWith(prefix) ? serverPath.slice(prefix.length) : serverPath;
  const segments = delimiter === undefined ? [below] : below.split(delimiter);
  const [first = '', ...rest] = segments.map((segment) => segment.replaceAll('/', '%2F'));
  return [first.toUpperCase() === 'INBOX' ? 'INBOX' : first, ...rest].join('/');
}

/** The server's name, before encoding, of a path as `neutralPath` gives it. */
export function serverPathOf(path: string, { prefix, delimiter }: Naming): string {
  if (path === 'INBOX') return path;
  const segments = path.split('/').map((segment) => segment.replaceAll('%2F', '/'));
  const clash = segments.find((segment) => delimiter !== undefined && segment.includes(delimiter));
  if (clash !== undefined) throw new Error(`"${clash}" contains the server's delimiter "${delimiter ?? ''}"`);
  if (segments.length > 1 && delimiter === undefined) throw new Error(`the server has no hierarchy for "${path}"`);
  return prefix + segments.join(delimiter ?? '');
}
