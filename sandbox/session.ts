import type { Socket } from 'node:net';
import { hasCapability, shownCapabilities } from './capabilities.ts';
import type { OctetFault } from './faults/fault.ts';
import type { Faults } from './faults/faults.ts';
import { OctetLimits } from './faults/octet-limits.ts';
import type { Victim } from './faults/strike.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { OpenSession, Passage, ServerSettings } from './settings.ts';
import type { StoredMessage } from './store/message.ts';
import type { Store } from './store/store.ts';
import type { User } from './store/user.ts';
import type { View } from './store/view.ts';
import type { TextName } from './texts.ts';
import { ByteReader, Disconnected } from './wire/reader.ts';
import { ByteWriter } from './wire/writer.ts';

/** What all connections of a server share. */
export interface ServerContext {
  readonly settings: ServerSettings;
  readonly store: Store;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly connectionsOf: (user: string) => number;
}

/** A command is refused by the server's own decision; `answer` is the tagged answer. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly answer: string;

  constructor(answer: string) {
    super(answer);
    this.answer = answer;
  }
}

/** The state of one connection (RFC 3501 §3), and the means to speak on it. */
export class Session implements Victim, OpenSession {
  readonly id: number;
  readonly context: ServerContext;
  readonly reader: ByteReader;
  readonly writer: ByteWriter;
  readonly ended: Promise<void>;
  /** Whose store is open; undefined before login. */
  account: User | undefined;
  administrator: string | undefined;
  view: View | undefined;
  secure = false;
  /** The login was accepted and opened no store. */
  unconnected = false;
  /** Whom a login in hand names. */
  claimedUser: string | undefined;
  command: string | undefined;
  tag = '';
  /** The folder that the command in hand names. */
  namedFolder: string | undefined;
  #selectedFolder: string | undefined;
  /** What is done once the answer to the command in hand is out. */
  afterAnswer: (() => Promise<void>) | undefined;
  /** Turns the connection into TLS; undefined where STARTTLS is not to be had. */
  startTls: (() => Promise<void>) | undefined;
  readonly #rawSocket: Socket;
  readonly #limits: OctetLimits;
  #gateRefusal: { readonly answer: string | undefined } | undefined;
  #octetsBefore = 0;
  #socket: Socket;
  #cutting = false;
  #resetting = false;

  constructor(id: number, socket: Socket, context: ServerContext) {
    this.id = id;
    this.context = context;
    this.#rawSocket = socket;
    this.#socket = socket;
    this.reader = new ByteReader(socket, () => this.#limitReached('received'));
    this.writer = new ByteWriter(socket, () => this.#limitReached('sent'));
    this.#limits = new OctetLimits(context.faults, this);
    this.ended = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
    this.applyLimits();
  }

  get settings(): ServerSettings {
    return this.context.settings;
  }

  get user(): string | undefined {
    return this.account?.name ?? this.claimedUser;
  }

  /** The folder that the command in hand is about. */
  get folder(): string | undefined {
    return this.namedFolder ?? this.#selectedFolder;
  }

  get selectedFolder(): string | undefined {
    return this.#selectedFolder;
  }

  /** The store that is open; only commands that need a login ask for it. */
  get store(): User {
    if (this.account === undefined) throw new Refused(this.text('unknownCommand'));
    return this.account;
  }

  /** The selected folder; only commands that need one ask for it. */
  get selected(): View {
    if (this.view === undefined) throw new Refused(this.text('notSelected'));
    return this.view;
  }

  able(capability: string): boolean {
    return hasCapability(this.settings.capabilities, capability);
  }

  /** A text of the server's, with the name of the command in hand and the reason filled in. */
  text(name: TextName, reason = ''): string {
    return this.settings.texts[name].replaceAll('{command}', this.command ?? '').replaceAll('{reason}', reason);
  }

  completed(code?: string): string {
    const text = this.text('completed');
    return code === undefined ? text : text.replace(/^OK /, `OK [${code}] `);
  }

  capabilities(): string {
    const { tls, capabilities, loginDisabledWithoutTls } = this.settings;
    return shownCapabilities(capabilities, {
      authenticated: this.account !== undefined || this.unconnected,
      startTls: tls.mode === 'starttls' && !this.secure,
      loginDisabled: loginDisabledWithoutTls && !this.secure,
    }).join(' ');
  }

  /** Queues one whole response; strings hold one octet per character. CRLF is added. */
  respond(...parts: readonly (string | Buffer)[]): void {
    const buffers = [...parts, '\r\n'].map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part));
    if (!this.context.faults.altering) {
      for (const buffer of buffers) this.writer.write(buffer);
      return;
    }
    this.writer.write(this.context.faults.altered(Buffer.concat(buffers), this));
  }

  /** Asks the client to go on, and waits until it was sent (RFC 3501 §7.5). */
  async goAhead(text = 'OK'): Promise<void> {
    this.respond(`+ ${text}`);
    await this.writer.flush();
  }

  /** Reports what has changed in the selected folder. */
  reportChanges(expungesAllowed: boolean): void {
    const view = this.view;
    if (view === undefined) return;
    for (const change of view.takeChanges(expungesAllowed)) {
      if (change.kind === 'expunge') this.respond(`* ${change.sequence} EXPUNGE`);
      else if (change.kind === 'flags') {
        const flags = this.shownFlags(view, change.message);
        this.respond(`* ${change.sequence} FETCH (UID ${change.message.uid} FLAGS (${flags}))`);
      } else {
        this.respond(`* ${change.count} EXISTS`);
        this.respond(`* ${change.recent} RECENT`);
      }
    }
  }

  /** The flags of a message as this session is shown them. */
  shownFlags(view: View, message: StoredMessage): string {
    return [...message.flags, ...(view.isRecent(message) ? ['\\Recent'] : [])].join(' ');
  }

  open(account: User, mechanism: string, administrator: string | undefined): void {
    this.account = account;
    this.administrator = administrator;
    this.applyLimits();
    this.note({ event: 'login', detail: mechanism });
  }

  /** The login was accepted, for a store that cannot be opened. */
  leaveUnconnected(mechanism: string): void {
    this.unconnected = true;
    this.note({ event: 'login', detail: `${mechanism}, not connected` });
  }

  /** The tagged answer that the gate gives the command in hand, or undefined where it passes. */
  gateRefusal(): string | undefined {
    this.#gateRefusal ??= { answer: this.settings.gate.refusal(this.#passage()) };
    return this.#gateRefusal.answer;
  }

  /** The command in hand was executed. */
  passedGate(): void {
    if (this.gateRefusal() !== undefined) return;
    this.settings.gate.passed(this.#passage(), this.reader.consumed + this.writer.sent - this.#octetsBefore);
  }

  select(wire: string, view: View): void {
    this.deselect();
    this.view = view;
    this.#selectedFolder = wire;
  }

  deselect(): void {
    this.view?.close();
    this.view = undefined;
    this.#selectedFolder = undefined;
  }

  /** Goes on over another socket. */
  continueOver(socket: Socket): void {
    this.reader.continueWith(socket);
    this.writer.continueWith(socket);
    this.#socket = socket;
    this.secure = true;
    this.note({ event: 'secured' });
  }

  /** Writes into the journal, with what is known of this connection. */
  note(entry: Pick<JournalEntry, 'event'> & Partial<Pick<JournalEntry, 'status' | 'detail'>>): void {
    const { user, administrator, command, folder } = this;
    this.context.journal.record({
      connection: this.id,
      ...(user === undefined ? {} : { user }),
      ...(administrator === undefined ? {} : { administrator }),
      ...(command === undefined ? {} : { command }),
      ...(folder === undefined ? {} : { folder }),
      ...entry,
    });
  }

  /** A command has arrived whose first octet was number `received`. */
  begin(tag: string, command: string, received: number): void {
    this.tag = tag;
    this.command = command;
    this.namedFolder = undefined;
    this.claimedUser = undefined;
    this.#gateRefusal = undefined;
    this.#octetsBefore = received + this.writer.sent;
    this.#limits.commandArrived({ received, sent: this.writer.sent });
    this.applyLimits();
    this.note({ event: 'arrived' });
  }

  /** The command in hand is over. */
  finish(): void {
    this.#limits.commandAnswered();
    this.command = undefined;
    this.namedFolder = undefined;
    this.claimedUser = undefined;
    this.applyLimits();
  }

  /** Looks again at where this connection must be cut. */
  applyLimits(): void {
    if (this.#cutting) return;
    this.reader.limit = this.#limits.nearest('received')?.at ?? Number.POSITIVE_INFINITY;
    this.writer.limit = this.#limits.nearest('sent')?.at ?? Number.POSITIVE_INFINITY;
    this.reader.recheck();
  }

  async cut(options: { readonly reset: boolean }): Promise<never> {
    this.note({ event: 'fault', detail: options.reset ? 'reset' : 'cut' });
    this.hangUp(options.reset);
    await this.ended;
    throw new Disconnected('Cut on purpose');
  }

  async bye(text: string): Promise<never> {
    this.respond(`* ${text.startsWith('BYE') ? text : `BYE ${text}`}`);
    this.hangUp(false);
    await this.ended;
    throw new Disconnected('The server has said goodbye');
  }

  /** Says goodbye whatever the connection is doing. */
  end(text: string): void {
    this.respond(`* BYE ${text}`);
    this.hangUp(false);
  }

  async sendLines(lines: readonly string[]): Promise<void> {
    for (const line of lines) this.writer.write(Buffer.from(`${line}\r\n`, 'latin1'));
    await this.writer.flush();
  }

  /** Sends what is queued and closes the connection. */
  hangUp(reset: boolean): void {
    this.writer.flushNow();
    // A socket that is being reset must not be shut down as well: the two together never close.
    if (this.#socket.destroyed || this.#resetting) return;
    if (!reset) {
      this.#socket.destroySoon();
      return;
    }
    this.#resetting = true;
    if (this.#socket.writableLength === 0) this.#rawSocket.resetAndDestroy();
    else this.#socket.write('', () => this.#rawSocket.resetAndDestroy());
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.#socket.destroy();
    this.#rawSocket.destroy();
  }

  #passage(): Passage {
    return { connection: this.id, user: this.user, command: this.command ?? '?' };
  }

  #limitReached(direction: OctetFault['direction']): void {
    const limit = this.#limits.nearest(direction);
    const count = direction === 'sent' ? this.writer.sent : this.reader.consumed;
    if (limit === undefined || limit.at > count) {
      this.applyLimits();
      return;
    }
    this.note({ event: 'fault', detail: `cut after ${limit.active.fault.after} octets ${direction}` });
    this.#cutting = true;
    this.reader.limit = 0;
    this.writer.limit = 0;
    limit.active.strike();
    this.hangUp(limit.active.fault.reset ?? false);
  }
}
