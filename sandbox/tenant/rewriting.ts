import { bodyOffset } from '../message/header.ts';
import { digest } from './jwt.ts';

/** Where a header line is folded (RFC 5322 section 2.1.1). */
const FOLD_AT = 76;
/** Fields that Exchange adds to what it has stored. */
const ADDED = ['X-MS-Has-Attach:', 'X-MS-TNEF-Correlator:'];

/**
 * A message after its way through the store's own format and back. Exchange keeps properties, not octets: header fields
 * come folded anew, multipart boundaries get other names, lines end with CRLF and fields of its own are added, so that no
 * hash of a body survives; Message-ID, Date, From, To and Subject do (seen in comparisons of migration tools).
 */
export function rewritten(message: Buffer): Buffer {
  const offset = bodyOffset(message);
  const header = unfolded(message.toString('latin1', 0, offset));
  const boundary = boundaryIn(header);
  const fields = header.map((field) => folded(isContentType(field) ? renamed(field, boundary) : field));
  const head = Buffer.from(`${[...fields, ...ADDED].join('\r\n')}\r\n\r\n`, 'latin1');
  const body = withCrlf(message.subarray(offset));
  return Buffer.concat([head, boundary === undefined ? body : renamedBody(body, boundary)]);
}

/** RFC822.SIZE as it is told unless Set-ImapSettings -EnableExactRFC822Size is set: an estimate, above or below. */
export function estimatedSize(message: Buffer): number {
  const factor = 0.97 + (message.length % 141) / 1_000;
  return Math.round(message.length * factor);
}

interface Boundary {
  readonly from: string;
  readonly to: string;
}

/** The fields of a header, each on one line; empty lines are left out. */
function unfolded(header: string): readonly string[] {
  return header
    .replace(/\r?\n(?=[ \t])/g, '')
    .split(/\r?\n/)
    .filter((line) => line !== '');
}

/** Breaks a long field at blanks; what has none stays long. */
function folded(field: string): string {
  if (field.length <= FOLD_AT) return field;
  const lines: string[] = [];
  let line = '';
  for (const word of field.match(/\s*\S+/g) ?? []) {
    const comesFirst = line === '' || /^[^\s:]+:$/.test(line);
    if (!comesFirst && line.length + word.length > FOLD_AT) {
      lines.push(line);
      line = '';
    }
    line += word;
  }
  return [...lines, line].join('\r\n');
}

function isContentType(field: string): boolean {
  return /^content-type:/i.test(field);
}

/** The boundary of a multipart message, and what becomes of it. */
function boundaryIn(header: readonly string[]): Boundary | undefined {
  const type = header.find(isContentType) ?? '';
  const [, quoted, bare] = /^[^:]+:\s*multipart\/.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? [];
  const from = quoted ?? bare;
  return from === undefined ? undefined : { from, to: `_000_${digest(from).toString('hex').slice(0, 24)}_` };
}

function renamed(text: string, boundary: Boundary | undefined): string {
  return boundary === undefined ? text : text.replace(boundary.from, () => boundary.to);
}

function renamedBody(body: Buffer, boundary: Boundary): Buffer {
  const lines = body.toString('latin1').split('\r\n');
  const result = lines.map((line) => (line.startsWith(`--${boundary.from}`) ? renamed(line, boundary) : line));
  return Buffer.from(result.join('\r\n'), 'latin1');
}

/** Copies only where there is a bare line feed. */
function withCrlf(body: Buffer): Buffer {
  for (let at = body.indexOf(0x0a); at >= 0; at = body.indexOf(0x0a, at + 1)) {
    if (at === 0 || body[at - 1] !== 0x0d)
      return Buffer.from(body.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
  }
  return body;
}
