/** What a response means word by word (RFC 3501 section 9), read from its lines and literals. */

export interface Literal {
  readonly pieces: readonly Buffer[];
  readonly bytes: number;
}

/** A response as it came: lines as strings of bytes, those before a literal still ending in `{n}`. */
export interface RawResponse {
  readonly lines: readonly string[];
  readonly literals: readonly Literal[];
}

export type Value =
  /** Unquoted words: atoms, numbers, flags, `BODY[HEADER.FIELDS (DATE)]`. */
  | { readonly kind: 'atom'; readonly text: string }
  /** Quoted, with escapes resolved; a string of bytes. */
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'nil' }
  | { readonly kind: 'list'; readonly items: readonly Value[] };

/** A response code in brackets (RFC 3501 section 7.1). */
export interface ResponseCode {
  /** Upper case. */
  readonly name: string;
  readonly args: string;
}

export type Status = 'OK' | 'NO' | 'BAD' | 'BYE' | 'PREAUTH';

export interface StatusResponse {
  readonly kind: 'status';
  /** Absent when untagged. */
  readonly tag?: string;
  readonly status: Status;
  readonly code?: ResponseCode;
  /** For people; decoded from UTF-8. */
  readonly text: string;
}

export interface DataResponse {
  readonly kind: 'data';
  /** Upper case: LIST, FETCH, EXISTS … */
  readonly name: string;
  /** The number before the name, as in `* 23 FETCH`. */
  readonly number?: number;
  /** Reads the rest; throws a ResponseError where it follows no grammar. */
  values(): readonly Value[];
  /** The rest of the first line, unread. */
  readonly text: string;
}

export type Response = { readonly kind: 'continuation' } | StatusResponse | DataResponse;

/** The server said what no IMAP server may say. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
}

const STATUS = /^(\S+) (OK|NO|BAD|BYE|PREAUTH)(?: (.*))?$/is;
const DATA = /^\* (?:(\d{1,10}) )?([A-Za-z][A-Za-z0-9.-]*)(?: |$)/;
const TAG = /^[A-Za-z0-9.]+$/;
const CODE_NAME = /^[^\s\]]+(?= |$)/;

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function readStatus(line: string): StatusResponse | undefined {
  const [, tag = '', status = '', rest = ''] = STATUS.exec(line) ?? [];
  if (tag === '' || (tag !== '*' && !TAG.test(tag))) return undefined;
  const end = rest.startsWith('[') ? sectionEnd(rest, 0) : NOT_CLOSED;
  const code = readCode(rest.slice(1, Math.max(1, end - 1)));
  return {
    kind: 'status',
    ...(tag === '*' ? {} : { tag }),
    status: statusOf(status),
    ...(code === undefined ? { text: utf8(rest) } : { code, text: utf8(rest.slice(end).replace(/^ /, '')) }),
  };
}

/** What stands between the brackets; undefined for what is no response code. */
function readCode(text: string): ResponseCode | undefined {
  const [name] = CODE_NAME.exec(text) ?? [];
  return name === undefined ? undefined : { name: name.toUpperCase(), args: text.slice(name.length + 1) };
}

function statusOf(word: string): Status {
  const upper = word.toUpperCase();
  return upper === 'OK' || upper === 'NO' || upper === 'BAD' || upper === 'BYE' ? upper : 'PREAUTH';
}

/** Reads a response's first words. Throws a ResponseError for what is no response at all. */
export function readResponse(raw: RawResponse): Response {
  const [line = ''] = raw.lines;
  if (line.startsWith('+')) return { kind: 'continuation' };
  const status = readStatus(line);
  if (status !== undefined) return status;
  let values: readonly Value[] | undefined;
  const match = DATA.exec(line);
  const [head = '', number, name = ''] = match ?? [];
  if (match === null) throw new ResponseError('a line is neither data, status nor continuation');
  return {
    kind: 'data',
    name: name.toUpperCase(),
    ...(number === undefined ? {} : { number: Number(number) }),
    values: () => (values ??= readValues(raw, head.length)),
    text: line.slice(head.length),
  };
}

const QUOTE = 34;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;
const NOT_CLOSED = -1;

/*
 * Read character by character: what a server does not close may be as long as a line, and an expression that tries every way
 * to close it would take for ever.
 */

/** Where the quoted string that begins at `at` is over. */
function quotedEnd(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === QUOTE) return end + 1;
    if (code === BACKSLASH) end += 1;
  }
  return NOT_CLOSED;
}

/** Where the brackets that open at `at` are over; they may hold lists and quoted strings (RFC 3501 sections 6.4.5 and 7.1). */
function sectionEnd(text: string, at: number): number {
  let end = at + 1;
  while (end !== NOT_CLOSED && end < text.length) {
    const code = text.charCodeAt(end);
    if (code === CLOSING_BRACKET) return end + 1;
    end = code === QUOTE ? quotedEnd(text, end) : end + 1;
  }
  return NOT_CLOSED;
}

const MAX_NESTING = 32;
/** Of one response; what may hold more, as SEARCH does, is not read word by word. */
const MOST_VALUES = 100_000;
/** Characters in which it may be looked for the ends of brackets that nothing closes. */
const MOST_UNCLOSED = 1_000_000;
/** `{` opens a literal only at the end of a line; `%` and `*` stand in flags and in some servers' atoms. */
const ATOM = /[^\s(){"[\0]+/y;
const LITERAL = /~?\{\d+\+?\}$/y;
const NO_TEXT = /[\r\n\0]/;
const ESCAPED = /\\(["\\])/g;

class Reader {
  readonly #raw: RawResponse;
  #line = 0;
  #at: number;
  #values = 0;
  #unclosed = 0;

  constructor(raw: RawResponse, at: number) {
    this.#raw = raw;
    this.#at = at;
  }

  #text(): string {
    return this.#raw.lines[this.#line] ?? '';
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text());
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  /** Values up to the closing bracket, or to the end when `depth` is 0. */
  values(depth: number): readonly Value[] {
    if (depth > MAX_NESTING) throw new ResponseError('lists are nested too deeply');
    const values: Value[] = [];
    for (;;) {
      while (this.#text().charCodeAt(this.#at) === 32) this.#at += 1;
      const next = this.#text().charAt(this.#at);
      if (next === '') {
        if (depth > 0) throw new ResponseError('a list is not closed');
        return values;
      }
      if (next === ')') {
        if (depth === 0) throw new ResponseError('a list is closed that was not opened');
        this.#at += 1;
        return values;
      }
      values.push(this.#value(next, depth));
    }
  }

  #value(next: string, depth: number): Value {
    this.#values += 1;
    if (this.#values > MOST_VALUES) throw new ResponseError(`a response has more than ${MOST_VALUES} words`);
    if (next === '(') {
      this.#at += 1;
      return { kind: 'list', items: this.values(depth + 1) };
    }
    if (next === '"') return { kind: 'quoted', text: this.#quoted() };
    if (next === '{' || next === '~') {
      const literal = this.#literal();
      if (literal !== undefined) return literal;
    }
    return this.#atom();
  }

  #quoted(): string {
    const end = quotedEnd(this.#text(), this.#at);
    const text = this.#text().slice(this.#at + 1, Math.max(this.#at, end - 1));
    const isWhole = end !== NOT_CLOSED && !NO_TEXT.test(text);
    if (!isWhole) throw new ResponseError('a quoted string is not closed or holds what it must not');
    this.#at = end;
    if (!text.includes('\\')) return text;
    if (text.replaceAll(ESCAPED, '').includes('\\'))
      throw new ResponseError('a quoted string escapes what it must not');
    return text.replaceAll(ESCAPED, '$1');
  }

  #literal(): Value | undefined {
    if (this.#match(LITERAL) === null) return undefined;
    const literal = this.#raw.literals[this.#line];
    if (literal === undefined) throw new ResponseError('a literal is announced and does not follow');
    this.#line += 1;
    this.#at = 0;
    return { kind: 'literal', literal };
  }

  #atom(): Value {
    let text = '';
    for (;;) {
      const part = this.#match(ATOM)?.[0] ?? this.#brackets();
      if (part === '') break;
      text += part;
    }
    if (text === '') throw new ResponseError('a character stands where no word can begin');
    return text.toUpperCase() === 'NIL' ? { kind: 'nil' } : { kind: 'atom', text };
  }

  /** `[…]` within an atom: the section of a body. Keywords of some servers hold a bracket that nothing closes. */
  #brackets(): string {
    const text = this.#text();
    const at = this.#at;
    if (text.charAt(at) !== '[') return '';
    const end = sectionEnd(text, at);
    if (end === NOT_CLOSED) this.#unclosed += text.length - at;
    if (this.#unclosed > MOST_UNCLOSED) throw new ResponseError('a line has brackets that nothing closes');
    this.#at = end === NOT_CLOSED ? at + 1 : end;
    return text.slice(at, this.#at);
  }
}

function readValues(raw: RawResponse, at: number): readonly Value[] {
  return new Reader(raw, at).values(0);
}

/** Values of a response code's arguments. Throws a ResponseError. */
export function readArguments(args: string): readonly Value[] {
  return readValues({ lines: [args], literals: [] }, 0);
}

/** The bytes of a string, however it was sent; undefined for lists and NIL. */
export function bytesOf(value: Value | undefined): Buffer | undefined {
  if (value === undefined || value.kind === 'nil' || value.kind === 'list') return undefined;
  if (value.kind === 'literal') return Buffer.concat(value.literal.pieces, value.literal.bytes);
  return Buffer.from(value.text, 'latin1');
}

/** The same as a string of bytes. */
export function textOf(value: Value | undefined): string | undefined {
  return value?.kind === 'atom' || value?.kind === 'quoted' ? value.text : bytesOf(value)?.toString('latin1');
}

/** A number of at most 32 bits (RFC 3501 section 9, `number`); undefined for anything else. */
export function numberOf(value: Value | undefined): number | undefined {
  return value?.kind === 'atom' ? toNumber(value.text) : undefined;
}

const MAX_NUMBER = 0xffff_ffff;

export function toNumber(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number <= MAX_NUMBER ? number : undefined;
}

/** A number that is not zero: UIDs, UIDVALIDITY, UIDNEXT. */
export function positiveOf(value: Value | undefined): number | undefined {
  const number = numberOf(value);
  return number === 0 ? undefined : number;
}

/** Words of a list: flags, capabilities. */
export function wordsOf(value: Value | undefined): readonly string[] | undefined {
  if (value?.kind !== 'list') return undefined;
  const words = value.items.map((item) => (item.kind === 'nil' ? 'NIL' : textOf(item)));
  return words.every((word) => word !== undefined) ? words : undefined;
}

/**
 * UIDs of a set of exactly so many, in its order (RFC 4315 section 4); undefined for anything else, and for a set that names
 * one twice or does not ascend.
 */
export function readUids(set: string, count: number): readonly number[] | undefined {
  const uids: number[] = [];
  for (const range of set.split(',')) {
    const [, from = '', to = from] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(range) ?? [];
    const [first, last] = [toNumber(from), toNumber(to)];
    if (first === undefined || last === undefined || first <= (uids.at(-1) ?? 0)) return undefined;
    if (last < first || uids.length + last - first + 1 > count) return undefined;
    for (let uid = first; uid <= last; uid++) uids.push(uid);
  }
  return uids.length === count ? uids : undefined;
}
