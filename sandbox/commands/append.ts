import { appendLimit } from '../capabilities.ts';
import { isDateTime } from '../message/dates.ts';
import { flagListArgument, withoutFlags } from '../message/flags.ts';
import { Refused, type Session } from '../session.ts';
import { type Arguments, BadSyntax, type LiteralHead } from '../wire/arguments.ts';
import { formatNumbers } from '../wire/sequence-set.ts';
import type { Answer, CommandTable } from './command.ts';
import { announceDropped, keptFlags } from './kept-flags.ts';
import { mailboxArgument, requireFolder } from './names.ts';

/**
 * APPEND (RFC 3501 §6.3.11) and MULTIAPPEND (RFC 3502), which stores all of its messages or none.
 *
 * A malformed flag or date is answered BAD with the literal unread. A refusal (no such folder, quota, size) is answered
 * at once where the literal waits for a continuation; where it does not, its octets are read and thrown away first.
 */
export const appendCommands: CommandTable = {
  APPEND: {
    state: 'authenticated',
    parse: async (session, args) => {
      args.space();
      const wire = await mailboxArgument(session, args);
      const intake = new Intake(session, wire);
      do {
        args.space();
        const message = messageArguments(args);
        if (session.settings.dislikes(message.flags, message.internalDate, wire)) throw new BadSyntax('Disliked');
        await intake.take(message, args);
        if (!args.atEnd() && !session.able('MULTIAPPEND')) throw new BadSyntax('Too many arguments');
      } while (!args.atEnd());
      return () => intake.store();
    },
  },
};

/** What stands before a message's octets. */
interface MessageArguments {
  readonly flags: readonly string[];
  readonly internalDate: string | undefined;
  readonly literal: LiteralHead;
}

function messageArguments(args: Arguments): MessageArguments {
  let flags: readonly string[] = [];
  if (args.peek() === '(') {
    flags = flagListArgument(args);
    args.space();
  }
  let internalDate: string | undefined;
  if (args.peek() === '"') {
    internalDate = args.quoted();
    if (!isDateTime(internalDate)) throw new BadSyntax('Invalid internal date');
    args.space();
  }
  return { flags, internalDate, literal: args.literalHead() };
}

interface TakenMessage {
  readonly body: Buffer;
  readonly flags: readonly string[];
  readonly internalDate: string | undefined;
}

/** The messages of one APPEND, until they are stored together. */
class Intake {
  readonly #session: Session;
  readonly #wire: string;
  readonly #taken: TakenMessage[] = [];
  #bytes = 0;
  #announce = false;
  #refusal: Refused | undefined;

  constructor(session: Session, wire: string) {
    this.#session = session;
    this.#wire = wire;
  }

  /** Reads one message, or over it once the command is refused. */
  async take(message: MessageArguments, args: Arguments): Promise<void> {
    this.#attempt(() => this.#consider(message));
    if (this.#refusal !== undefined) {
      if (message.literal.synchronising) throw this.#refusal;
      await args.skip(message.literal);
      return;
    }
    const body = await args.literal(message.literal);
    const refusal = this.#session.settings.refuseMessage(body, message.flags);
    if (refusal !== undefined) this.#refusal = new Refused(refusal);
    const { flags, internalDate } = message;
    const kept = withoutFlags(keptFlags(this.#session, flags).kept, this.#session.settings.lostOnAppend);
    this.#taken.push({ body, flags: kept, internalDate });
  }

  /** Stores all messages in one go. */
  store(): Answer {
    if (this.#refusal !== undefined) throw this.#refusal;
    const session = this.#session;
    const folder = requireFolder(session, this.#wire, 'tryCreate');
    if (!session.store.hasRoomFor(this.#bytes, this.#taken.length)) throw new Refused(session.text('overQuota'));
    const uids = this.#taken.map(({ body, flags, internalDate }) => {
      const kept = session.settings.rewrite(body);
      return folder.add({ body: kept, flags, ...(internalDate === undefined ? {} : { internalDate }) }).uid;
    });
    if (this.#announce) announceDropped(session);
    if (!session.able('UIDPLUS')) return session.completed();
    return session.completed(`APPENDUID ${folder.uidValidity} ${formatNumbers(uids)}`);
  }

  /** Refuses what can be refused before the octets are seen. */
  #consider(message: MessageArguments): void {
    const session = this.#session;
    const gated = session.gateRefusal();
    if (gated !== undefined) throw new Refused(gated);
    const folder = requireFolder(session, this.#wire, 'tryCreate');
    this.#announce ||= keptFlags(session, message.flags).announce;
    const { size } = message.literal;
    const { capabilities, largestMessage } = session.settings;
    const limits = [folder.appendLimit, appendLimit(capabilities), largestMessage(session.store.name)];
    if (limits.some((limit) => limit !== undefined && size > limit)) throw new Refused(session.text('tooBig'));
    this.#bytes += size;
    if (!session.store.hasRoomFor(this.#bytes, this.#taken.length + 1)) throw new Refused(session.text('overQuota'));
  }

  #attempt(consider: () => void): void {
    if (this.#refusal !== undefined) return;
    try {
      consider();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refusal = error;
    }
  }
}
