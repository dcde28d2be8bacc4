/** APPEND of one message or several (RFC 3501 section 6.3.11, RFC 3502, RFC 7888) and what UIDPLUS tells of it (RFC 4315). */
import { announcedLimit } from './append-limit.ts';
import { isStream } from './body.ts';
import { flagList, isDateTime, mailboxName } from './grammar.ts';
import type { LiteralPart, Part } from './grammar.ts';
import { Proofs } from './proofs.ts';
import { refuse } from './refusal.ts';
import { saysKeywordsLost } from './refusals.ts';
import { readUids, toNumber } from './response.ts';
import type { ResponseCode } from './response.ts';
import type { Appended, AppendMessage, AppendMode, Dated } from './types.ts';
import type { Wire } from './wire.ts';

/** LITERAL- (RFC 7888 section 5). */
const SMALL_LITERAL = 4_096;
/** A message of this size is worth the wait for a server that does not want it. */
const LARGE_LITERAL = 8 << 20;

/** What a server can do with messages. */
interface Abilities {
  readonly mode: AppendMode;
  /** The largest literal that goes out without waiting; undefined: none does, not even one of no bytes. */
  readonly largestFree: number | undefined;
}

function abilitiesOf(capabilities: ReadonlySet<string>): Abilities {
  const limit = announcedLimit(capabilities);
  const largest = typeof limit === 'number' ? Math.min(LARGE_LITERAL, limit) : LARGE_LITERAL;
  const isPlus = capabilities.has('LITERAL+');
  if (!isPlus && !capabilities.has('LITERAL-')) return { mode: 'plain', largestFree: undefined };
  return {
    mode: capabilities.has('MULTIAPPEND') ? 'multiappend' : 'pipelined',
    largestFree: isPlus ? largest : Math.min(SMALL_LITERAL, largest),
  };
}

/** Who is asked and told while messages are on their way. */
interface AppendCalls {
  readonly mayCommit: () => void;
  readonly onProven: () => void;
}

/**
 * Appends to one connection.
 *
 * A server that dislikes an argument answers BAD without consuming the literal, and would read the message's body as
 * commands. So a literal goes out without waiting only when everything before it has been proven on this connection: the
 * server has said `+` to literals that waited behind this folder, each of the flags, a list of as many, the zone as it is written,
 * and a date as old; and the date is an ordinary one that is past. One that refuses its arguments unread says so instead of `+`
 * (RFC 3501 section 7.5); one that says `+` reads the literal, whatever it answers then, and reads one after the same arguments
 * that does not wait.
 */
export class Appender {
  readonly mode: AppendMode;
  readonly #wire: Wire;
  readonly #largestFree: number | undefined;
  readonly #proofs = new Proofs();
  /** Lists of flags as they are sent, by the lists that messages share. */
  readonly #texts = new WeakMap<readonly string[], string>();

  constructor(wire: Wire, capabilities: ReadonlySet<string>) {
    this.#wire = wire;
    const { mode, largestFree } = abilitiesOf(capabilities);
    this.mode = mode;
    this.#largestFree = largestFree;
  }

  /** Whether messages with these flags go out to this folder without waiting. */
  isProven(name: string, flags: readonly string[]): boolean {
    return this.mode === 'plain' || this.#proofs.has(name, flags);
  }

  /** Whether this date need not be asked about: it is proven, or messages that have it wait in any case. */
  isDateProven(message: Dated): boolean {
    return this.mode === 'plain' || this.#proofs.dates.isSettled(message);
  }

  /** Sends messages in one command; `shown` is the folder's name for people. The rest is as ImapSession says. */
  async append(
    name: string,
    shown: string,
    messages: readonly AppendMessage[],
    { mayCommit, onProven }: AppendCalls,
  ): Promise<readonly Appended[]> {
    if (messages.length === 0) return [];
    if (messages.length > 1 && this.mode !== 'multiappend') {
      throw refuse('us.bug', 'Several messages were to be stored in one command of a server that takes one', {
        stored: 'refused',
      });
    }
    const parts: Part[] = ['APPEND ', mailboxName(name)];
    for (const message of messages) {
      parts.push(` ${this.#textOf(message.flags)} "${dateOf(message)}" `, this.#literalOf(name, message, onProven));
    }
    const what = messages.length === 1 ? 'a message' : `${messages.length} messages`;
    let keywordsLost = false;
    const { code } = await this.#wire.run({
      asked: 'append',
      about: `store ${what} in ${shown}`,
      parts,
      pipelined: this.mode !== 'plain',
      mayCommit,
      onWarning: (text) => {
        keywordsLost ||= saysKeywordsLost(text);
      },
    });
    const appended = readAppendUids(code, messages.length);
    return keywordsLost ? appended.map((told) => Object.assign(told, { keywordsLost: true as const })) : appended;
  }

  #literalOf(name: string, message: AppendMessage, onProven: () => void): LiteralPart {
    const { body: pieces, bytes } = message;
    if (this.#isFree(name, message)) return { pieces, bytes, waits: false };
    const accepted = (): void => {
      this.#proofs.add(name, message);
      onProven();
    };
    return { pieces, bytes, waits: true, accepted };
  }

  #textOf(flags: readonly string[]): string {
    const known = this.#texts.get(flags);
    if (known !== undefined) return known;
    const text = flagList(flags);
    this.#texts.set(flags, text);
    return text;
  }

  #isFree(name: string, message: AppendMessage): boolean {
    const { body, bytes, flags } = message;
    const isSmall = this.#largestFree !== undefined && bytes <= this.#largestFree;
    return isSmall && !isStream(body) && this.#proofs.has(name, flags) && this.#proofs.dates.has(message);
  }
}

function dateOf({ internalDate }: AppendMessage): string {
  if (isDateTime(internalDate)) return internalDate;
  throw refuse('us.bug', 'A message was to be stored with a date that is none', { stored: 'refused' });
}

/**
 * The messages are stored whatever stands here; what does not name one UID for each of them tells nothing. UIDs are given
 * in the order in which the messages were sent (RFC 4315 section 3).
 */
function readAppendUids(code: ResponseCode | undefined, messages: number): readonly Appended[] {
  const unknown = Array.from({ length: messages }, () => ({}));
  if (code?.name !== 'APPENDUID') return unknown;
  const [validity = '', set = '', ...more] = code.args.split(' ');
  const uidValidity = toNumber(validity);
  const uids = readUids(set, messages);
  if (uidValidity === undefined || uidValidity === 0 || uids === undefined || more.length > 0) return unknown;
  return uids.map((uid) => ({ uid, uidValidity }));
}
