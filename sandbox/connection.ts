import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Action, Answer, Command } from './commands/command.ts';
import { findCommand, isCommandName } from './commands/table.ts';
import type { Moment } from './faults/fault.ts';
import { type Outcome, strike } from './faults/strike.ts';
import { Refused, type ServerContext, Session } from './session.ts';
import { secureServerSide } from './tls.ts';
import { Arguments, BadSyntax, type NonSynchronising } from './wire/arguments.ts';
import { Disconnected } from './wire/reader.ts';

/** Serves one client from the greeting to the end. Never rejects for what a client or a fault does. */
export class Connection {
  readonly session: Session;
  readonly #socket: Socket;
  readonly #secureContext: SecureContext | undefined;
  #badCommands = 0;

  constructor(id: number, socket: Socket, context: ServerContext, secureContext: SecureContext | undefined) {
    this.#socket = socket;
    this.#secureContext = secureContext;
    this.session = new Session(id, socket, context);
    this.#watchErrors(socket);
  }

  /** Resolves when the connection is closed. Rejects only for a mistake in the sandbox itself. */
  async serve(): Promise<void> {
    const { session } = this;
    session.note({ event: 'connected' });
    try {
      await this.#prepareTls();
      await this.#greet();
      for (;;) await this.#serveLine();
    } catch (error) {
      if (!(error instanceof Disconnected)) {
        session.note({ event: 'error', detail: error instanceof Error ? error.message : String(error) });
        session.destroy();
        throw error;
      }
    } finally {
      session.deselect();
      session.hangUp(false);
      await session.ended;
      session.destroy();
      session.finish();
    }
  }

  async #prepareTls(): Promise<void> {
    const { mode } = this.session.settings.tls;
    if (mode === 'implicit') await this.#secure();
    if (mode === 'starttls') this.session.startTls = () => this.#secure();
  }

  async #secure(): Promise<void> {
    const { session } = this;
    if (this.#secureContext === undefined) throw new Error('TLS was asked for without a certificate');
    session.reader.release();
    try {
      const secured = await secureServerSide(this.#socket, this.#secureContext);
      this.#watchErrors(secured);
      session.continueOver(secured);
    } catch (error) {
      session.destroy();
      const cause = error instanceof Error ? error.cause : undefined;
      session.note({ event: 'fault', detail: `TLS handshake: ${cause instanceof Error ? cause.message : 'ended'}` });
      throw new Disconnected('The TLS handshake failed', { cause: error });
    }
  }

  async #greet(): Promise<void> {
    const { session } = this;
    const code = session.settings.announceCapabilities ? `[CAPABILITY ${session.capabilities()}] ` : '';
    session.respond(`* OK ${code}${session.text('greeting')}`);
    await session.writer.flush();
  }

  async #serveLine(): Promise<void> {
    const { session } = this;
    const line = await session.reader.line();
    const head = commandHead(line);
    if (head === undefined) {
      session.respond('* BAD Error in IMAP command received by server.');
      await this.#countBad();
      return;
    }
    // What is no command may be the words of a message: it is never written into the journal.
    session.begin(head.tag, isCommandName(head.name) ? head.name : '?', session.reader.consumed - line.length - 2);
    const answer = await this.#answer(head.name, () => this.#arguments(line, head.argumentsAt));
    if (answer !== undefined) session.respond(`${head.tag} ${answer}`);
    await session.writer.flush();
    session.note({ event: 'answered', status: answer === undefined ? 'none' : statusOf(answer) });
    await this.#strikeAt('answered');
    const { afterAnswer } = session;
    session.afterAnswer = undefined;
    await afterAnswer?.();
    session.finish();
    if (answer !== undefined && statusOf(answer) === 'BAD') await this.#countBad();
  }

  /** Takes a command through its moments; undefined if it is not to be answered. */
  async #answer(name: string, args: () => Arguments): Promise<Answer | undefined> {
    const { session } = this;
    const arrived = await this.#strikeAt('arrived');
    if (arrived.kind !== 'unharmed') return settled(arrived);
    const command = findCommand(session, name);
    if (typeof command === 'string') return session.text(command).replace('{command}', name);
    const read = await this.#attempt(() => command.parse(session, args()));
    if (typeof read === 'string') return read;
    session.note({ event: 'received' });
    const gated = session.gateRefusal();
    if (gated !== undefined) return gated;
    const received = await this.#strikeAt('received');
    if (received.kind !== 'unharmed') return settled(received);
    return this.#execute(command, read);
  }

  async #execute(command: Command, action: Action): Promise<Answer | undefined> {
    const { session } = this;
    const answer = await this.#attempt(action);
    session.passedGate();
    if (session.view?.lost === true) await session.bye(session.text('folderLost'));
    session.reportChanges(command.keepsNumbers !== true);
    session.note({ event: 'executed', status: statusOf(answer) });
    const executed = await this.#strikeAt('executed');
    return executed.kind === 'unharmed' ? answer : settled(executed);
  }

  /** What the work yields, or the answer to what it throws. */
  async #attempt<T>(work: () => T | Promise<T>): Promise<T | Answer> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refused) return error.answer;
      if (error instanceof BadSyntax) return this.session.text('badArguments', error.message);
      throw error;
    }
  }

  async #strikeAt(moment: Moment): Promise<Outcome> {
    const { session } = this;
    for (const active of session.context.faults.atMoment(moment, session)) {
      session.note({ event: 'fault', detail: `${active.fault.effect.do} at ${moment}` });
      const outcome = await strike(active, session);
      if (outcome.kind !== 'unharmed') return outcome;
    }
    return { kind: 'unharmed' };
  }

  async #countBad(): Promise<void> {
    const { session } = this;
    this.#badCommands += 1;
    if (this.#badCommands >= session.settings.badCommandsAllowed) await session.bye(session.text('tooManyBadCommands'));
    await session.writer.flush();
  }

  #arguments(line: Buffer, at: number): Arguments {
    const { session } = this;
    return new Arguments(line, at, {
      reader: session.reader,
      literals: nonSynchronising(session),
      goAhead: () => session.goAhead(),
    });
  }

  /** A socket that breaks closes; the reader notices. */
  #watchErrors(socket: Socket): void {
    socket.on('error', (error) => this.session.note({ event: 'fault', detail: error.message }));
  }
}

interface CommandHead {
  readonly tag: string;
  readonly name: string;
  readonly argumentsAt: number;
}

/** Tag and name of a command; UID and the command it goes with count as one name. */
function commandHead(line: Buffer): CommandHead | undefined {
  const found = /^([^\s(){%*"\\+]+) (UID [A-Z]+|[A-Z]+)/i.exec(line.toString('latin1', 0, 200));
  const [whole = '', tag, name] = found ?? [];
  if (tag === undefined || name === undefined) return undefined;
  return { tag, name: name.toUpperCase(), argumentsAt: whole.length };
}

function nonSynchronising(session: Session): NonSynchronising {
  if (session.able('LITERAL+')) return 'any';
  return session.able('LITERAL-') ? 'small' : 'none';
}

function settled(outcome: Exclude<Outcome, { readonly kind: 'unharmed' }>): Answer | undefined {
  return outcome.kind === 'answered' ? outcome.answer : undefined;
}

function statusOf(answer: Answer): string {
  return answer.slice(0, Math.max(answer.indexOf(' '), 2)).trim();
}
