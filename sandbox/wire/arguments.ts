import type { ByteReader } from './reader.ts';

/** The client's command does not follow the grammar: answered BAD, and nothing beyond the current line is consumed. */
export class BadSyntax extends Error {
  override readonly name = 'BadSyntax';
}

/** The head of a literal: `{size}` waits for a continuation, `{size+}` does not (RFC 7888). */
export interface LiteralHead {
  readonly size: number;
  readonly synchronising: boolean;
}

/** Which non-synchronising literals a server takes: of any size (LITERAL+), up to 4096 octets (LITERAL-), or none. */
export type NonSynchronising = 'any' | 'small' | 'none';

/** RFC 7888 §5: the largest non-synchronising literal under LITERAL-. */
const LITERAL_MINUS_BYTES = 4096;
/** The largest literal taken where a name, a password or a search string stands. Messages have no such bound. */
const MAX_STRING_BYTES = 64 * 1024;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** RFC 3501 §9, atom-specials: CTL, SP and ( ) { % * " \ ] */
const ATOM_SPECIALS = new Set(Buffer.from('(){%*"\\]'));

/** Whether an octet may stand in an atom. */
export function isAtomOctet(octet: number): boolean {
  return octet > SPACE && octet < 0x7f && !ATOM_SPECIALS.has(octet);
}

/**
 * The arguments of one command, pulled one by one as a real server does. Because the octets of a literal are read only
 * when its turn has come, a malformed argument before it leaves a non-synchronising literal unread, and its octets are
 * then taken for commands. That is how Dovecot behaves, and what clients must never let happen.
 *
 * Strings are octets in latin1 (one character per octet), never decoded.
 */
export class Arguments {
  readonly #reader: ByteReader;
  readonly #literals: NonSynchronising;
  readonly #goAhead: () => Promise<void>;
  #line: Buffer;
  #at: number;

  constructor(
    line: Buffer,
    at: number,
    context: {
      readonly reader: ByteReader;
      readonly literals: NonSynchronising;
      /** Sends the continuation request that a synchronising literal waits for. */
      readonly goAhead: () => Promise<void>;
    },
  ) {
    this.#line = line;
    this.#at = at;
    this.#reader = context.reader;
    this.#literals = context.literals;
    this.#goAhead = context.goAhead;
  }

  /** The next character, or '' at the end of the line. */
  peek(): string {
    return this.atEnd() ? '' : String.fromCharCode(this.#line[this.#at] ?? 0);
  }

  atEnd(): boolean {
    return this.#at >= this.#line.length;
  }

  /** Takes the given text if it comes next, whatever its case. */
  accept(text: string): boolean {
    const found = this.#line.toString('latin1', this.#at, this.#at + text.length);
    if (found.toUpperCase() !== text.toUpperCase()) return false;
    this.#at += text.length;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw new BadSyntax(`Expected ${JSON.stringify(text)}`);
  }

  space(): void {
    this.expect(' ');
  }

  end(): void {
    if (!this.atEnd()) throw new BadSyntax('Too many arguments');
  }

  /** The octets of the longest run that `allowed` takes; at least one. */
  run(allowed: (octet: number) => boolean, what: string): string {
    const start = this.#at;
    while (!this.atEnd() && allowed(this.#line[this.#at] ?? 0)) this.#at += 1;
    if (this.#at === start) throw new BadSyntax(`Expected ${what}`);
    return this.#line.toString('latin1', start, this.#at);
  }

  atom(): string {
    return this.run(isAtomOctet, 'an atom');
  }

  number(): number {
    const digits = this.run((octet) => octet >= 0x30 && octet <= 0x39, 'a number');
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw new BadSyntax('Number too large');
    return value;
  }

  /** atom, quoted or literal; `]` may stand in the atom form (RFC 3501 §9, astring). */
  async astring(): Promise<string> {
    return this.#stringOr(() => this.run((octet) => isAtomOctet(octet) || octet === 0x5d, 'a string'));
  }

  /** A mailbox pattern: an astring whose atom form may hold % and * (RFC 3501 §9, list-mailbox). */
  async pattern(): Promise<string> {
    return this.#stringOr(() =>
      this.run(
        (octet) => isAtomOctet(octet) || octet === 0x5d || octet === 0x25 || octet === 0x2a,
        'a mailbox pattern',
      ),
    );
  }

  /** A quoted string. Octets above 127 pass, as on most servers; CR, LF and NUL do not. */
  quoted(): string {
    this.expect('"');
    const octets: number[] = [];
    for (;;) {
      let octet = this.#line[this.#at];
      if (octet === undefined) throw new BadSyntax('Missing quote');
      this.#at += 1;
      if (octet === QUOTE) return Buffer.from(octets).toString('latin1');
      if (octet === BACKSLASH) {
        octet = this.#line[this.#at];
        this.#at += 1;
        if (octet !== QUOTE && octet !== BACKSLASH)
          throw new BadSyntax('Escaped character is neither quote nor backslash');
      }
      if (octet === 0 || octet === 0x0d) throw new BadSyntax('Control character in a quoted string');
      octets.push(octet);
    }
  }

  /** Parses `( item item … )`. */
  list<T>(item: () => T): T[] {
    this.expect('(');
    const items: T[] = [];
    while (!this.accept(')')) {
      if (items.length > 0) this.space();
      items.push(item());
    }
    return items;
  }

  /**
   * The head of a literal, which always ends its line. Nothing of the literal is read yet: `literal` or `skip` do that.
   * A non-synchronising literal that this server does not take is malformed (RFC 7888 §§ 3-5).
   */
  literalHead(): LiteralHead {
    this.expect('{');
    const size = this.number();
    const nonSynchronising = this.accept('+');
    this.expect('}');
    if (!this.atEnd()) throw new BadSyntax('Literal is not at the end of its line');
    if (nonSynchronising && this.#literals === 'none')
      throw new BadSyntax('Non-synchronising literals are not supported');
    if (nonSynchronising && this.#literals === 'small' && size > LITERAL_MINUS_BYTES) {
      throw new BadSyntax(`Non-synchronising literal larger than ${LITERAL_MINUS_BYTES} octets`);
    }
    return { size, synchronising: !nonSynchronising };
  }

  /** The octets of the literal announced by `head`; then the command goes on with the line after them. */
  async literal(head: LiteralHead): Promise<Buffer> {
    if (head.synchronising) await this.#goAhead();
    const octets = await this.#reader.exactly(head.size);
    await this.#nextLine();
    return octets;
  }

  /** Reads over a non-synchronising literal whose command is refused already, so that its octets are not commands. */
  async skip(head: LiteralHead): Promise<void> {
    await this.#reader.skip(head.size);
    await this.#nextLine();
  }

  async #stringOr(atom: () => string): Promise<string> {
    const next = this.peek();
    if (next === '"') return this.quoted();
    if (next !== '{') return atom();
    const head = this.literalHead();
    if (head.size > MAX_STRING_BYTES) throw new BadSyntax('Literal too large');
    return (await this.literal(head)).toString('latin1');
  }

  async #nextLine(): Promise<void> {
    this.#line = await this.#reader.line();
    this.#at = 0;
  }
}
