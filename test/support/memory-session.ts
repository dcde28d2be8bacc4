/** An ImapSession over a MemoryMailbox, with a hook at every step, where tests let things go wrong. */
import type { Body } from '../../imap/body.ts';
import type { ByteBudget } from '../../imap/budget.ts';
import { Proofs } from '../../imap/proofs.ts';
import { isImapRefusal, refuse } from '../../imap/refusal.ts';
import { headerOf } from '../../copy/identity.ts';
import type {
  AppendMessage,
  AppendMode,
  Appended,
  Dated,
  FetchedMessage,
  FlagsRow,
  FolderStatus,
  IdentityRow,
  ImapRefusal,
  ImapSession,
  Moved,
  OpenFolder,
  SearchCriteria,
} from '../../imap/types.ts';
import type { ListedFolder } from '../../model/folders.ts';
import type { MemoryFolder, MemoryMailbox, StoredMessage } from './memory-server.ts';

export interface MemorySessionOptions {
  readonly capabilities?: readonly string[];
  /** Called before and after everything that a session does; may throw, or change the mailbox. */
  readonly onStep?: (step: string) => void;
  /** False as on servers without UIDPLUS. */
  readonly appendUid?: boolean;
  /** Throws, or gives what is stored instead. */
  readonly onAppend?: (message: AppendMessage, body: Buffer) => Buffer;
  readonly permanentFlags?: readonly string[];
  /** False where MOVE tells no COPYUID. */
  readonly copyUid?: boolean;
  /** Called for each message that MOVE is about to move; may throw, and then those before it have been moved. */
  readonly onMove?: (uid: number) => void;
  /** Whether mod-sequences are kept. */
  readonly modseqs?: boolean;
  /** How it fails at a message of which it is asked for this (`messages`, `identities`); whatever is no NO ends the connection. */
  readonly failsAt?: (read: {
    readonly what: string;
    readonly folder: string;
    readonly uid: number;
  }) => ImapRefusal | undefined;
  /** Source UIDs without a body. */
  readonly unreadable?: ReadonlySet<number>;
}

const HEADERS = /^(?:message-id|date|from|subject):.*(?:\r?\n[ \t].*)*\r?\n?/gim;
const MODERN = ['IMAP4REV1', 'UIDPLUS', 'UNSELECT', 'CHILDREN', 'CONDSTORE', 'ESEARCH'];

function identityHeaders(body: Buffer): Buffer {
  const header = headerOf([body]).toString('latin1');
  return Buffer.from([...header.matchAll(HEADERS)].map(([field]) => field).join(''), 'latin1');
}

function dayOf(internalDate: string): number {
  return Date.parse(`${internalDate.slice(0, 11).trim().replaceAll('-', ' ')} UTC`);
}

export class MemorySession implements ImapSession {
  readonly capabilities: ReadonlySet<string>;
  readonly prefix = '';
  readonly delimiter = '/';
  usable = true;
  mayStillStore = false;
  readonly #proofs = new Proofs();
  /** Everything that was asked, as `append INBOX`. */
  readonly asked: string[] = [];
  readonly #mailbox: MemoryMailbox;
  readonly #options: MemorySessionOptions;
  /** Commands run one after another: what is called for behind an append waits until that has been answered. */
  #appending: Promise<unknown> | undefined;
  #open: { readonly name: string; readonly readOnly: boolean } | undefined;

  constructor(mailbox: MemoryMailbox, options: MemorySessionOptions = {}) {
    this.#mailbox = mailbox;
    this.#options = options;
    this.capabilities = new Set(options.capabilities ?? MODERN);
  }

  async list(): Promise<readonly ListedFolder[]> {
    return this.#step('list', () =>
      [...this.#mailbox.folders.keys()].map((name) => ({ name, path: [name], delimiter: '/', selectable: true })),
    );
  }

  async status(name: string): Promise<FolderStatus> {
    return this.#step(`status ${name}`, () => this.#statusOf(this.#existing(name)));
  }

  async create(name: string): Promise<'created' | 'exists'> {
    return this.#step(`create ${name}`, () => {
      if (this.#mailbox.folders.has(name)) return 'exists';
      this.#mailbox.create(name);
      return 'created';
    });
  }

  async examine(name: string): Promise<OpenFolder> {
    return this.#opening(name, true);
  }

  async select(name: string): Promise<OpenFolder> {
    return this.#opening(name, false);
  }

  async search(criteria: SearchCriteria): Promise<Uint32Array> {
    return this.#step(`search ${criteria.kind}`, () => {
      const found = this.#opened().messages.filter((message) => fits(message, criteria));
      return Uint32Array.from(found, ({ uid }) => uid);
    });
  }

  fetchFlags(uids: readonly number[] | 'all'): AsyncIterable<FlagsRow> {
    return this.#rows('fetch flags', uids, ({ uid, flags }) => ({ uid, flags: flags.toSorted() }));
  }

  fetchChangedFlags(since: number): AsyncIterable<FlagsRow> {
    if (this.#options.modseqs !== true) throw new Error('CHANGEDSINCE was asked of a server without CONDSTORE');
    return this.#rows(
      'fetch changed flags',
      'all',
      ({ uid, flags }) => ({ uid, flags: flags.toSorted() }),
      ({ modseq }) => modseq > since,
    );
  }

  fetchIdentities(uids: readonly number[] | 'all'): AsyncIterable<IdentityRow> {
    return this.#rows('fetch identities', uids, ({ uid, flags, internalDate, body }) => ({
      uid,
      flags: flags.toSorted(),
      internalDate,
      size: body.length,
      headers: identityHeaders(body),
    }));
  }

  fetchMessages(uids: readonly number[]): AsyncIterable<FetchedMessage> {
    return this.#rows('fetch messages', uids, ({ uid, flags, internalDate, body }) => {
      const half = body.length >>> 1;
      const pieces = [body.subarray(0, half), body.subarray(half)];
      const readable = this.#options.unreadable?.has(uid) !== true;
      const bytes = readable ? body.length : 0;
      return { uid, flags: flags.toSorted(), internalDate, ...(readable ? { body: pieces } : {}), bytes };
    });
  }

  async *readMessages(uids: readonly number[], budget: ByteBudget): AsyncGenerator<readonly FetchedMessage[]> {
    for await (const message of this.fetchMessages(uids)) {
      if (message.bytes > budget.largest) {
        yield [{ ...message, ...(message.body === undefined ? {} : { body: streamOf(message.body) }) }];
        continue;
      }
      budget.announce(message.bytes);
      if (!budget.admits(message.bytes)) await new Promise<void>((resolve) => budget.onRoom(message.bytes, resolve));
      yield [message];
    }
  }

  get appendMode(): AppendMode {
    if (!this.capabilities.has('LITERAL+')) return 'plain';
    return this.capabilities.has('MULTIAPPEND') ? 'multiappend' : 'pipelined';
  }

  async appendLimit(): Promise<undefined> {
    return undefined;
  }

  isProven(name: string, flags: readonly string[]): boolean {
    return this.appendMode === 'plain' || this.#proofs.has(name, flags);
  }

  isDateProven(message: Dated): boolean {
    return this.appendMode === 'plain' || this.#proofs.dates.isSettled(message);
  }

  async append(
    name: string,
    messages: readonly AppendMessage[],
    mayCommit: () => void,
    onProven = (): void => undefined,
  ): Promise<readonly Appended[]> {
    const reading = Promise.all(messages.map(({ body }) => whole(body)));
    this.#appending = Promise.allSettled([this.#appending, reading]);
    const bodies = await reading;
    return this.#step(`append ${name}`, () => {
      if (!this.#mailbox.folders.has(name)) {
        throw refuse('destination.folder-refused', `${name} is not there`, {
          stored: 'refused',
          status: 'NO',
          responseCode: 'TRYCREATE',
        });
      }
      for (const message of messages) this.#proofs.add(name, message);
      onProven();
      const stored = messages.map((message, index) => {
        const sent = bodies[index] ?? Buffer.alloc(0);
        if (sent.length !== message.bytes) throw new Error('the literal is not as long as announced');
        return this.#orGone(() => this.#options.onAppend?.(message, sent) ?? sent);
      });
      this.#orGone(mayCommit);
      const { uidValidity } = this.#existing(name);
      return messages.map(({ flags, internalDate }, index) => {
        const uid = this.#mailbox.add(name, { flags, internalDate, body: stored[index] ?? '' });
        return this.#options.appendUid === false ? {} : { uid, uidValidity };
      });
    });
  }

  async store(
    uids: readonly number[],
    { add = [], remove = [] }: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<void> {
    return this.#step('store', () => {
      if (this.#open?.readOnly !== false) throw new Error('STORE in a folder that was not opened for writing');
      const removed = new Set(remove.map((flag) => flag.toLowerCase()));
      for (const message of this.#opened().messages.filter(({ uid }) => uids.includes(uid))) {
        const kept = message.flags.filter((flag) => !removed.has(flag.toLowerCase()));
        message.flags = [...new Set([...kept, ...add])];
      }
    });
  }

  async move(uids: readonly number[], name: string, mayCommit: () => void): Promise<Moved> {
    return this.#step(`move ${name}`, () => {
      if (!this.capabilities.has('MOVE')) throw new Error('MOVE was asked of a server without it');
      if (this.#open?.readOnly !== false) throw new Error('MOVE in a folder that was not opened for writing');
      this.#orGone(mayCommit);
      const { uidValidity } = this.#existing(name);
      const from = this.#open.name;
      const there = this.#opened().messages.filter(({ uid }) => uids.includes(uid));
      const pairs = there.map(({ uid }) => {
        this.#orGone(() => this.#options.onMove?.(uid));
        return { from: uid, to: this.#mailbox.move(from, uid, name) };
      });
      return this.#options.copyUid === false ? { pairs: [] } : { pairs, uidValidity };
    });
  }

  async noop(): Promise<void> {
    return this.#step('noop', () => undefined);
  }

  async logout(): Promise<void> {
    this.usable = false;
  }

  destroy(): void {
    this.usable = false;
  }

  /** The connection is lost, now: to be thrown. */
  lost(): Error {
    this.usable = false;
    return refuse('server.connection-lost', 'The connection was lost');
  }

  #step<Result>(what: string, act: () => Result): Result {
    if (!this.usable) throw refuse('server.connection-lost', 'The connection is gone');
    this.asked.push(what);
    this.#options.onStep?.(`before ${what}`);
    const result = act();
    this.#options.onStep?.(`after ${what}`);
    return result;
  }

  /** A BAD, or a writer that may not commit, ends the connection. */
  #orGone<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      this.usable = isImapRefusal(error) && error.status === 'NO';
      throw error;
    }
  }

  async #opening(name: string, readOnly: boolean): Promise<OpenFolder> {
    if (this.#appending !== undefined) {
      await this.#appending;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#step(`${readOnly ? 'examine' : 'select'} ${name}`, () => {
      this.#open = undefined;
      const folder = this.#existing(name);
      this.#open = { name, readOnly };
      const { permanentFlags } = this.#options;
      return {
        ...this.#statusOf(folder),
        name,
        readOnly,
        flags: [],
        ...(permanentFlags === undefined ? {} : { permanentFlags }),
        ...(this.#options.modseqs === true ? { highestModseq: folder.highestModseq } : {}),
      };
    });
  }

  async *#rows<Row>(
    what: string,
    uids: readonly number[] | 'all',
    row: (message: StoredMessage) => Row,
    isMeant: (message: StoredMessage) => boolean = () => true,
  ): AsyncGenerator<Row> {
    const asked = uids === 'all' ? undefined : new Set(uids);
    const found = this.#step(what, () =>
      this.#opened().messages.filter((message) => asked?.has(message.uid) !== false && isMeant(message)),
    );
    for (const message of found) {
      this.#options.onStep?.(`row of ${what}`);
      if (!this.usable) throw refuse('server.connection-lost', 'The connection is gone');
      const folder = this.#open?.name ?? '';
      const failure = this.#options.failsAt?.({ what: what.replace('fetch ', ''), folder, uid: message.uid });
      if (failure !== undefined) {
        this.usable = failure.status === 'NO';
        throw failure;
      }
      yield row(message);
    }
  }

  #existing(name: string): MemoryFolder {
    const folder = this.#mailbox.folders.get(name);
    if (folder !== undefined) return folder;
    throw refuse('destination.folder-refused', `${name} is not there`, {
      stored: 'refused',
      status: 'NO',
      responseCode: 'NONEXISTENT',
    });
  }

  #opened(): MemoryFolder {
    if (this.#open === undefined)
      throw refuse('server.refused', 'No folder is open', { stored: 'refused', status: 'BAD' });
    return this.#existing(this.#open.name);
  }

  #statusOf({ messages, uidNext, uidValidity }: MemoryFolder): FolderStatus {
    return { messages: messages.length, uidNext, uidValidity };
  }
}

function fits({ body, internalDate }: StoredMessage, criteria: SearchCriteria): boolean {
  switch (criteria.kind) {
    case 'all':
      return true;
    case 'before': {
      const { year, month, day } = criteria.date;
      return dayOf(internalDate) < Date.UTC(year, month - 1, day);
    }
    case 'message-id':
      return (/^message-id:(.*)$/im.exec(headerOf([body]).toString('latin1'))?.[1] ?? '').includes(criteria.text);
    default:
      return false;
  }
}

async function whole(body: Body): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* streamOf(body: Body): AsyncGenerator<Buffer> {
  for await (const piece of body) yield piece;
}
