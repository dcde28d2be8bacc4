import type { ListedFolder } from '../model/folders.ts';
import { listedPath } from '../model/utf7.ts';
import { announcedLimit, askLimit } from './append-limit.ts';
import { Appender } from './append.ts';
import { isStream } from './body.ts';
import { ByteBudget } from './budget.ts';
import type { Completion } from './command-queue.ts';
import { fetchMessages } from './fetch-messages.ts';
import { FLAGS, flagsChangedSince, GMAIL_IDENTITIES, IDENTITIES } from './fetch-rows.ts';
import type { RowKind } from './fetch-rows.ts';
import { fetchRows } from './fetch.ts';
import { folderStatus, openFolder } from './folder.ts';
import { flagList, formatUidSet, mailboxName } from './grammar.ts';
import { addListed, readListed } from './listing.ts';
import { move } from './move.ts';
import { isImapRefusal, refuse } from './refusal.ts';
import { saysAlreadyExists } from './refusals.ts';
import { rootPatterns } from './root.ts';
import type { DataResponse } from './response.ts';
import { search } from './search.ts';
import type { Asked } from './status.ts';
import type {
  Appended,
  AppendMessage,
  AppendMode,
  Dated,
  FetchedMessage,
  FlagsRow,
  FolderStatus,
  IdentityRow,
  ImapSession,
  Moved,
  OpenFolder,
  SearchCriteria,
} from './types.ts';
import type { Command } from './outgoing.ts';
import type { Wire } from './wire.ts';

/** What is known of a server once we are in. */
export interface Welcome {
  /** `host:port`, for people. */
  readonly peer: string;
  readonly capabilities: ReadonlySet<string>;
  readonly prefix: string;
  readonly delimiter: string | null;
  /** Prefixes under which folders of others are listed. */
  readonly foreign: readonly string[];
  /** A folder of whatever namespace that is listed with what is below it. */
  readonly root?: string | undefined;
}

/** A folder that was opened before anybody asked for it. */
export interface OpenedAhead {
  readonly how: 'examine' | 'select';
  readonly name: string;
  readonly condstore: boolean;
  readonly folder: Promise<OpenFolder>;
}

/** How the folder that was asked for last is opened. */
interface Opening {
  /** How many messages were in it when it was opened. */
  readonly messages: Promise<number>;
  isOver: boolean;
  /** The first try failed: what was sent with it was not about this folder. */
  isSecond: boolean;
}

const LOGOUT_MS = 1_000;
/** Of messages read one by one, larger ones are streams. */
const LARGEST_HELD = 8 << 20;

/** The commands of an authenticated connection, over our own wire. */
export class Session implements ImapSession {
  readonly capabilities: ReadonlySet<string>;
  readonly prefix: string;
  readonly delimiter: string | null;
  readonly #wire: Wire;
  readonly #peer: string;
  readonly #foreign: readonly string[];
  readonly #root: string | undefined;
  readonly #appender: Appender;
  /** The open folder, for people. */
  #open = 'the folder';
  /** Its name, where it was opened for reading alone. */
  #examined: string | undefined;
  #opening: Opening = { messages: Promise.resolve(0), isOver: true, isSecond: false };
  /** Whether the server takes CONDSTORE with a folder as it has announced. */
  #takesCondstore = true;
  /** The folder that is open at first; only the first opening is one of it. */
  #ahead: OpenedAhead | undefined;
  #reading = false;
  #left = false;

  constructor(wire: Wire, welcome: Welcome, ahead?: OpenedAhead) {
    this.#wire = wire;
    this.#ahead = ahead;
    this.#peer = welcome.peer;
    this.#foreign = welcome.foreign;
    this.#root = welcome.root;
    this.capabilities = welcome.capabilities;
    this.prefix = welcome.prefix;
    this.delimiter = welcome.delimiter;
    this.#appender = new Appender(wire, welcome.capabilities);
  }

  get usable(): boolean {
    return this.#wire.usable && !this.#left;
  }

  get mayStillStore(): boolean {
    return this.#wire.mayStillStore;
  }

  async list(): Promise<readonly ListedFolder[]> {
    const own = await this.#listOwn();
    const root = this.#root;
    if (root === undefined) return own;
    const folders = new Map<string, ListedFolder>();
    for (const pattern of rootPatterns(root, this.delimiter)) {
      const onData = (data: DataResponse): void => {
        if (data.name === 'LIST') addListed(folders, readListed(data));
      };
      // A name that this server cannot have is one of the ways in which the root is not written.
      await this.#attempt(
        { asked: 'list', about: 'list the folders', parts: ['LIST "" ', mailboxName(pattern)], onData },
        () => true,
      );
    }
    const names = new Set(own.map(({ name }) => name));
    return [...own, ...[...folders.values()].filter(({ name }) => !names.has(name))];
  }

  async #listOwn(): Promise<readonly ListedFolder[]> {
    const folders = new Map<string, ListedFolder>();
    const withRoles = this.capabilities.has('SPECIAL-USE') && this.capabilities.has('LIST-EXTENDED');
    await this.#run({
      asked: 'list',
      about: 'list the folders',
      parts: [withRoles ? 'LIST "" "*" RETURN (SPECIAL-USE)' : 'LIST "" "*"'],
      onData: (data) => {
        const folder = data.name === 'LIST' ? readListed(data) : undefined;
        if (folder !== undefined && !this.#isForeign(folder)) addListed(folders, folder);
      },
    });
    return [...folders.values()];
  }

  #isForeign({ name, delimiter }: ListedFolder): boolean {
    return this.#foreign.some((prefix) => name.startsWith(prefix) || `${name}${delimiter ?? ''}` === prefix);
  }

  async status(name: string): Promise<FolderStatus> {
    this.#mustBeFree();
    if (name === this.#examined) return this.#openFolder('examine', name);
    return folderStatus(this.#wire, this.#peer, this.#asked(name));
  }

  async create(name: string): Promise<'created' | 'exists'> {
    const shown = this.#shown(name);
    const result = await this.#attempt(
      { asked: 'create', about: `create the folder ${shown}`, parts: ['CREATE ', mailboxName(name)] },
      (responseCode, text) => saysAlreadyExists(responseCode, text),
    );
    // A server without subscriptions is no reason to stop: the folder is there.
    await this.#attempt(
      { asked: 'subscribe', about: `subscribe to ${shown}`, parts: ['SUBSCRIBE ', mailboxName(name)] },
      () => true,
    );
    return result === 'done' ? 'created' : 'exists';
  }

  examine(name: string): Promise<OpenFolder> {
    return this.#openFolder('examine', name);
  }

  select(name: string): Promise<OpenFolder> {
    return this.#openFolder('select', name);
  }

  async search(criteria: SearchCriteria): Promise<Uint32Array> {
    this.#mustBeFree();
    const opening = this.#opening;
    const tellsRanges = this.capabilities.has('ESEARCH');
    const folder = { peer: this.#peer, tellsRanges, shown: this.#open, messages: opening.messages };
    if (opening.isOver) return search(this.#wire, folder, criteria);
    const messages = opening.messages.then((count) => (opening.isSecond ? 0 : count));
    const found = search(this.#wire, { ...folder, messages }, criteria);
    await Promise.allSettled([found, messages]);
    return opening.isSecond ? search(this.#wire, folder, criteria) : found;
  }

  fetchFlags(uids: readonly number[] | 'all'): AsyncIterable<FlagsRow> {
    return this.#fetch(uids, FLAGS);
  }

  fetchChangedFlags(since: number): AsyncIterable<FlagsRow> {
    return this.#fetch('all', flagsChangedSince(since));
  }

  fetchIdentities(uids: readonly number[] | 'all'): AsyncIterable<IdentityRow> {
    return this.#fetch(uids, this.capabilities.has('X-GM-EXT-1') ? GMAIL_IDENTITIES : IDENTITIES);
  }

  readMessages(
    uids: readonly number[],
    budget: ByteBudget,
  ): AsyncGenerator<readonly FetchedMessage[], void, undefined> {
    return this.#reads(() => fetchMessages(this.#wire, this.#open, uids, budget));
  }

  async *fetchMessages(uids: readonly number[]): AsyncGenerator<FetchedMessage, void, undefined> {
    const budget = new ByteBudget(LARGEST_HELD, LARGEST_HELD);
    budget.suffice(0);
    for await (const group of this.readMessages(uids, budget)) {
      for (const message of group) {
        yield message;
        if (message.body === undefined || !isStream(message.body)) budget.give(message.bytes);
      }
    }
  }

  async appendLimit(name: string): Promise<number | undefined> {
    this.#mustBeFree();
    const announced = announcedLimit(this.capabilities);
    return announced === 'per-folder' ? askLimit(this.#wire, this.#asked(name)) : announced;
  }

  get appendMode(): AppendMode {
    return this.#appender.mode;
  }

  isProven(name: string, flags: readonly string[]): boolean {
    return this.#appender.isProven(name, flags);
  }

  isDateProven(message: Dated): boolean {
    return this.#appender.isDateProven(message);
  }

  async append(
    name: string,
    messages: readonly AppendMessage[],
    mayCommit: () => void,
    onProven = (): void => undefined,
  ): Promise<readonly Appended[]> {
    this.#mustBeFree();
    return this.#appender.append(name, this.#shown(name), messages, { mayCommit, onProven });
  }

  async store(
    uids: readonly number[],
    change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<void> {
    const changes = [
      { sign: '+', flags: change.add ?? [] },
      { sign: '-', flags: change.remove ?? [] },
    ].filter(({ flags }) => flags.length > 0);
    const about = `change flags in ${this.#open}`;
    for (const set of formatUidSet(uids)) {
      for (const { sign, flags } of changes) {
        const parts = [`UID STORE ${set} ${sign}FLAGS.SILENT ${flagList(flags)}`];
        await this.#run({ asked: 'store', about, parts });
      }
    }
  }

  async move(uids: readonly number[], name: string, mayCommit: () => void): Promise<Moved> {
    this.#mustBeFree();
    return move(this.#wire, uids, name, this.#shown(name), mayCommit);
  }

  async noop(): Promise<void> {
    await this.#run({ asked: 'noop', about: 'answer', parts: ['NOOP'] });
  }

  async logout(): Promise<void> {
    if (!this.#wire.usable) return;
    this.#left = true;
    const reason = refuse('server.connection-lost', `The session with ${this.#peer} was logged out`);
    const timer = setTimeout(() => this.destroy(reason), LOGOUT_MS);
    const farewell = this.#wire.run({ asked: 'logout', about: 'log out', parts: ['LOGOUT'] });
    this.#wire.resume();
    // Whatever the answer is, also none: the connection is over.
    await farewell.catch(() => undefined);
    clearTimeout(timer);
    this.destroy(reason);
  }

  destroy(reason: Error): void {
    this.#wire.destroy(reason);
  }

  #shown(name: string): string {
    return listedPath(name, this.delimiter).join('/');
  }

  #asked(name: string): Asked {
    return { name, shown: this.#shown(name), delimiter: this.delimiter };
  }

  /** Otherwise a consumer that waits for a command amid its rows would wait for itself for ever. */
  #mustBeFree(): void {
    if (!this.#reading) return;
    const text = 'A command was called before the rows of a fetch on the same connection were read to their end';
    throw refuse('us.bug', text, { stored: 'refused' });
  }

  async #run(command: Command): Promise<Completion> {
    this.#mustBeFree();
    return this.#wire.run(command);
  }

  /** Runs a command whose NO may be no failure. */
  async #attempt(
    command: Command,
    tolerated: (responseCode: string | undefined, text: string) => boolean,
  ): Promise<'done' | 'tolerated'> {
    try {
      await this.#run(command);
      return 'done';
    } catch (error) {
      if (!isImapRefusal(error) || error.status === undefined || error.status === 'BYE') throw error;
      if (!this.#wire.usable || !tolerated(error.responseCode, error.problem.serverText ?? '')) throw error;
      return 'tolerated';
    }
  }

  async #openFolder(how: 'examine' | 'select', name: string): Promise<OpenFolder> {
    this.#mustBeFree();
    const asked = this.#asked(name);
    const condstore = how === 'examine' && this.#takesCondstore && keepsModseqs(this.capabilities);
    const open = (modseqs: boolean): Promise<OpenFolder> => openFolder(this.#wire, this.#peer, how, asked, modseqs);
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const isAhead = ahead?.how === how && ahead.name === name && ahead.condstore === condstore;
    const first = isAhead ? ahead.folder : open(condstore);
    const folder = first.catch((error: unknown) => {
      const isDisliked = condstore && isImapRefusal(error) && error.status === 'BAD' && this.#wire.usable;
      if (!isAhead && !isDisliked) throw error;
      if (isDisliked) this.#takesCondstore = false;
      opening.isSecond = true;
      return open(condstore && !isDisliked);
    });
    const opening: Opening = { messages: folder.then(({ messages }) => messages), isOver: false, isSecond: false };
    const isOver = (): void => void (opening.isOver = true);
    opening.messages.then(isOver, () => {
      isOver();
      // Nothing is open after that (RFC 3501 section 6.3.1).
      if (this.#opening === opening) this.#examined = undefined;
    });
    // What follows in the same flight is about this folder.
    this.#open = asked.shown;
    this.#examined = how === 'examine' ? name : undefined;
    this.#opening = opening;
    return folder;
  }

  #fetch<Row>(uids: readonly number[] | 'all', kind: RowKind<Row>): AsyncGenerator<Row, void, undefined> {
    return this.#reads(() => fetchRows(this.#wire, this.#open, uids, kind));
  }

  async *#reads<Row>(begin: () => AsyncGenerator<Row, void, undefined>): AsyncGenerator<Row, void, undefined> {
    this.#mustBeFree();
    const rows = begin();
    this.#reading = true;
    try {
      yield* rows;
    } finally {
      this.#reading = false;
    }
  }
}

/** QRESYNC implies CONDSTORE (RFC 7162 section 3.2). */
export function keepsModseqs(capabilities: ReadonlySet<string>): boolean {
  return capabilities.has('CONDSTORE') || capabilities.has('QRESYNC');
}
